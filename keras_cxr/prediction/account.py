"""How an evaluation came to be, written beside its results: command, models, data, settings, versions."""

import datetime
import importlib.metadata
import json
import pathlib
import platform

from keras_cxr import __version__
from keras_cxr.errors import CxrError
from keras_cxr.files import write_json
from keras_cxr.models.saved_model import SavedModel

ACCOUNT = "evaluation.json"
_PACKAGES = ("tensorflow", "keras", "openvino", "numpy", "scikit-learn", "pandas")


def write_account(
    output: pathlib.Path,
    command: str,
    models: dict[str, SavedModel],
    data: dict[str, pathlib.Path],
    settings: dict | None = None,
) -> None:
    """Write ``evaluation.json``.

    Args:
        output: The evaluation's folder.
        command: As it was typed, '' where there was none.
        models: By the names that the results use; none for predictions of another program.
        data: Data set, as the results name it → the folder that its films' names are below.
        settings: Anything else that decides the results, such as the split.
    """
    account = {
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "command": command,
        "models": {name: str(model.folder.resolve()) for name, model in models.items()},
        "data": {name: str(folder.resolve()) for name, folder in data.items()},
        "settings": {name: str(value) for name, value in (settings or {}).items() if value not in (None, "", ())},
        "versions": _versions(),
    }
    write_json(output / ACCOUNT, account)


def read_account(output: pathlib.Path) -> dict:
    """What ``write_account`` wrote; empty where there is none.

    Raises:
        CxrError: The file is damaged.
    """
    file = output / ACCOUNT
    if not file.is_file():
        return {}
    try:
        account = json.loads(file.read_text(encoding="utf-8"))
        return {**account, "models": dict(account["models"]), "data": dict(account["data"])}
    except (ValueError, KeyError, TypeError) as fault:
        raise CxrError(f"'{file}' is damaged ({fault}). Evaluate again, or delete it.") from fault


def _versions() -> dict[str, str]:
    versions = {"keras_cxr": __version__, "Python": platform.python_version()}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
