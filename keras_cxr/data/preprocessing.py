"""How a film becomes the square of gray levels that a network sees; stored in the model's card."""

import dataclasses
from typing import Literal


@dataclasses.dataclass(frozen=True)
class Preprocessing:
    """Settings that training, prediction and heatmaps share.

    Attributes:
        size: Side of the square that the network sees, in pixels.
        fit: 'pad' keeps the film's aspect and pads with black; 'squeeze' stretches it to the square.
    """

    size: int = 224
    fit: Literal["pad", "squeeze"] = "pad"
