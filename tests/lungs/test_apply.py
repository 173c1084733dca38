import pathlib
import shutil

import cv2
import numpy as np
import pandas as pd
import pytest

from keras_cxr.errors import CxrError, UsageError
from keras_cxr.files import natural_key
from keras_cxr.lungs.apply import COLUMNS, NOTHING, apply_lungs


@pytest.fixture(scope="module")
def folder(phantom, tmp_path_factory):
    """Films in folders, one in two sizes and formats, and files that are none."""
    root = tmp_path_factory.mktemp("mixed")
    films = sorted((phantom / "unknown_images").glob("*.png"))
    (root / "ward").mkdir()
    for number, film in enumerate(films[:4]):
        shutil.copy(film, root / "ward" / f"{9 + number}.png")
    large = cv2.resize(cv2.imread(str(films[0]), 0), (700, 500), interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(root / "ward" / "10.jpg"), large)
    cv2.imwrite(str(root / "dark.png"), np.zeros((60, 80), np.uint8))
    (root / "broken.png").write_bytes(b"no picture")
    (root / "notes.txt").write_text("none")
    return root


@pytest.fixture(scope="module")
def applied(finder, folder, tmp_path_factory):
    output = tmp_path_factory.mktemp("masks")
    done = []
    summary = apply_lungs(finder, folder, output, done.append)
    assert sum(done) == summary.files == 7
    return output, pd.read_csv(output / "masks.csv", keep_default_na=False), summary


def test_a_row_a_file_in_natural_order(applied):
    _, table, summary = applied
    assert tuple(table.columns) == COLUMNS
    assert list(table["image"]) == sorted(table["image"], key=natural_key)
    assert "ward/9.png" in set(table["image"])
    broken = table[table["image"] == "broken.png"].iloc[0]
    assert "is not a JPEG" in broken["error"]
    assert list(broken[["mask", "confidence", "lung_share", "flag"]]) == [""] * 4
    assert summary.failures == [("broken.png", broken["error"])]


def test_masks_of_the_films_own_size_in_mirrored_folders(applied, folder):
    output, table, summary = applied
    good = table[table["error"] == ""]
    assert good["mask"].is_unique
    for row in good.itertuples():
        film, mask = cv2.imread(str(folder / row.image), 0), cv2.imread(str(output / row.mask), cv2.IMREAD_UNCHANGED)
        assert mask.shape == film.shape
        assert set(np.unique(mask)) <= {0, 255}
        assert pathlib.PurePath(row.mask).parent == pathlib.PurePath(row.image).parent
        assert float(row.lung_share) == pytest.approx((mask > 0).mean(), abs=1e-6)
        assert row.flag == ("" if mask.any() else NOTHING)
        assert 0 <= float(row.confidence) <= 1
    assert summary.without == (good["flag"] != "").sum()
    assert {"ward/10.png", "ward/10.png.png"} == set(good["mask"]) & {
        "ward/10.png",
        "ward/10.png.png",
        "ward/10.jpg.png",
    }


def test_as_the_finder_gives_them(applied, folder, finder):
    output, table, _ = applied
    row = table[table["image"] == "ward/9.png"].iloc[0]
    mask, confidence = finder.mask(cv2.imread(str(folder / row["image"]), 0))
    np.testing.assert_array_equal(cv2.imread(str(output / row["mask"]), 0), mask)
    assert float(row["confidence"]) == pytest.approx(confidence, abs=1e-3)


def test_earlier_masks_are_no_films(finder, folder, tmp_path):
    films = tmp_path / "films"
    shutil.copytree(folder, films)
    first, second = (apply_lungs(finder, films, films / "found").files for _ in range(2))
    assert first == second == 7


def test_one_film(finder, folder, tmp_path):
    apply_lungs(finder, folder / "ward" / "9.png", tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"9.png", "masks.csv"}


def test_faults(finder, folder, tmp_path):
    for images, output, kind, said in (
        (folder, folder, UsageError, "another folder than that of the films"),
        (folder / "ward" / "9.png", folder / "ward", UsageError, "another folder"),
        (tmp_path / "nowhere", tmp_path / "out", CxrError, "does not exist"),
        (tmp_path, tmp_path / "out", CxrError, "No film in"),
    ):
        with pytest.raises(kind, match=said):
            apply_lungs(finder, images, output)
    assert not (tmp_path / "out").exists()
