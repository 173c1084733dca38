"""Settings of a training on normal films."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class AnomalySettings:
    """Settings of a training.

    Attributes:
        method: One of ``anomaly.methods``.
        false_alarms: Share of normal films that may be called anomalous, by which the threshold is set.
        shares: Of the films by split: train, val, test; their sum is 1.
        seed: Of the split and everything drawn by chance.
        size: Side of the autoencoder's input in pixels.
        latent: Width of its waist.
        epochs, batch_size: Of its training, and films a step.
        learning_rate: Adam's at the start; it falls to nothing along a cosine.
    """

    method: str = "autoencoder"
    false_alarms: float = 0.05
    shares: tuple[float, float, float] = (0.7, 0.15, 0.15)
    seed: int = 0
    size: int = 64
    latent: int = 16
    epochs: int = 200
    batch_size: int = 32
    learning_rate: float = 2e-3
