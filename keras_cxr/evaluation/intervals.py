"""Every metric of some films with its 95 % interval; which interval is the best that the films allow.

- Each film is of another patient (or no patient is known). AUROC: DeLong on the logit scale; sensitivity, specificity,
  PPV, NPV, precision, accuracy: Wilson; everything else: percentiles of the bootstrap.
- A patient has several films. AUROC: DeLong on the logit scale with Obuchowski's covariance; everything else:
  percentiles of the bootstrap clustered by patient.
- Percentiles are taken a little further out where patients are few (``bootstrap.expanded_confidence``).
- At the edge, where all draws agree (a perfect value, or a single patient) and the bootstrap would claim certainty:
  Wilson's interval on the effective count of patients. For an AUROC that count is the smaller class's: no AUROC has a
  larger variance than a(1 - a) / min(positives, negatives) (Birnbaum & Klose, Ann Math Stat 1957), so the interval is
  conservative. Balanced accuracy, F1, average precision, Brier score, calibration error, Hamming loss, macro and micro
  values follow the same rule, MCC and kappa too after scaling to 0 to 1; likelihood ratios take the Wilson
  bounds of sensitivity and specificity. Log loss has no bound: NaN.

The expected calibration error is biased upwards in small samples, and its bootstrap draws more so: where a network is
well calibrated the interval can lie above the value.
"""

import numpy as np

from keras_cxr.evaluation.auroc import delong_interval
from keras_cxr.evaluation.bootstrap import clustered_draws, expanded_confidence, percentile_interval
from keras_cxr.evaluation.films import Films
from keras_cxr.evaluation.quotient import quotient
from keras_cxr.evaluation.wilson import effective_n, wilson_interval

_RATIO = "likelihood ratio"
_SIGNED = ("MCC", "quadratic kappa")  # between -1 and 1


def with_intervals(metrics, films: Films, draws: int = 2000, seed: int = 0) -> dict[str, tuple[float, float, float]]:
    """Value, low and high of every metric.

    Args:
        metrics: Such as ``TwoClassMetrics``: called with weights (draws, n) it gives each draw's values by name, and
            it has ``proportions``, ``rankings`` and ``groups``, and ``groups_of`` where metrics rest on other groups.
        films: Of which it was made.
        draws: Bootstrap draws; 0 for none, which leaves the intervals that need them NaN.
        seed: Fixes the draws.

    Returns:
        Metric name → (value, low, high), NaN where undefined.
    """
    values = {name: float(value[0]) for name, value in metrics(np.ones((1, len(films)))).items()}
    blocks = [metrics(weights) for weights in clustered_draws(films.cluster, draws, seed)]
    found = {}
    for name, value in values.items():
        drawn = np.concatenate([block[name] for block in blocks]) if blocks else np.empty(0)
        found[name] = (value, *_interval(name, values, drawn, metrics, films))
    return found


def method_of(films: Films, draws: int = 2000) -> str:
    """How the intervals of these films are made, in a sentence for the user."""
    if films.clustered:
        patients = int(films.cluster.max()) + 1
        return (
            f"bootstrap clustered by patient ({draws:,} draws, {len(films):,} films of {patients:,} patients); "
            "AUROC: DeLong, clustered after Obuchowski"
        )
    return (
        f"each of {len(films):,} films counts as a patient of its own; proportions: Wilson; AUROC: DeLong; "
        f"the rest: bootstrap ({draws:,} draws)"
    )


def _interval(name: str, values: dict, drawn: np.ndarray, metrics, films: Films) -> tuple[float, float]:
    if np.isnan(values[name]):
        return np.nan, np.nan
    if not films.clustered and name in metrics.proportions:
        return _wilson(name, values, metrics, films)
    if name in metrics.rankings:
        low, high = delong_interval(*metrics.rankings[name], clusters=films.cluster if films.clustered else None)
        return (low, high) if low < high else _edge(name, values, metrics, films)
    low, high = percentile_interval(drawn, expanded_confidence(_patients(name, metrics, films)))
    return _edge(name, values, metrics, films) if np.isclose(low, high, rtol=1e-12, atol=0) else (low, high)


def _patients(name: str, metrics, films: Films) -> int:
    """How many patients a metric rests on: those in its denominator, or those of the class that has the fewest."""
    groups = [metrics.proportions[name]] if name in metrics.proportions else _groups(name, metrics)
    return min(len(np.unique(films.cluster[group])) for group in groups if group.any())


def _groups(name: str, metrics) -> list[np.ndarray]:
    return getattr(metrics, "groups_of", {}).get(name, metrics.groups)


def _wilson(name: str, values: dict, metrics, films: Films) -> tuple[float, float]:
    return wilson_interval(values[name], effective_n(films.cluster, metrics.proportions[name]))


def _edge(name: str, values: dict, metrics, films: Films) -> tuple[float, float]:
    """The interval where resampling shows no spread."""
    if name in metrics.proportions:
        return _wilson(name, values, metrics, films)
    if name == "log loss":
        return np.nan, np.nan
    if _RATIO in name:
        at = name.partition(_RATIO)[2]
        low_sensitivity, high_sensitivity = _wilson(f"sensitivity{at}", values, metrics, films)
        low_specificity, high_specificity = _wilson(f"specificity{at}", values, metrics, films)
        if name.startswith("positive"):
            low, high = (low_sensitivity, 1 - low_specificity), (high_sensitivity, 1 - high_specificity)
        else:
            low, high = (1 - high_sensitivity, high_specificity), (1 - low_sensitivity, low_specificity)
        return float(quotient(*low)), float(quotient(*high))
    groups = (
        [metrics.rankings[name][0], ~metrics.rankings[name][0]] if name in metrics.rankings else _groups(name, metrics)
    )
    n = min(effective_n(films.cluster, group) for group in groups if group.any())
    if name.startswith(_SIGNED):
        low, high = wilson_interval((values[name] + 1) / 2, n)
        return 2 * low - 1, 2 * high - 1
    return wilson_interval(values[name], n)
