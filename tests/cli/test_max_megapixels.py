"""``--max-megapixels`` on every command that reads films."""

import numpy as np
import pytest
from PIL import Image

from keras_cxr.cli import main
from keras_cxr.data import levels

COMMANDS = (
    ["train"],
    ["evaluate"],
    ["predict"],
    ["gradcam"],
    ["explain"],
    ["filters"],
    ["anomaly", "train"],
    ["anomaly", "score"],
    ["convert"],
    ["lungs", "apply"],
    ["lungs", "train"],
)


@pytest.fixture(autouse=True)
def own_limit(monkeypatch):
    monkeypatch.setattr(levels, "_megapixels", levels.MEGAPIXELS)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_it_and_its_default_is_the_librarys(command, capsys):
    assert main([*command, "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "--max-megapixels" in said
    assert f"default: {levels.MEGAPIXELS}; 1<=x<=1000" in said


def test_it_limits_what_is_read_and_is_named_in_the_reason(tmp_path, capsys):
    (tmp_path / "films").mkdir()
    Image.fromarray(np.arange(1200 * 1000, dtype=np.uint32).astype(np.uint8).reshape(1200, 1000)).save(
        tmp_path / "films" / "large.png"
    )
    Image.new("L", (90, 80), 7).save(tmp_path / "films" / "small.png")
    for million, failed in (("1", 1), ("2", 0)):
        arguments = ["convert", str(tmp_path / "films"), str(tmp_path / million), "--size", "64"]
        main([*arguments, "--max-megapixels", million])
        said = capsys.readouterr()
        assert f"{failed} failed" in said.out
        assert ("1000 × 1200 pixels is over the limit of 1 million" in said.err) == bool(failed)
        assert ("raise --max-megapixels" in said.err) == bool(failed)


@pytest.mark.parametrize("value", ["0", "-3", "many"])
def test_no_limit_at_all_is_wrong_usage(value, capsys):
    assert main(["predict", "nowhere", "--max-megapixels", value]) == 2
    assert "--max-megapixels" in capsys.readouterr().err
