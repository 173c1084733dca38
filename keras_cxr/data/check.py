"""Every fault of a data set, found together, before anything is trained; and what a user sees first."""

import re

import pandas as pd

from keras_cxr.data.source import patient_groups
from keras_cxr.data.table import SPLITS, Dataset
from keras_cxr.errors import CxrError, UsageError

# Normal, No Finding, non-COVID, without_pneumonia, …
NEGATIVE_NAME = re.compile(r"(no|non|not|without)([^a-z]|$)|(normal|negative|healthy|nofinding|clear|control|0)$")


def ordered_classes(labels: pd.Series, positive: str | None = None) -> list[str]:
    """The classes in the network's order: the negative one of two first, otherwise by name.

    Args:
        labels: Of the films.
        positive: The positive class of two; by default the one that is not called normal, negative, healthy, …

    Raises:
        CxrError: ``positive`` is not among the labels.
    """
    classes = sorted(labels.unique(), key=str.lower)
    if positive is not None and positive not in classes:
        raise CxrError(f"The '--positive' option must be one of {', '.join(classes)}. Received: {positive}.")
    if len(classes) == 2:
        others = [name for name in classes if not NEGATIVE_NAME.match(name.lower())]
        positive = positive or (others or classes)[-1]
        classes.sort(key=lambda name: name == positive)
    return classes


def find_faults(dataset: Dataset, splits: tuple[str, ...] = SPLITS) -> list[str]:
    """Every reason why ``dataset`` (with splits assigned) cannot be trained on, one line each.

    ``splits`` are those that must have films of every class. Multi-label, findings are not held against them; see
    ``multi_label.learnable_findings``.
    """
    table, faults = dataset.table, list(dataset.faults)
    empty = [f"The {split} split is empty." for split in splits if not (table["split"] == split).any()]
    if dataset.multi_label:
        return faults + empty
    classes = sorted(table["label"].unique())
    if len(classes) < 2:
        faults.append(f"Only one class ({', '.join(classes)}): training needs films of at least two.")
    faults += empty
    patients = patient_groups(table)
    for label in classes:
        own = table["label"] == label
        missing = [split for split in splits if not (own & (table["split"] == split)).any()]
        if missing and patients[own].nunique() == 1:
            one = "1 film" if own.sum() == 1 else f"{own.sum()} films of one patient"
            faults.append(f"Class {label} has {one}: it cannot be in {_and(splits)} at once.")
            continue
        empty = [split for split in missing if (table["split"] == split).any()]
        if empty:
            films = f"{own.sum()} films, {patients[own].nunique()} patients"
            faults.append(f"Class {label} ({films}) has no film in {', '.join(empty)}.")
    return faults


def _and(splits: tuple[str, ...]) -> str:
    return f"{', '.join(splits[:-1])} and {splits[-1]}"


def check(dataset: Dataset, splits: tuple[str, ...] = SPLITS) -> None:
    """Raise one CxrError that lists every fault, or return."""
    faults = find_faults(dataset, splits)
    if faults:
        listed = "".join(f"\n  - {fault}" for fault in faults)
        raise CxrError(f"The data set '{dataset.root}' cannot be trained on as it is:{listed}")


def class_weights(labels: pd.Series, classes: list[str]) -> dict[str, float]:
    """Balanced weights, films / (classes × films of the class), as scikit-learn's 'balanced'."""
    counts = labels.value_counts()
    return {name: len(labels) / (len(classes) * int(counts[name])) for name in classes}


def positive_weight(labels: pd.Series, classes: list[str]) -> dict[str, float]:
    """The positive class of two counts (negative films / positive films) times, the other once.

    Raises:
        UsageError: More than two classes.
    """
    if len(classes) != 2:
        raise UsageError(f"A weight of the positive class needs two classes. Received: {', '.join(classes)}.")
    counts = labels.value_counts()
    return {classes[0]: 1.0, classes[1]: int(counts[classes[0]]) / int(counts[classes[1]])}


def summary(dataset: Dataset, classes: list[str]) -> pd.DataFrame:
    """Films by class (rows, with patients) and split (columns), with totals; index is the class name."""
    table = dataset.table
    counts = pd.crosstab(table["label"], table["split"]).reindex(index=classes, columns=SPLITS, fill_value=0)
    counts["films"] = counts.sum(axis=1)
    counts["patients"] = table[table["patient"] != ""].groupby("label")["patient"].nunique().reindex(classes).fillna(0)
    counts.loc["all"] = counts.sum()
    counts.loc["all", "patients"] = table.loc[table["patient"] != "", "patient"].nunique()
    return counts.astype(int)
