"""How a film becomes the square of gray levels that a network sees; stored in the model's card."""

import dataclasses
from typing import Literal


@dataclasses.dataclass(frozen=True)
class Preprocessing:
    """Settings that training, prediction and heatmaps share.

    Attributes:
        size: Side of the square that the network sees, in pixels.
        fit: 'pad' keeps the film's aspect and pads with black; 'squeeze' stretches it to the square.
        enhance: Steps that change the gray levels, such as 'clahe,sharpen'; see ``enhance.steps``.
        reference: For the step 'match': the training films' cumulative histogram, 256 values rising to 1.
        lungs: 'none', or only the lungs: 'crop' to the box around them, or 'mask' everything else as well.
    """

    size: int = 224
    fit: Literal["pad", "squeeze"] = "pad"
    enhance: str = ""
    reference: tuple[float, ...] = ()
    lungs: Literal["none", "crop", "mask"] = "none"
