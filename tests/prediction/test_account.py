import pathlib

import pytest

from keras_cxr.errors import CxrError
from keras_cxr.prediction.account import read_account, write_account


class Model:
    folder = pathlib.Path("saved_models/m")


def test_what_is_written_is_read(tmp_path):
    write_account(tmp_path, "keras-cxr evaluate films", {"m": Model}, {"films": pathlib.Path("films")}, {"split": None})
    account = read_account(tmp_path)
    assert account["command"] == "keras-cxr evaluate films"
    assert account["models"] == {"m": str(pathlib.Path("saved_models/m").resolve())}
    assert account["data"] == {"films": str(pathlib.Path("films").resolve())}
    assert account["settings"] == {}
    assert {"keras_cxr", "Python", "numpy"} <= set(account["versions"])


def test_none_is_empty_and_a_damaged_one_is_told(tmp_path):
    assert read_account(tmp_path) == {}
    (tmp_path / "evaluation.json").write_text("{", encoding="utf-8")
    with pytest.raises(CxrError, match="damaged"):
        read_account(tmp_path)
