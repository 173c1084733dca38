"""What gives the class away before anybody looks at the lungs: size, exposure, age, sex, view, kind of file."""

import numpy as np
import pandas as pd
from scipy import stats

from keras_cxr.evaluation.auroc import auroc

CHANCE = 0.01  # a p-value above which an association is not spoken of
COLUMNS = ["property", "measure", "value", "p", "films", "meaning"]
NUMBERS = {
    "width": "its width",
    "height": "its height",
    "aspect": "its aspect ratio",
    "megapixels": "its size",
    "bytes": "the size of its file",
    "mean": "its mean gray level",
    "deviation": "its contrast",
    "age": "the patient's age",
}
CATEGORIES = {
    "size": "its exact size",
    "file_type": "the type of its file",
    "bits": "its bit depth",
    "view": "its view",
    "sex": "the patient's sex",
    "text": "text burned into it",
    "dataset": "the data set it is from",
}
# From the value on, the class can be told in that measure: by Hosmer & Lemeshow for the AUROC (2000), Cohen for the
# others (1988; eta² 0.06 and 0.14, V of one degree of freedom 0.1, 0.3 and 0.5).
_STRENGTHS = {
    "AUROC": ((0.9, "almost surely"), (0.8, "mostly"), (0.7, "often"), (0.6, "a little")),
    "Cramér's V": ((0.8, "almost surely"), (0.5, "mostly"), (0.3, "often"), (0.1, "a little")),
    "eta²": ((0.6, "almost surely"), (0.3, "mostly"), (0.14, "often"), (0.06, "a little")),
}


def associations(films: pd.DataFrame) -> pd.DataFrame:
    """How far the label of a film can be told from each property that is known.

    Args:
        films: A row a film that can be read: ``label``, and any of the properties of ``NUMBERS`` and ``CATEGORIES``;
            numbers that are NaN and words that are '' count as unknown. Films of one patient are taken for
            independent, so p is too small where patients have many films.

    Returns:
        ``property``, ``measure`` (AUROC for numbers of two classes, from 0.5, whichever class has the larger ones;
            eta² for numbers of more; Cramér's V, bias-corrected, for categories), ``value``, ``p``, ``films`` (in which
            it is known) and ``meaning``, a sentence. The strongest first; properties with one value alone are left out.
    """
    rows = []
    for name, phrase in (NUMBERS | CATEGORIES).items():
        if name not in films:
            continue
        known = films[name].notna() & (films[name].astype(str) != "") & (films["label"] != "")
        values, labels = films.loc[known, name], films.loc[known, "label"]
        if values.nunique() < 2 or labels.nunique() < 2:
            continue
        measure, value, p = _number(values, labels) if name in NUMBERS else _category(values, labels)
        if not np.isnan(value):
            rows.append((name, measure, value, p, int(known.sum()), meaning(phrase, measure, value, p)))
    table = pd.DataFrame(rows, columns=COLUMNS)
    steps = [strength(row.measure, row.value, row.p) for row in table.itertuples()]
    return table.iloc[np.lexsort((-table["value"], steps))].reset_index(drop=True)


def _number(values: pd.Series, labels: pd.Series) -> tuple[str, float, float]:
    classes = sorted(labels.unique())
    groups = [values[labels == name].astype(float) for name in classes]
    p = float(stats.kruskal(*groups).pvalue)
    if len(classes) == 2:
        return "AUROC", told_by(values.astype(float), labels), p
    return "eta²", eta_squared(values.astype(float), labels), p


def told_by(values: pd.Series, labels: pd.Series) -> float:
    """The AUROC, 0.5 to 1, of telling two classes by a number, whichever has the larger ones."""
    area = auroc((labels == sorted(labels.unique())[1]).to_numpy(), values.to_numpy(float))
    return max(area, 1 - area)


def _category(values: pd.Series, labels: pd.Series) -> tuple[str, float, float]:
    counts = pd.crosstab(values.astype(str), labels).to_numpy()
    p = float(stats.chi2_contingency(counts, correction=False).pvalue)
    return "Cramér's V", cramers_v(counts), p


def cramers_v(counts: np.ndarray, corrected: bool = True) -> float:
    """Cramér's V of a table of counts, 0 to 1.

    Args:
        counts: (rows, columns), no row or column of zeros.
        corrected: By Bergsma's correction (Journal of the Korean Statistical Society 2013). Without it, a property with
            nearly as many values as films is near 1 whatever it has to do with the class.
    """
    counts = np.asarray(counts)
    films, (rows, columns) = counts.sum(), counts.shape
    squared = stats.chi2_contingency(counts, correction=False).statistic / films
    if corrected:
        squared = max(0.0, squared - (rows - 1) * (columns - 1) / (films - 1))
        rows = rows - (rows - 1) ** 2 / (films - 1)
        columns = columns - (columns - 1) ** 2 / (films - 1)
    smaller = min(rows, columns) - 1
    return float(np.sqrt(squared / smaller)) if smaller > 0 else np.nan


def eta_squared(values: pd.Series, labels: pd.Series) -> float:
    """The share of the variance of a number that lies between the classes, 0 to 1."""
    whole = ((values - values.mean()) ** 2).sum()
    between = ((values.groupby(labels).transform("mean") - values.mean()) ** 2).sum()
    return float(between / whole) if whole else np.nan


def strength(measure: str, value: float, p: float) -> int:
    """How strong an association is, in steps: 0 the strongest, 4 none, or none that could not be chance."""
    if p > CHANCE:
        return len(_STRENGTHS[measure])
    steps = (place for place, (least, _) in enumerate(_STRENGTHS[measure]) if value >= least)
    return next(steps, len(_STRENGTHS[measure]))


def meaning(phrase: str, measure: str, value: float, p: float) -> str:
    """A sentence that says what an association means."""
    step = strength(measure, value, p)
    if step == len(_STRENGTHS[measure]):
        return f"The class of a film cannot be told from {phrase}: {measure} {value:.2f}."
    return f"The class of a film can {_STRENGTHS[measure][step][1]} be told from {phrase} alone: {measure} {value:.2f}."
