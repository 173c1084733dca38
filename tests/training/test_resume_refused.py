"""What ``--resume`` takes for the training that was begun, and what it refuses."""

import shutil

import pytest
from trainings import TINY, Killed, KilledIn, trained

from keras_cxr.errors import CxrError, UsageError


@pytest.fixture(scope="module")
def begun(phantom, tmp_path_factory):
    folder = tmp_path_factory.mktemp("begun") / "model"
    with pytest.raises(Killed):
        trained(phantom, folder, monitor=KilledIn(2))
    return folder


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"epochs": 3}, "epochs: 2 → 3"),
        ({"seed": 5, "rotation": 0.0}, "rotation: 18.0 → 0.0; seed: 0 → 5"),
        ({"split": (60.0, 20.0, 20.0)}, "split: (70.0, 15.0, 15.0) → (60.0, 20.0, 20.0)"),
    ],
)
def test_other_settings_are_refused(phantom, begun, changes, told):
    with pytest.raises(UsageError) as fault:
        trained(phantom, begun, resume=True, **changes)
    assert told in str(fault.value)
    assert "\n" not in str(fault.value)


def test_changed_films_are_refused(phantom, begun, tmp_path):
    films = tmp_path / "films"
    shutil.copytree(phantom, films)
    first, second = sorted((films / "known_images" / "NORMAL").glob("*.png"))[:2]
    shutil.copy(second, first)
    with pytest.raises(CxrError, match="The films have changed"):
        trained(films, begun, resume=True)


def test_an_unfinished_training_is_not_written_over(phantom, begun):
    before = (begun / "training" / "state.json").read_bytes()
    with pytest.raises(CxrError, match=r"unfinished training.*--resume"):
        trained(phantom, begun)
    assert (begun / "training" / "state.json").read_bytes() == before


@pytest.mark.parametrize("what", ["recipe only", "recipe and splits"])
def test_resume_of_a_training_cut_off_at_its_very_beginning(phantom, begun, tmp_path, what):
    (tmp_path / "m").mkdir()
    for name in ["recipe.yaml"] + ["splits.csv"] * (what == "recipe and splits"):
        shutil.copy(begun / name, tmp_path / "m" / name)
    assert trained(phantom, tmp_path / "m", resume=True).card.training["epochs"] == TINY.epochs
