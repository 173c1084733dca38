"""Thumbnails of phantom films, read back by OpenCV."""

import base64

import cv2
import numpy as np

from keras_cxr.explain.explainer import Explainer
from keras_cxr.explain.thumbnails import thumbnails


def picture(uri):
    head, _, content = uri.partition(",")
    assert head == "data:image/jpeg;base64"
    return cv2.imdecode(np.frombuffer(base64.b64decode(content), np.uint8), cv2.IMREAD_COLOR)


def test_films_and_their_heatmaps(tiny_model, phantom, tmp_path):
    path = next((phantom / "known_images").rglob("*.png"))
    broken, wide = tmp_path / "broken.png", tmp_path / "wide.png"
    broken.write_bytes(b"no film")
    gray = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    cv2.imwrite(str(wide), cv2.resize(gray, (600, 300)))
    shown = thumbnails(Explainer(tiny_model), [path, broken, wide])
    assert shown[1] == []
    for found, size in ((shown[0], (128, 128)), (shown[2], (128, 256))):
        (what, film), (of_map, heatmap) = found
        assert what == "film"
        assert picture(film).shape[:2] == size
        if heatmap:
            assert of_map.startswith("heatmap of Grad-CAM for ")
            assert picture(heatmap).shape[:2] == size
        else:
            assert of_map.startswith("no positive evidence for ")
    difference = picture(shown[0][0][1])[..., 0].astype(float) - gray
    assert np.abs(difference).mean() < 5


def test_films_alone(phantom):
    shown = thumbnails(None, sorted((phantom / "known_images").rglob("*.png"))[:2])
    assert [[what for what, _ in found] for found in shown] == [["film"], ["film"]]
