import sys

import pytest

from keras_cxr.errors import UsageError
from keras_cxr.plugins import import_all, import_one, module_names


def test_a_folder_of_modules(tmp_path, monkeypatch):
    (tmp_path / "shelf").mkdir()
    for name in ("__init__", "two", "one"):
        (tmp_path / "shelf" / f"{name}.py").write_text(f"NAME = '{name}'\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert module_names("shelf") == ["one", "two"]
    assert not {"shelf.one", "shelf.two"} & set(sys.modules)
    assert import_one("shelf", "book", "two").NAME == "two"
    assert "shelf.one" not in sys.modules
    with pytest.raises(UsageError, match=r"Unknown book 'tow'\. Did you mean 'two'\?"):
        import_one("shelf", "book", "tow")
    import_all("shelf")
    assert "shelf.one" in sys.modules
