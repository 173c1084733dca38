import cv2
import numpy as np
import pandas as pd
import pytest

from keras_cxr.report.lungs import OutlinedFilm, contact_sheet, lung_learning_curves


def film(shape=(100, 80), names=("truth", "network")):
    mask = np.zeros(shape, np.uint8)
    mask[20:60, 20:60] = 255
    return OutlinedFilm(np.full(shape, 90, np.uint8), dict.fromkeys(names, mask), "a name $ of a film\nDice 0.9")


@pytest.mark.parametrize("count", [1, 5, 13])
def test_sheet_of_films_of_any_size(tmp_path, count):
    films = [film((100 + 40 * number, 80)) for number in range(count)]
    contact_sheet(films, tmp_path / "new" / "sheet.png", "Title")
    picture = cv2.imread(str(tmp_path / "new" / "sheet.png"))
    # Both the film and the second outline's orange (drawn over the first) are there.
    assert (np.abs(picture.astype(int) - 90).max(axis=2) <= 1).sum() > 1000 * count
    assert (np.abs(picture[..., ::-1].astype(int) - (0xE6, 0x9F, 0)).max(axis=2) <= 30).sum() > 20 * count


def test_curves(tmp_path):
    history = pd.DataFrame({"epoch": [1, 2, 3], "loss": [1.0, 0.5, 0.4], "val_dice": [0.5, 0.9, 0.8]})
    lung_learning_curves(history, tmp_path / "curves.png", 2)
    assert cv2.imread(str(tmp_path / "curves.png")).std() > 5
