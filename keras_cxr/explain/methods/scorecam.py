"""Score-CAM: Wang et al., "Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural Networks", CVPR
Workshops 2020, https://arxiv.org/abs/1910.01279.
"""

import numpy as np

from keras_cxr.explain.copies import BATCH, alike, batches, score_of
from keras_cxr.explain.layer_method import LayerMethod
from keras_cxr.explain.normalise import stretch
from keras_cxr.explain.registry import register
from keras_cxr.explain.target import Target


@register(
    "scorecam",
    "Score-CAM",
    "the layer's maps, each weighted by the class's probability for the film seen through that map alone",
    "Wang et al., CVPR Workshops 2020",
    "1 forward for each channel of the layer that is not zero (or --channels), and 2",
)
class ScoreCAM(LayerMethod):
    """Feature maps weighted by what the network says of the film times the map, summed, negative parts dropped.

    A channel's map is stretched to 0–1 at the film's size, and the film's gray levels are multiplied by it. The weight
    is the class's probability, as tf-keras-vis has it; against another class, the probability among the two. Where
    all of a film's weights are below 1e-26, they are scaled up together. The map is empty where no channel changes the
    score, also not from that of a black film.

    Args:
        model, layer, corners: See `LayerMethod`.
        channels: Of how many channels, those whose maps vary most, or all where None: "Faster Score-CAM",
            https://github.com/tabayashi0117/Score-CAM.
        batch_size: Copies of a film a step.
    """

    films_at_once = 1

    def __init__(
        self,
        model,
        layer: str | None = None,
        corners: bool = False,
        channels: int | None = None,
        batch_size: int = BATCH,
    ):
        super().__init__(model, layer, corners)
        self._features, self._channels = self.network.features(self.layer), channels
        self._batch_size = batch_size

    def compute(self, images: np.ndarray, target: Target) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """See `Method.compute`."""
        films = zip(images, self._features(images), strict=True)
        return np.stack([self._film(*film, target.film(index)) for index, film in enumerate(films)]), {}

    def _film(self, image: np.ndarray, features: np.ndarray, target: Target) -> np.ndarray:
        channels = np.moveaxis(features, -1, 0)
        channels = channels[channels.any(axis=(1, 2))]
        if self._channels is not None:
            channels = channels[np.argsort(-channels.std(axis=(1, 2)), kind="stable")[: self._channels]]
        if not len(channels):
            return np.zeros(features.shape[:2])
        logits = []
        for part in batches(len(channels), self._batch_size):
            masks = stretch(self.upsample(channels[part], image.shape[:2]))
            logits.append(self.network.logits(image * masks[..., np.newaxis]))
        logits = np.concatenate(logits)
        black = score_of(self.network, np.zeros_like(image), target)
        if alike(np.append(target.scores(logits), black)):
            return np.zeros(features.shape[:2])
        likely = target.log_probability(logits)
        weights = np.exp(likely - min(likely.max() + 60, 0))
        return np.maximum(np.tensordot(weights, channels, 1), 0)
