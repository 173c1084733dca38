"""What is known of an architecture before it is built, and what it is built from."""

import pathlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

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
    multi_label: bool = False
    """Whether each class is a finding of its own, with a sigmoid."""


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
