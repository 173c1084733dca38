"""Which folder a training gets, and what is said where the user breaks it off."""

import pytest

from keras_cxr.cli import training_run
from keras_cxr.cli.training_run import _free_name, training_display
from keras_cxr.errors import CxrError


def write(folder, *files):
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([], "Interrupted before the training began."),
        (["m/recipe.yaml"], "before the first epoch ended. Go on with the same command and --resume --name m"),
        (["m/training/state.json"], "; the finished epochs are saved. Go on with the same command and --resume"),
        (["m/fold-1/training/state.json"], "the finished epochs are saved"),
        (["m/seed-0/card.json"], "the finished epochs are saved"),
        (["m/card.json"], "m is trained; 'keras-cxr optimize"),
    ],
)
def test_a_training_broken_off_says_what_is_kept(tmp_path, monkeypatch, files, said):
    monkeypatch.setattr(training_run, "load_tensorflow", lambda: None)
    closed = []
    monkeypatch.setattr(training_run.TrainingDisplay, "close", lambda display: closed.append(True))
    write(tmp_path, *files)
    with pytest.raises(CxrError) as fault, training_display(tmp_path / "m"):
        raise KeyboardInterrupt
    assert said in str(fault.value)
    assert (fault.value.exit_code, closed) == (130, [True])


@pytest.mark.parametrize(
    ("files", "resume", "expected"),
    [
        ([], False, "m"),
        (["m/recipe.yaml", "m-2/recipe.yaml"], False, "m-3"),
        (["m/recipe.yaml", "m-2/recipe.yaml"], True, "m-2"),
        (["m/recipe.yaml", "m-2/recipe.yaml", "m-2/card.json"], True, "m"),
    ],
)
def test_a_training_without_a_name(tmp_path, files, resume, expected):
    write(tmp_path, *files)
    assert _free_name(tmp_path, "m", resume) == expected


def test_nothing_to_resume(tmp_path):
    write(tmp_path, "m/recipe.yaml", "m/card.json")
    with pytest.raises(CxrError, match="no unfinished training 'm'"):
        _free_name(tmp_path, "m", resume=True)
