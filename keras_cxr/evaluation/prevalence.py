"""What PPV and NPV would be where the disease is rarer or commoner than in the films, by Bayes' theorem."""

import numpy as np
import pandas as pd

from keras_cxr.evaluation.table import scores_table

_POSITIVE, _NEGATIVE = "positive likelihood ratio", "negative likelihood ratio"


def at_prevalence(scores: pd.DataFrame, prevalence: float) -> pd.DataFrame:
    """PPV and NPV at a prevalence, for every operating point of a scores table.

    They are posttest odds, the odds of the prevalence times the likelihood ratio (Altman & Bland, BMJ 1994), and so
    rise or fall with it alone: the bounds of the likelihood ratio's interval give those of the interval. Sensitivity
    and specificity are taken to be the same there, which another mix of patients need not grant.

    Args:
        scores: A scores table of two classes, with the likelihood ratios.
        prevalence: Share of positive films, between 0 and 1, both excluded.

    Returns:
        A scores table with 'PPV at prevalence 0.05' and 'NPV at prevalence 0.05', or 'PPV at 0.5 and prevalence 0.05'.
    """
    odds = prevalence / (1 - prevalence)
    rows = []
    for row in scores.to_dict("records"):
        for ratio, name in ((_POSITIVE, "PPV"), (_NEGATIVE, "NPV")):
            if not row["metric"].startswith(ratio):
                continue
            at = row["metric"].removeprefix(ratio)
            row["metric"] = f"{name}{at}{' and' if at else ' at'} prevalence {prevalence:g}"
            if name == "PPV":
                row |= {end: _ppv(row[end] * odds) for end in ("value", "low", "high")}
            else:
                low, high = 1 / (1 + row["high"] * odds), 1 / (1 + row["low"] * odds)
                row |= {"value": 1 / (1 + row["value"] * odds), "low": low, "high": high}
            rows.append(row)
            break
    return scores_table(rows)


def _ppv(odds: float) -> float:
    return 1.0 if np.isposinf(odds) else odds / (1 + odds)
