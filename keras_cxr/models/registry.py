"""The architectures by name. A file in ``architectures/`` is one or a family; listing them loads no TensorFlow."""

import importlib
from collections.abc import Callable

from keras_cxr.errors import unknown_name
from keras_cxr.models.architecture import Architecture
from keras_cxr.plugins import import_all

_registered: dict[str, Architecture] = {}


def register(name: str, summary: str, **fields) -> Callable:
    """Decorator: put a function ``build(plan) -> keras.Model`` on the list, with Architecture's other fields.

    The function imports Keras itself, so that the list is there without it.
    """

    def put(build: Callable) -> Callable:
        fields.setdefault("backbone", fields.get("pretrained") is not None)
        _registered[name] = Architecture(name, summary, build, **fields)
        return build

    return put


def register_transfer(name: str, summary: str = "transfer: frozen, with a new head", **fields) -> Callable:
    """``register`` for a network on a backbone of keras.applications: three channels, ImageNet's weights."""
    return register(name, summary, channels=3, weights="imagenet", **fields)


def architectures() -> dict[str, Architecture]:
    """Every architecture by name, sorted."""
    import_all(f"{__package__}.architectures")
    return dict(sorted(_registered.items()))


def find(name: str) -> Architecture:
    """The architecture of that name, or the user's own for FILE:FUNCTION (see ``own``).

    Raises:
        UsageError: There is none; the nearest name is proposed.
    """
    if ":" in name or name.endswith(".py"):
        return importlib.import_module(".own", __package__).own_architecture(name)
    known = architectures()
    if name not in known:
        raise unknown_name("architecture", name, known)
    return known[name]
