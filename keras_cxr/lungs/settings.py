"""Settings of a lung training."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class LungSettings:
    """Settings of a training.

    Attributes:
        size: Side of the network's input in pixels, a multiple of 16.
        filters: Of the U-Net's first level.
        epochs, batch_size: Of the training, and films a step.
        learning_rate: Adam's at the start; it falls to nothing along a cosine.
        seed: Of everything drawn by chance.
    """

    size: int = 128
    filters: int = 16
    epochs: int = 20
    batch_size: int = 16
    learning_rate: float = 2e-3
    seed: int = 0
