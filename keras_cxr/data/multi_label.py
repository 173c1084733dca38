"""Data sets whose films have any number of findings: which of them can be learnt, their counts and weights."""

import numpy as np
import pandas as pd

from keras_cxr.data.table import SPLITS, Dataset
from keras_cxr.errors import UsageError
from keras_cxr.evaluation.findings import NO_FINDING, findings_in, indicators


def all_findings(labels: pd.Series) -> list[str]:
    """Every finding that a film has, by name."""
    return sorted({name for text in labels.unique() for name in findings_in(text)}, key=str.lower)


def require_one_class(dataset: Dataset, what: str) -> None:
    """Refuse films with sets of findings for ``what``, such as 'A cross-validation'.

    Raises:
        UsageError: The data set has them.
    """
    if dataset.multi_label:
        raise UsageError(
            f"{what} is for films of one class each. Received: --multi-label {dataset.multi_label}. "
            "Use 'keras-cxr train', or --finding NAME."
        )


def class_count(dataset: Dataset) -> int:
    """The number of classes, or of findings, that the labels of a data set name."""
    labels = dataset.table["label"]
    return len(all_findings(labels)) if dataset.multi_label else labels.nunique()


def strata(labels: pd.Series) -> np.ndarray:
    """What a split is to have its share of, (films, findings + 1) bool: each finding, and films without any."""
    found = indicators(labels, all_findings(labels))
    return np.column_stack([found, ~found.any(axis=1)])


def learnable_findings(dataset: Dataset, splits: tuple[str, ...], fewest: int) -> tuple[list[str], list[str]]:
    """The findings that a network can be trained on and judged by.

    Args:
        dataset: With splits assigned.
        splits: Each must have films with the finding and without it.
        fewest: Training films that must have it.

    Returns:
        Their names, sorted, and notes on those left out. Films that have one of these stay: a network that is not
        asked for a finding takes them for what else they show.
    """
    table = dataset.table
    findings = all_findings(table["label"])
    found, split = indicators(table["label"], findings), table["split"].to_numpy()
    rare, lacking, kept = [], [], []
    for name, has in zip(findings, found.T, strict=True):
        training = int((has & (split == "train")).sum())
        without = [one for one in splits if len({*has[split == one]}) < 2]
        if training < fewest:
            rare.append(f"{name} ({training})")
        elif without:
            lacking.append(f"{name} ({', '.join(without)})")
        else:
            kept.append(name)
    notes = []
    if rare:
        notes.append(f"No class of its own, as fewer than {fewest} training films have it: {', '.join(rare)}.")
    if lacking:
        notes.append(f"No class of its own, as a split has no film with it, or none without: {', '.join(lacking)}.")
    return kept, notes


def finding_weights(how: str, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The weights in the loss of films with each finding and of those without it.

    Args:
        how: 'balanced', films / (2 × those with it) and films / (2 × those without); 'positive', those without over
            those with it, and 1; or 'none'.
        truth: (n, k) bool, every finding in some films and absent in others.

    Returns:
        Two arrays (k,) float64.
    """
    present, absent = truth.sum(axis=0), (~truth).sum(axis=0)
    ones = np.ones(truth.shape[1])
    if how == "balanced":
        return len(truth) / (2 * present), len(truth) / (2 * absent)
    return (absent / present if how == "positive" else ones), ones


def finding_counts(table: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """Films by finding and split as ``check.summary`` has them; the last rows are those without any class, and all."""
    found = indicators(table["label"], classes)
    found = np.column_stack([found, ~found.any(axis=1), np.ones(len(table), bool)])
    split, patient = table["split"].to_numpy(), table["patient"].to_numpy()
    counts = pd.DataFrame(index=[*classes, NO_FINDING, "all"])
    for name in SPLITS:
        counts[name] = found[split == name].sum(axis=0)
    counts["films"] = counts.sum(axis=1)
    counts["patients"] = [len({*patient[has]} - {""}) for has in found.T]
    return counts.astype(int)
