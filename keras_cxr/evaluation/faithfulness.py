"""Whether the network's confidence follows the map: curves of its probability as the film is taken away or comes back.

The network is run elsewhere; here are the pixels to change and the sums over the curves.
"""

import numpy as np

STEPS = 32


def strongest_first(heatmap: np.ndarray, steps: int = STEPS, seed: int = 0) -> np.ndarray:
    """The strongest 0, 1/steps, 2/steps … and all pixels of a map; those of equal strength in random order.

    Args:
        heatmap: (H, W).
        steps: In how many equal parts the pixels are taken.
        seed: Fixes the random order.

    Returns:
        (steps + 1, H, W) bool, each a superset of the one before.
    """
    values = heatmap.ravel()
    order = np.lexsort((np.random.default_rng(seed).random(values.size), -values))
    rank = np.empty(values.size, "int64")
    rank[order] = np.arange(values.size)
    ends = np.round(np.linspace(0, values.size, steps + 1))
    return (rank < ends[:, None]).reshape(steps + 1, *heatmap.shape)


def area_under(curve: np.ndarray) -> np.ndarray:
    """Area under probabilities at equal steps from 0 to all pixels, by trapezoids.

    Deletion (lower is better) and insertion (higher is better) of Petsiuk et al., "RISE", BMVC 2018, section 4.2.

    Args:
        curve: (…, steps + 1), 0 to 1.
    """
    curve = np.asarray(curve, "float64")
    return (curve[..., 1:] + curve[..., :-1]).mean(axis=-1) / 2


def drop(whole: np.ndarray, explained: np.ndarray) -> np.ndarray:
    """Loss of confidence where only the explained part of the film is seen: max(0, whole - explained) / whole.

    Its mean over films is the average drop of Chattopadhay et al., "Grad-CAM++", WACV 2018, section 5.1, there in
    percent; lower is better. A map that keeps the whole film loses nothing.

    Args:
        whole: The class's probability for each film, above 0.
        explained: The same for each film times its map stretched to 0–1.
    """
    return np.maximum(whole - explained, 0) / whole


def increase(whole: np.ndarray, explained: np.ndarray) -> np.ndarray:
    """1 where the class is more probable for the explained part alone than for the film, else 0; arguments as ``drop``.

    Its mean is the increase in confidence of Chattopadhay et al. 2018; higher is better.
    """
    return (np.asarray(whole) < explained).astype("float64")
