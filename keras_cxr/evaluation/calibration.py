"""From logits to probabilities that can be believed, and from probabilities to a decision."""

import numpy as np

from keras_cxr.evaluation.task import MULTI_LABEL, ONE_CLASS

TEMPERATURE_BOUNDS = (0.05, 20.0)
FEWEST_FILMS = 10


def probabilities(logits: np.ndarray, temperature: float = 1.0, task: str = ONE_CLASS) -> np.ndarray:
    """Probabilities of every class from logits divided by the temperature.

    Args:
        logits: (n, 1), the logit of the positive class, or (n, k), one logit a class.
        temperature: Above 0; larger than 1 makes the network less sure.
        task: Of ``evaluation.task``.

    Returns:
        (n, k) float64 that sum to 1 a row: sigmoid as [negative, positive] for one logit, softmax for more.
        Multi-label, a sigmoid of each logit, of any sum.
    """
    if task == MULTI_LABEL:
        # exp of a logit far below 0 overflows to infinity, whose inverse is the 0 that is meant.
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(-np.asarray(logits, dtype="float64") / temperature))
    scores = _all_logits(logits) / temperature
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def fit_temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    """The temperature that minimises the negative log-likelihood (Guo et al., ICML 2017).

    The search is over log T within 0.05 to 20. Where every film lies on its right side the likelihood grows without
    end as T falls, and says nothing of how sure the network may be; then the targets are softened as Platt (1999)
    does, (n_c + 1) / (n_c + k) in place of 1 for a class of n_c films, which has a finite optimum.

    Args:
        logits: (n, 1) or (n, k), as for ``probabilities``; of films the network was not trained on.
        targets: (n,) class indices.

    Returns:
        The temperature; 1.0 where fewer than 10 films or one class alone cannot tell.
    """
    # scipy takes a third of a second to load, which labelling a film should not wait for.
    from scipy import optimize, special

    logits, targets = _all_logits(logits), np.asarray(targets).ravel().astype("int64")
    films, k = logits.shape
    if films < FEWEST_FILMS or len(np.unique(targets)) < 2:
        return 1.0
    wanted = np.eye(k)[targets]
    others = np.where(wanted == 1, -np.inf, logits).max(axis=1)
    if (logits[np.arange(films), targets] >= others).all():
        size = np.bincount(targets, minlength=k)[targets][:, None]
        wanted = (wanted * size + 1) / (size + k)

    def loss(log_temperature: float) -> float:
        return -np.mean(np.sum(wanted * special.log_softmax(logits / np.exp(log_temperature), axis=1), axis=1))

    best = optimize.minimize_scalar(loss, bounds=np.log(TEMPERATURE_BOUNDS), method="bounded", options={"xatol": 1e-6})
    return float(np.clip(np.exp(best.x), *TEMPERATURE_BOUNDS))


def fit_shared_temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """One temperature for the logits of all findings, by ``fit_temperature`` on every pair of film and finding.

    Args:
        logits: (n, k), one logit a finding; of films the network was not trained on.
        truth: (n, k) 0 or 1.
    """
    return fit_temperature(np.reshape(logits, (-1, 1)), np.ravel(truth))


def fit_thresholds(truth: np.ndarray, p: np.ndarray, classes: list[str]) -> dict[str, float]:
    """The threshold of each finding by ``fit_threshold``, from truth and probabilities (n, k)."""
    return {name: fit_threshold(truth[:, k], p[:, k]) for k, name in enumerate(classes)}


def fit_threshold(truth: np.ndarray, p: np.ndarray) -> float:
    """The threshold with the highest balanced accuracy (Youden's J, Cancer 1950), for the decision ``p >= threshold``.

    It lies midway between two neighbouring scores. Of equal optima the widest gap is taken, as it leaves the most
    room on either side, and of equally wide gaps the one whose middle is nearest 0.5.

    Args:
        truth: (n,) 0 or 1.
        p: (n,) probabilities of the positive class, 0 to 1.

    Returns:
        Strictly between 0 and 1; 0.5 where the truth holds one class alone.
    """
    positive, p = np.asarray(truth).ravel().astype(bool), np.asarray(p, dtype="float64").ravel()
    if not positive.any() or positive.all():
        return 0.5
    edges = np.unique(np.concatenate([[0.0, 1.0], p]))
    lower, upper = edges[:-1], edges[1:]
    middle = lower + (upper - lower) / 2
    middle = np.where(middle > lower, middle, upper)  # between neighbouring floats there is no middle
    missed = np.searchsorted(np.sort(p[positive]), middle, side="left") / positive.sum()
    cleared = np.searchsorted(np.sort(p[~positive]), middle, side="left") / (~positive).sum()
    gain = np.where((middle > 0) & (middle < 1), cleared - missed, -np.inf)
    best = np.flatnonzero(gain >= gain.max() - 1e-12)
    widths = (upper - lower)[best]
    best = best[widths >= widths.max() - 1e-12]
    return float(middle[best[np.argmin(np.abs(middle[best] - 0.5))]])


def threshold_for_sensitivity(truth: np.ndarray, p: np.ndarray, sensitivity: float) -> float:
    """The highest threshold at which the decision ``p >= threshold`` finds at least this share of the positive films.

    It lies midway between the score of the last positive film that is to be found and the next lower score of any
    film, so that it does not hang on the last digit of one film.

    Args:
        truth: (n,) 0 or 1.
        p: (n,) probabilities of the positive class, 0 to 1.
        sensitivity: Above 0, at most 1.

    Returns:
        Between 0 and 1; NaN where no film is positive.
    """
    positive, p = np.asarray(truth).ravel().astype(bool), np.asarray(p, dtype="float64").ravel()
    found = np.sort(p[positive])[::-1]
    if not len(found):
        return np.nan
    # Rounding must not ask for one film more: 0.07 × 100 is a little over 7.
    last = found[max(int(np.ceil(sensitivity * len(found) - 1e-9)), 1) - 1]
    lower = p[p < last].max(initial=0.0)
    middle = lower + (last - lower) / 2
    return float(middle if middle > lower else last)


def _all_logits(logits: np.ndarray) -> np.ndarray:
    logits = np.asarray(logits, dtype="float64")
    return np.hstack([np.zeros_like(logits), logits]) if logits.shape[1] == 1 else logits
