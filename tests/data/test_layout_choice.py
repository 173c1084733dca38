"""Which layout a folder is read in, and the folders and tables that cannot be."""

import pytest
from published_sets import CHEXPERT_TRAIN, KERMANY, NIH_2017, RSNA, VINDR_TEST, lay, rows

from keras_cxr.data.layouts import PUBLISHED
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.source import read_dataset
from keras_cxr.errors import CxrError, UsageError


def test_the_users_own_labels_count_before_published_ones(tmp_path):
    lay(tmp_path, "p-1.dcm", "p-2.dcm", stage_2_train_labels=RSNA, labels=("image,label", "p-1,X", "p-2,Y"))
    assert rows(read_dataset(tmp_path), "label") == {"p-1": ("X",), "p-2": ("Y",)}
    pattern = LabelOptions(label_pattern="(?P<label>[12])")
    assert rows(read_dataset(tmp_path, pattern), "label") == {"p-1": ("1",), "p-2": ("2",)}
    assert rows(read_dataset(tmp_path, LabelOptions(layout="RSNA")), "patient") == {"p-1": ("p-1",), "p-2": ("p-2",)}


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"layout": "nhi"}, UsageError, r"Unknown layout 'nhi'\. Did you mean 'nih'\?"),
        ({"layout": "nih"}, CxrError, r"does not have the layout 'nih', which needs Data_Entry_2017_v2020\.csv or"),
        ({"layout": "labels_csv"}, CxrError, r"'labels-csv', which needs a labels\.csv in the folder"),
        ({"layout": "rsna", "labels": "x.csv"}, UsageError, "brings its own labels: leave out --layout, or --labels"),
        ({"layout": "class-folders", "label_pattern": "x"}, UsageError, "brings its own labels"),
    ],
)
def test_layouts_that_cannot_be_meant(tmp_path, options, kind, message):
    with pytest.raises(kind, match=message):
        read_dataset(lay(tmp_path, *KERMANY), LabelOptions(**options))


def test_a_named_layout_counts_before_a_recognised_one(tmp_path):
    dataset = read_dataset(lay(tmp_path, *KERMANY), LabelOptions(layout="class_folders"))
    assert dataset.layout == "class folders"


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_no_published_layout_is_seen_in_another_folder(tmp_path, name):
    # A user's train.csv, folders NORMAL and PNEUMONIA, one masks folder.
    lay(tmp_path, "NORMAL/a.png", "PNEUMONIA/b.png", "NORMAL/masks/a.png", train=("image,label", "a,X"))
    assert not PUBLISHED[name].matches(tmp_path, LabelOptions(layout=name))


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"stage_2_train_labels": ("patientId,Target", "p,1")}, "is not as published: it lacks the column x, y, width"),
        ({"stage_2_train_labels": RSNA}, "None of the 3 films named in .* First name there: p-1"),
        ({"stage_2_train_labels": RSNA[:1]}, "None of the 0 films named in"),
        ({"Data_Entry_2017": ("Image Index", "a.png")}, "it lacks the column Finding Labels, Patient ID"),
        ({"Data_Entry_2017": NIH_2017, "BBox_List_2017": ("Image Index", "a")}, "BBox_List_2017.csv' is not as pub"),
        ({"train": CHEXPERT_TRAIN}, "None of the 4 films named in .*train.csv' lies below"),
        ({"image_labels_train": ("id,Mass", "a,1")}, "lacks the column image_id"),
        ({"image_labels_test": VINDR_TEST}, "None of the 1 films named in .*image_labels_test.csv"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path, tables, message):
    with pytest.raises(CxrError, match=message) as caught:
        read_dataset(lay(tmp_path, "somebody.png", **tables))
    assert "\n" not in str(caught.value)
