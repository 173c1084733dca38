"""A film's set of findings: as text, 'Effusion|Mass', and as a row of yes and no over the classes."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

SEPARATOR, NO_FINDING = "|", "No Finding"
# In small letters: what stands for no finding beside an empty value.
NONE_NAMES = ("", "no finding", "no findings", "nofinding", "normal", "none")


def findings_in(text: str) -> list[str]:
    """The findings that a text lists, by name and each once; none in '', 'No Finding' and 'Normal'."""
    names = {name.strip() for name in text.split(SEPARATOR)}
    return sorted((name for name in names if name.lower() not in NONE_NAMES), key=str.lower)


def as_text(findings: Iterable[str]) -> str:
    """Findings as one text in the order given, 'No Finding' for none."""
    return SEPARATOR.join(findings) or NO_FINDING


def indicators(texts: pd.Series, classes: Sequence[str]) -> np.ndarray:
    """Which classes each text lists, (n, classes) bool, in any case of letters; other findings are passed over."""
    place = {name.lower(): index for index, name in enumerate(classes)}
    codes, distinct = pd.factorize(texts.astype(str))
    rows = np.zeros((len(distinct), len(classes)), bool)
    for row, text in zip(rows, distinct, strict=True):
        row[[place[name.lower()] for name in findings_in(text) if name.lower() in place]] = True
    return rows[codes]


def texts_of(rows: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Rows of yes and no (n, classes) as texts (n,) object; the opposite of ``indicators``."""
    names = np.array(classes, object)
    return np.array([as_text(names[row]) for row in np.asarray(rows, bool)], object)
