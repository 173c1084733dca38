"""The shift table: in what an outside set of films differs from the films of a training, a number and a sentence each.

- Pictures: ``shift_pictures``. Labels and patients: ``shift_labels``. What the model says of them: ``shift_answers``.
- A row is flagged 'warning' where it bears on whether a score carries over. Many rows are looked at, and no p-value or
  interval is adjusted for that: the flags go by size, the intervals tell how sure the size is.
"""

import math

import pandas as pd

SHIFT_COLUMNS = ["dataset", "reference", "item", "value", "low", "high", "n", "flag", "meaning"]
WARNING = "warning"


def shift_row(
    item: str,
    value: float,
    meaning: str,
    n: int,
    low: float = math.nan,
    high: float = math.nan,
    warning: bool = False,
) -> dict:
    """A row of the shift table that still lacks ``dataset`` and ``reference``.

    Args:
        item: What was measured.
        value, low, high: The number and its 95 % interval, NaN where it has none.
        meaning: A sentence with the number.
        n: Films that it is of, of both sets.
        warning: Whether it should be read.
    """
    flag = WARNING if warning else ""
    return {"item": item, "value": value, "low": low, "high": high, "n": n, "flag": flag, "meaning": meaning}


def shift_table(rows: list[dict], dataset: str, reference: str) -> pd.DataFrame:
    """The rows of one outside set as ``SHIFT_COLUMNS``."""
    return pd.DataFrame(rows, columns=SHIFT_COLUMNS[2:]).assign(dataset=dataset, reference=reference)[SHIFT_COLUMNS]


def interval_text(value: float, low: float, high: float, digits: int = 2) -> str:
    """'0.93 (0.91–0.95)', without the brackets where there is no interval."""
    if math.isnan(low) or math.isnan(high):
        return f"{value:.{digits}f}"
    return f"{value:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def p_text(p: float) -> str:
    """'p = 0.03', or 'p < 0.001'."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
