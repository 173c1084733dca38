import pandas as pd
import pytest

from keras_cxr.audit.leave_out import leave_out

FILM = {"dataset": "d", "label": "a", "split": "", "width": 10, "height": 10, "error": "", "flags": "", "group": 0}


def reasons(*films):
    table = pd.DataFrame([{**FILM, "image": f"{number}.png", **film} for number, film in enumerate(films)])
    return dict(leave_out(table)[["image", "reason"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("films", "expected"),
    [
        ([{}, {"flags": "inverted; text"}], {}),
        ([{"error": "is empty"}, {"flags": "blank"}], {"0.png": "cannot be read: is empty", "1.png": "blank"}),
        ([{"group": 1}, {"group": 1}], {"1.png": "group 1: a copy of 0.png"}),
        ([{"group": 1}, {"group": 1, "width": 20}], {"0.png": "group 1: a copy of 1.png"}),
        (
            [{"group": 1, "split": "train"}, {"group": 1, "split": "test"}, {"group": 1, "split": "val"}],
            {"0.png": "group 1: a copy of 1.png", "2.png": "group 1: a copy of 1.png"},
        ),
        ([{"group": 2}, {"group": 2, "dataset": "e", "width": 20}], {"1.png": "group 2: a copy of 0.png"}),
        (
            [{"group": 1}, {"group": 1, "label": "b"}, {"group": 1}],
            dict.fromkeys(("0.png", "1.png", "2.png"), "group 1: the same picture has different labels (a, b)"),
        ),
        (
            [{"group": 1, "label": "A"}, {"group": 1}, {"group": 1, "label": ""}],
            {"1.png": "group 1: a copy of 0.png", "2.png": "group 1: a copy of 0.png"},
        ),
    ],
    ids=[
        "good",
        "bad",
        "copy",
        "larger stays",
        "test stays",
        "first data set stays",
        "conflict",
        "case and unlabelled",
    ],
)
def test_reasons(films, expected):
    assert reasons(*films) == expected
