"""Boxes and masks of every form that is read, and which films are then scored."""

import numpy as np
import pytest
from PIL import Image

from keras_cxr.errors import CxrError, UsageError
from keras_cxr.explain.score.places import box_region, find_places


def write(path, pixels=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((20, 30), 128, "uint8") if pixels is None else pixels).save(path)


@pytest.fixture
def films(tmp_path):
    for name in ("a/1.png", "a/2.png", "b/3.png"):
        write(tmp_path / "films" / name)
    return tmp_path / "films"


def path(films, name):
    return str(films / name)


def test_box_is_the_pixels_whose_centres_it_holds():
    region = box_region([(2, 1, 3, 2), (8.4, 0, 1.2, 10)], 6, 12)
    expected = np.zeros((6, 12), bool)
    expected[1:3, 2:5] = True
    expected[:, 8:10] = False
    expected[:, 8] = True
    expected[:, 9] = True
    assert np.array_equal(region, expected)
    # A box may lie partly beside the film.
    assert box_region([(-5, -5, 7, 7)], 6, 12).sum() == 4


FORMS = {
    "names below the folder": "image,x,y,width,height\na/1.png,2,3,4,5\na/1.png,10,3,4,5\n",
    "base names": "image,label,x,y,width,height\n1.png,PNEUMONIA,2,3,4,5\n1.png,PNEUMONIA,10,3,4,5\n",
    "RSNA": "patientId,x,y,width,height,Target\n1,2,3,4,5,1\n1,10,3,4,5,1\n2,,,,,0\n",
    "NIH": "Image Index,Finding Label,Bbox [x,y,w,h]\n1.png,Mass,2,3,4,5\n1.png,Mass,10,3,4,5\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_boxes(films, tmp_path, form):
    (tmp_path / "boxes.csv").write_text(FORMS[form])
    places = find_places(films, tmp_path / "maps", boxes=tmp_path / "boxes.csv")
    assert places.marked
    assert places.paths == [path(films, "a/1.png")]
    region = places.finding(places.paths[0], 20, 30)
    assert region.sum() == 40
    assert region[3:8, 2:6].all()
    assert region[3:8, 10:14].all()
    assert places.finding(path(films, "a/2.png"), 20, 30) is None


def test_boxes_of_the_data_set_itself(tmp_path):
    for name in ("p1", "p2"):
        write(tmp_path / "rsna" / f"{name}.png")
    (tmp_path / "rsna" / "stage_2_train_labels.csv").write_text(
        FORMS["RSNA"].replace("\n1,", "\np1,").replace("\n2,", "\np2,")
    )
    places = find_places(tmp_path / "rsna", tmp_path / "maps")
    assert [places.patients[one] for one in places.paths] == ["p1"]
    assert places.boxes[places.paths[0]] == [(2, 3, 4, 5), (10, 3, 4, 5)]


def test_masks_of_finding_and_lungs(films, tmp_path):
    mask = np.zeros((40, 60), "uint8")
    mask[:20] = 255
    write(tmp_path / "finding" / "1.png", mask)
    for name in ("1.png", "2.png"):
        write(tmp_path / "lungs" / name, 255 - mask)
    places = find_places(films, tmp_path / "maps", finding_masks=tmp_path / "finding", lung_masks=tmp_path / "lungs")
    assert places.paths == [path(films, "a/1.png")]
    assert np.array_equal(places.finding(places.paths[0], 20, 30), mask[::2, ::2] > 0)
    assert np.array_equal(places.lung_fields(places.paths[0], 20, 30), mask[::2, ::2] == 0)
    lungs_alone = find_places(films, tmp_path / "maps", lung_masks=tmp_path / "lungs")
    assert not lungs_alone.marked
    assert len(lungs_alone.paths) == 2


def test_without_marks_all_films_but_the_output(films, tmp_path):
    write(films / "maps" / "old.png")
    assert len(find_places(films, films / "maps").paths) == 3


def test_patients_of_names(films, tmp_path):
    places = find_places(films, tmp_path / "maps", patient_pattern=r"^(?P<patient>[12])")
    assert places.clusters(places.paths[:2]).tolist() == [0, 1]
    assert places.patients[path(films, "a/1.png")] == "1"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("image,x,y\n1.png,1,2\n", "needs the columns image, x, y, width, height"),
        ("image,x,y,width,height\n7.png,1,2,3,4\n", "None of the films named in"),
    ],
)
def test_boxes_that_do_not_fit(films, tmp_path, content, told):
    (tmp_path / "boxes.csv").write_text(content)
    with pytest.raises(CxrError, match=told):
        find_places(films, tmp_path / "maps", boxes=tmp_path / "boxes.csv")


def test_one_name_for_two_films(films, tmp_path):
    write(films / "b" / "1.png")
    (tmp_path / "boxes.csv").write_text(FORMS["base names"])
    with pytest.raises(CxrError, match="2 films have that name"):
        find_places(films, tmp_path / "maps", boxes=tmp_path / "boxes.csv")
    (tmp_path / "boxes.csv").write_text(FORMS["names below the folder"])
    assert len(find_places(films, tmp_path / "maps", boxes=tmp_path / "boxes.csv").paths) == 1


def test_no_mask_for_any_film(films, tmp_path):
    write(tmp_path / "lungs" / "other.png")
    with pytest.raises(CxrError, match=r"None of the 3 films .* has a mask"):
        find_places(films, tmp_path / "maps", lung_masks=tmp_path / "lungs")


def test_not_both_and_not_a_film(films, tmp_path):
    with pytest.raises(UsageError, match="Leave one out"):
        find_places(films, tmp_path, boxes=tmp_path / "b.csv", finding_masks=tmp_path)
    with pytest.raises(UsageError, match="needs a folder of films"):
        find_places(films / "a" / "1.png", tmp_path)
