"""One film gives one array, whichever command reads it."""

import numpy as np
import pandas as pd
import pytest
from trainings import TINY, trained

from keras_cxr.cli import main
from keras_cxr.data.films import read_film
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.source import read_dataset
from keras_cxr.errors import UsageError
from keras_cxr.lungs.source import masks_for
from keras_cxr.training import train as train_module
from keras_cxr.training.monitor import Monitor
from keras_cxr.training.prepare import prepare
from keras_cxr.training.recipe import Recipe

SETTINGS = {
    "plain": {},
    "squeezed": {"fit": "squeeze"},
    "percentile": {"enhance": "percentile"},
    "clahe and sharpen": {"enhance": "clahe,sharpen"},
    "equalize and match": {"enhance": "equalize,match"},
    "lungs cropped": {"lungs": "crop"},
    "lungs masked and matched": {"lungs": "mask", "enhance": "match"},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_every_command_sees_what_training_saw(name, phantom, tmp_path, monkeypatch):
    settings = SETTINGS[name]
    masks = str(phantom / "masks") if "lungs" in settings else None
    seen = []
    monkeypatch.setattr(train_module, "prepare", lambda *args: seen.append(prepare(*args)) or seen[-1])
    trained(phantom / "known_images", tmp_path / "model", TINY, epochs=1, lung_masks=masks, **settings)
    model = train_module.open_model(tmp_path / "model")
    preprocessing = Preprocessing(**model.card.preprocessing)
    source = masks_for(model, masks)
    (data,) = seen
    for path, pixels in zip(data.dataset.table["path"], data.pixels, strict=True):
        np.testing.assert_array_equal(read_film(path, preprocessing, source).pixels, pixels)

    extra = ["--lung-masks", masks] if masks else []
    common = [str(phantom / "known_images"), "-m", str(tmp_path / "model"), *extra]
    assert main(["evaluate", *common, "-o", str(tmp_path / "results"), "--split", "test", "--no-report"]) == 0
    assert main(["predict", *common, "-o", str(tmp_path / "preds.csv")]) == 0
    predicted = pd.read_csv(tmp_path / "preds.csv").set_index("image")["p_PNEUMONIA"]
    evaluated = pd.read_csv(tmp_path / "results" / "predictions.csv").set_index("image")["p_PNEUMONIA"]
    np.testing.assert_allclose(evaluated, predicted[evaluated.index], rtol=1e-5)
    assert main(["gradcam", *common, "-o", str(tmp_path / "maps")]) == 0


def test_lungs_need_masks(phantom):
    with pytest.raises(UsageError, match="--lung-masks"):
        prepare(read_dataset(phantom / "known_images"), Recipe(lungs="crop"), Monitor())
