"""Which classes are taken for which: the commonest mistakes, with intervals."""

import numpy as np
import pandas as pd

from keras_cxr.evaluation.films import Films, scored_films
from keras_cxr.evaluation.intervals import with_intervals
from keras_cxr.evaluation.quotient import quotient

CONFUSIONS_COLUMNS = ["dataset", "model", "truth", "label", "films", "share", "low", "high", "n"]


class _Shares:
    """Of the films of a true class, the share called another: a metric for every pair, in the manner of ``metrics``."""

    def __init__(self, films: Films, pairs: list[tuple[int, int]]):
        self.proportions = {pair: films.truth == pair[0] for pair in pairs}
        self.rankings, self.groups = {}, []
        self._mistaken = np.column_stack([(films.truth == truth) & (films.label == label) for truth, label in pairs])
        self._truth = np.column_stack([films.truth == truth for truth, _ in pairs])

    def __call__(self, weights: np.ndarray) -> dict[tuple[int, int], np.ndarray]:
        shares = quotient(weights @ self._mistaken.astype("float64"), weights @ self._truth.astype("float64"))
        return dict(zip(self.proportions, shares.T, strict=True))


def top_confusions(
    predictions: pd.DataFrame,
    classes: list[str],
    dataset: str = "",
    model: str = "",
    most: int = 10,
    draws: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """The pairs of true and decided class that most films were mistaken between.

    Args:
        predictions, classes, dataset, model, draws, seed: See ``scores.score``.
        most: Pairs, at most.

    Returns:
        The columns of ``CONFUSIONS_COLUMNS``, the commonest first: ``films`` of the true class that got the label,
        ``share`` of all ``n`` films of that class, with its 95 % interval (Wilson; clustered bootstrap where patients
        have several films). Pairs without a film are left out.
    """
    films = scored_films(predictions, classes)
    k = len(classes)
    counts = np.bincount(films.truth * k + films.label, minlength=k * k)
    order = np.argsort(-counts, kind="stable")
    pairs = [divmod(int(cell), k) for cell in order if counts[cell] and cell // k != cell % k][:most]
    found = with_intervals(_Shares(films, pairs), films, draws, seed) if pairs else {}
    rows = [
        {"dataset": dataset, "model": model, "truth": classes[truth], "label": classes[label]}
        | {"films": int(counts[truth * k + label]), "share": share, "low": low, "high": high}
        | {"n": int((films.truth == truth).sum())}
        for (truth, label), (share, low, high) in found.items()
    ]
    return pd.DataFrame(rows, columns=CONFUSIONS_COLUMNS)
