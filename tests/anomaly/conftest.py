import contextlib
import io

import numpy as np
import pytest
from PIL import Image

from keras_cxr.cli import main


@pytest.fixture(scope="session")
def odd_films(tmp_path_factory):
    """160 films of 80 patients, 32 pixels a side: a smooth shade, and on those called SICK a bright square as well."""
    root, rng = tmp_path_factory.mktemp("odd"), np.random.default_rng(0)
    across, along = np.meshgrid(np.linspace(-1, 1, 32), np.linspace(-1, 1, 32))
    for film in range(160):
        label = "SICK" if film % 4 == 3 else "NORMAL"
        pixels = 120 + 60 * np.cos(2 * across * rng.uniform(0.8, 1.2)) * along + rng.normal(0, 4, (32, 32))
        if label == "SICK":
            left, top = rng.integers(4, 20, 2)
            pixels[top : top + 9, left : left + 9] += 90
        (root / label).mkdir(exist_ok=True)
        name = f"person{film // 2}_{film}.png"
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(root / label / name)
    return root


@pytest.fixture(scope="session")
def trained(odd_films, tmp_path_factory):
    """The folder of an autoencoder of 32 pixels, trained on ``odd_films`` by the command, and what that said."""
    folder, output, notes = tmp_path_factory.mktemp("models"), io.StringIO(), io.StringIO()
    options = ["--size", "32", "--latent", "4", "--epochs", "8", "--batch-size", "8", "--split", "40/30/30"]
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(notes):
        assert main(["anomaly", "train", str(odd_films), "--output", str(folder), "--name", "odd", *options]) == 0
    return folder / "odd", output.getvalue(), notes.getvalue()


@pytest.fixture(scope="session")
def autoencoder_model(trained):
    """The folder of ``trained``. Not to be written to."""
    return trained[0]
