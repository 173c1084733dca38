"""Whether maps depend on what the network learnt: its layers get random weights from the last to the first.

Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018, section 3: cascading randomisation. A method whose map
stays the same shows the film, not the network.
"""

import contextlib
from collections.abc import Iterator

import keras
import numpy as np

from keras_cxr.data.films import Film
from keras_cxr.evaluation.map_similarity import rank_correlation, ssim
from keras_cxr.explain.execution import execution
from keras_cxr.explain.explainer import Explainer, canvases_of

STEPS = 8
_UNTRAINED = {"gamma": 1.0, "moving_variance": 1.0, "beta": 0.0, "bias": 0.0, "moving_mean": 0.0}


@contextlib.contextmanager
def cascade(network: keras.Model, steps: int = STEPS, seed: int = 0) -> Iterator[Iterator[str]]:
    """Yield a walk through the network that gives its layers random weights; restore them when the block ends.

    Each step of the walk gives the next layers their weights and yields the name of the last of them: first the last
    layer alone, then the others in equal groups. Kernels are drawn from a normal distribution with mean 0 and their
    trained deviation, so that activations keep their size; biases become 0 and batch normalisation starts anew.

    Args:
        network: A built network with one output.
        steps: At most so many.
        seed: Fixes the weights.
    """
    before = network.get_weights()
    try:
        yield _walk(network, steps, np.random.default_rng(seed))
    finally:
        network.set_weights(before)


def map_similarities(
    explainer: Explainer, films: list[Film], maps: np.ndarray, index: np.ndarray
) -> Iterator[tuple[str, np.ndarray, dict[str, np.ndarray]]]:
    """Explain films again and again while the network's layers get random weights.

    Args:
        explainer: By Keras; its network is as before when the walk ends.
        films: n readable films.
        maps: (n, size, size) of the trained network, 0–1.
        index: (n,), the class of each.

    Yields:
        The layer, the new maps (n, size, size), and each film's "SSIM" and "rank correlation" with its map before.
    """
    canvases, n = canvases_of(films), explainer.films_at_once
    with cascade(explainer.network.model) as walk:
        for layer in walk:
            parts = [explainer.maps(canvases[at : at + n], index[at : at + n])[0] for at in range(0, len(films), n)]
            new = np.concatenate(parts)
            yield layer, new, likeness(maps, new)


def likeness(maps: np.ndarray, others: np.ndarray) -> dict[str, np.ndarray]:
    """Each map's "SSIM" and "rank correlation" with another, (n,) each, of (n, size, size) and the same."""
    pairs = list(zip(maps, others, strict=True))
    return {
        "SSIM": np.array([ssim(one, other) for one, other in pairs]),
        "rank correlation": np.array([rank_correlation(one, other) for one, other in pairs]),
    }


def _walk(network: keras.Model, steps: int, random: np.random.Generator) -> Iterator[str]:
    layers = _weighted_layers(network)
    first, rest = layers[:1], layers[1:]
    groups = np.array_split(np.arange(len(rest)), min(steps - 1, len(rest))) if rest else []
    for group in [first, *([rest[place] for place in group] for group in groups)]:
        for layer in group:
            for variable in layer.weights:
                variable.assign(_random(variable, random))
        yield group[-1].name


def _weighted_layers(network: keras.Model) -> list[keras.layers.Layer]:
    """The layers with weights of their own, the last to run first."""
    found = {}
    for step in execution(network):
        layer = step.layer
        # What a Normalization layer holds is the films' mean, not learnt by gradients.
        learnt = isinstance(layer, keras.layers.Layer) and not isinstance(layer, keras.layers.Normalization)
        if learnt and layer.weights and len(list(layer._flatten_layers())) == 1:
            found[id(layer)] = layer
    return list(found.values())[::-1]


def _random(variable: keras.Variable, random: np.random.Generator) -> np.ndarray:
    values = variable.numpy().astype("float32")
    if variable.name in _UNTRAINED:
        return np.full(values.shape, _UNTRAINED[variable.name], "float32")
    # A single number has no deviation to draw from.
    return random.normal(0, values.std() or 1, values.shape).astype("float32")
