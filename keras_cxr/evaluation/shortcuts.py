"""What a network makes of a part of the films, held against what it makes of the whole."""

import numpy as np
import pandas as pd

from keras_cxr.evaluation.films import Films
from keras_cxr.evaluation.intervals import with_intervals
from keras_cxr.evaluation.permutation import metrics_of

PROBE_COLUMNS = ["dataset", "model", "view", "metric", "value", "low", "high", "n", "flag"]
SHORTCUT = "shortcut"
# Of the whole film's (macro) AUROC above chance, that a view without the lungs keeps.
KEPT = 0.9


def view_scores(
    views: dict[str, tuple[Films, Films]], classes: list[str], without_lungs: tuple[str, ...]
) -> pd.DataFrame:
    """(Macro) AUROC of each view with its interval, and whether it betrays a shortcut.

    A view without the lungs is flagged 'shortcut' where the lower end of its interval lies above 0.5 and it keeps 90 %
    or more of what the same films have above 0.5 when they are shown whole: the network then tells the classes by
    something that is no finding of the lungs (DeGrave, Janizek & Lee, Nat Mach Intell 2021; Maguolo & Nanni, Inf
    Fusion 2021).

    Args:
        views: Name → the films in this view, and the same films whole.
        classes: The class names.
        without_lungs: The views that are held against the rule.

    Returns:
        ``view, metric, value, low, high, n, flag``.
    """
    metric = "AUROC" if len(classes) == 2 else "macro AUROC"
    draws = 0 if len(classes) == 2 else 2000
    rows = []
    for name, (films, whole) in views.items():
        value, low, high = with_intervals(metrics_of(films, classes), films, draws)[metric]
        all_of_it = float(metrics_of(whole, classes)(np.ones((1, len(whole))))[metric][0])
        kept = low > 0.5 and value - 0.5 >= KEPT * (all_of_it - 0.5)
        rows.append({"view": name, "metric": metric, "value": value, "low": low, "high": high, "n": len(films)})
        rows[-1]["flag"] = SHORTCUT if kept and name in without_lungs else ""
    return pd.DataFrame(rows)
