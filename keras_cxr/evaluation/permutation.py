"""Two models' answers swapped at random, patient by patient: how often chance makes a difference as large.

Where a score looks at the order of the probabilities alone (macro AUROC), their ranks are swapped, so that a model is
not punished for being calibrated otherwise (Bandos, Rockette & Gur, Stat Med 2005).
"""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import stats

from keras_cxr.evaluation.films import Films
from keras_cxr.evaluation.metrics import ManyClassMetrics, TwoClassMetrics

_BY_ORDER = ("macro AUROC",)
_BLOCK = 500_000


def metrics_of(films: Films, classes: list[str]) -> TwoClassMetrics | ManyClassMetrics:
    """The metrics of films of two or more classes."""
    return TwoClassMetrics(films) if len(classes) == 2 else ManyClassMetrics(films, classes)


def difference(one, two, weights: np.ndarray, others: np.ndarray, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Scores of ``one`` under film weights (draws, n) less those of ``two`` under ``others``, (draws,) each."""
    minuend, subtrahend = one(weights), two(others)
    return {name: minuend[name] - subtrahend[name] for name in names}


def permutation_test(
    first: Films, second: Films, classes: list[str], names: Sequence[str], permutations: int = 10_000, seed: int = 0
) -> dict[str, float]:
    """Two-sided p of the difference of each score, films of a patient swapped together.

    Args:
        first, second: Two models' answers to the same films in the same order.
        classes: The class names in the network's order.
        names: The scores: of two classes any but those of the ranking; of more, any but ``AUROC[…]``.
        permutations: Random swaps, to which the one that was found is added (Phipson & Smyth, Stat Appl Genet Mol Biol
            2010); where there are no more ways to swap, each is taken once and the p-value is exact.
        seed: Fixes the swaps.

    Returns:
        Score → p; NaN where no swap defines the difference.
    """
    # Both models' answers as one set of films: a swap is then but another choice of half of them.
    groups = {
        _without_ranking(metrics_of(_stacked(first, second, False), classes)): [n for n in names if n not in _BY_ORDER]
    }
    if ordered := [name for name in names if name in _BY_ORDER]:
        groups[_without_micro(metrics_of(_stacked(first, second, True), classes))] = ordered

    def swapped_difference(swapped: np.ndarray) -> dict[str, np.ndarray]:
        of_first, of_second = np.hstack([1 - swapped, swapped]), np.hstack([swapped, 1 - swapped])
        found = [difference(metrics, metrics, of_first, of_second, own) for metrics, own in groups.items()]
        return {name: value for part in found for name, value in part.items()}

    found = swapped_difference(np.zeros((1, len(first))))
    larger, defined = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    whole = 2 ** (int(first.cluster.max()) + 1) <= permutations
    for swapped in _swaps(first.cluster, permutations, seed, whole):
        for name, value in swapped_difference(swapped).items():
            # Sums in another order differ in their last digits.
            larger[name] += int((np.abs(value) >= abs(found[name][0]) - 1e-12).sum())
            defined[name] += int((~np.isnan(value)).sum())
    own = 0 if whole else 1
    return {name: (larger[name] + own) / (defined[name] + own) if defined[name] + own else np.nan for name in names}


class _NoRanking:
    """In place of a ``Ranking`` where counts alone are asked for: ranking is nearly all of the work."""

    def areas(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Undefined."""
        return np.full(len(weights), np.nan), np.full(len(weights), np.nan)


def _without_ranking(metrics):
    if isinstance(metrics, TwoClassMetrics):
        metrics._ranking = _NoRanking()
    else:
        metrics._rankings = [_NoRanking() for _ in metrics._rankings]
        _without_micro(metrics)
    return metrics


def _without_micro(metrics: ManyClassMetrics) -> ManyClassMetrics:
    # It ranks every film once a class, and no test asks for it.
    metrics._micro = _NoRanking()
    return metrics


def _stacked(first: Films, second: Films, ranked: bool) -> Films:
    answers = [first.probability, second.probability]
    if ranked:
        answers = [stats.rankdata(answer, axis=0) / len(answer) for answer in answers]
    return Films(
        np.concatenate([first.truth, second.truth]),
        np.concatenate([first.label, second.label]),
        np.concatenate(answers),
        np.concatenate([first.cluster, second.cluster]),
    )


def _swaps(clusters: np.ndarray, permutations: int, seed: int, whole: bool) -> Iterator[np.ndarray]:
    """Yield (block, n) float64 of 0 and 1, alike for the films of a patient; ``whole``: every way there is, once."""
    count = int(clusters.max()) + 1
    total = 2**count if whole else permutations
    random = np.random.default_rng(seed)
    block = max(1, _BLOCK // (2 * len(clusters)))
    for start in range(0, total, block):
        rows = min(block, total - start)
        if whole:
            swapped = np.arange(start, start + rows)[:, None] >> np.arange(count) & 1
        else:
            swapped = random.integers(0, 2, size=(rows, count), dtype=np.int8)
        yield swapped.take(clusters, axis=1).astype("float64")
