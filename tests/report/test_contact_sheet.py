import numpy as np
from PIL import Image

from keras_cxr.report.contact_sheet import FRAME, GAP, LINE, MARK, NAME, Picture, contact_sheet


def test_pictures_lie_in_rows_with_their_proportions(tmp_path):
    wide, tall = np.full((50, 100), 200, np.uint8), np.full((400, 100), 90, np.uint8)
    rows = [
        ("filter 0", [Picture(wide, "1.5", (0.5, 0, 1, 1)), Picture(tall, "1")]),
        ("filter 1", [Picture(tall, "2")]),
    ]
    contact_sheet(rows, tmp_path / "sheet.png", side=100)
    with Image.open(tmp_path / "sheet.png") as sheet:
        pixels = np.asarray(sheet)
    step = 100 + GAP + LINE
    assert pixels.shape == (GAP + 2 * step, NAME + 2 * (100 + GAP), 3)
    first = pixels[GAP : GAP + 100, NAME : NAME + 100]
    assert (first[:25] == FRAME).all()
    assert (first[26:74, 1:49] == 200).all()
    assert (first[25, 50:] == MARK).all()
    second, third = pixels[GAP:, NAME + 100 + GAP :], pixels[GAP + step :, NAME:]
    for part in (second, third):
        assert (part[1:99, 39:61] == 90).all()
        assert (part[1:99, 64:99] == FRAME).all()
    words = pixels[GAP : GAP + 100, :NAME]
    assert (words < 128).any()
    contact_sheet([("", [Picture(wide, "")])], tmp_path / "sheet.png", side=20)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (20 + 2 * GAP, 20 + 2 * GAP + LINE)
