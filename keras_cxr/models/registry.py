"""The architectures by name. Each is one file in ``architectures/``; listing them does not import TensorFlow."""

import importlib
import pathlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from keras_cxr.errors import unknown_name

if TYPE_CHECKING:
    import keras


class Pretrained(NamedTuple):
    """ImageNet weights without top, as keras.applications publishes them."""

    path: str
    """Below https://storage.googleapis.com/tensorflow/keras-applications/, with a leading slash below the host; its
    last part names the cached file."""
    checksum: str
    """MD5 or SHA-256; empty where keras.applications knows none."""


@dataclass(frozen=True)
class Plan:
    """One network to build, every value already checked."""

    name: str
    classes: int
    size: int
    """Height and width of the input, pixels."""
    channels: int
    """What the body sees: 1 (gray) or 3 (gray repeated)."""
    weights: pathlib.Path | None
    """The backbone's weights file; None: random initialisation."""
    features_from: str | None
    """The backbone's layer whose output is pooled; None: its last."""
    dropout: float


@dataclass(frozen=True)
class Architecture:
    """What is known of an architecture before it is built."""

    name: str
    summary: str
    build: Callable[[Plan], "keras.Model"]
    channels: int
    """What the body sees where nothing else is asked for."""
    parameters: int | None
    """Of the two-class network at its default size; None: of the user's own, known once it is built."""
    feature_layer: str | None
    """The last layer whose output is a map, as ``spatial.spatial_layers`` tells; None as above."""
    cut_layer: str | None = None
    """Where to cut the backbone on a computer without a GPU: the last layer at a sixteenth of the input's size; None:
    no backbone."""
    weights: str = "none"
    """What "default" means for it: "imagenet" or "none"."""
    input_size: int = 224
    dropout: float = 0.5
    """The head's dropout rate where none is asked for."""
    smallest: int = 32
    """The smallest input size that its pooling layers leave something of."""
    pretrained: Pretrained | None = None
    """None: keras.applications publishes no weights for it."""
    backbone: bool = False
    """Whether it has a backbone that takes a weights file and can be cut and unfrozen; ``pretrained`` implies it."""
    weights_channels: int | None = None
    """What the body sees with a weights file where nothing else is asked for; None: as without."""


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


def architectures() -> dict[str, Architecture]:
    """Every architecture by name, sorted."""
    package = importlib.import_module(".architectures", __package__)
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)
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
