"""The documentation explains every option of the commands that score several models."""

import pathlib
import re

import pytest

from keras_cxr.cli.evaluate import evaluate
from keras_cxr.cli.leave_one_out import leave_one_out

DOCS = pathlib.Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("command", [evaluate, leave_one_out], ids=lambda command: command.name)
def test_every_option_is_in_the_documentation(command):
    text = (DOCS / "evaluation.md").read_text(encoding="utf-8")
    lacking = [
        option.opts[-1]
        for option in command.params
        if option.param_type_name == "option"
        and not any(re.search(rf"{name}(?![\w-])", text) for name in (*option.opts, *option.secondary_opts))
    ]
    assert not lacking
