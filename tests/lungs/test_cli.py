"""The command as a user calls it."""

import click
import pytest
from click.testing import CliRunner

from keras_cxr.cli.lungs import lungs
from keras_cxr.errors import CxrError


def invoke(*arguments):
    return CliRunner().invoke(lungs, [str(argument) for argument in arguments])


def test_train_then_apply(phantom, tmp_path):
    model = tmp_path / "model"
    done = invoke("train", phantom / "known_images", phantom / "masks", "-o", model, "--size", 32, "--epochs", 1)
    assert done.exit_code == 0, done.output
    for said in ("films with masks of 24 patients", "Epoch 1/1", "Hausdorff-95 (pixels)", f"Saved {model}"):
        assert said in done.output
    done = invoke("apply", phantom / "unknown_images", "-o", tmp_path / "masks", "-m", model)
    assert done.exit_code == 0, done.output
    assert "0 failed" in done.output
    assert (tmp_path / "masks" / "masks.csv").is_file()


def test_exit_code_1_where_every_film_fails(lung_model, tmp_path):
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "broken.png").write_bytes(b"no picture")
    runner = CliRunner()
    arguments = [str(part) for part in (tmp_path / "films", "-o", tmp_path / "masks", "-m", lung_model)]
    result = runner.invoke(lungs, ["apply", *arguments], standalone_mode=False)
    assert result.return_value == 1
    assert "failed: broken.png" in result.output


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["train", "nowhere", "nowhere"], CxrError),
        (["apply", "nowhere"], CxrError),
        (["train", "x"], click.UsageError),
        (["train", "x", "y", "--epochs", "none"], click.UsageError),
    ],
)
def test_faults(arguments, fault):
    result = CliRunner().invoke(lungs, arguments, standalone_mode=False)
    assert isinstance(result.exception, fault)
