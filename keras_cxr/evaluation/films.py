"""The films of a predictions table that can be scored, as arrays."""

import dataclasses

import numpy as np
import pandas as pd

from keras_cxr.errors import CxrError


@dataclasses.dataclass(frozen=True)
class Films:
    """Films with a known truth and a prediction, in the order of their table.

    Attributes:
        truth: (n,) int64, index of the true class.
        label: (n,) int64, index of the decided class.
        probability: (n, k) float64 between 0 and 1, one column a class.
        cluster: (n,) int64 from 0, the same number for the films of one patient. A film without a known patient
            has a number of its own.
    """

    truth: np.ndarray
    label: np.ndarray
    probability: np.ndarray
    cluster: np.ndarray

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def clustered(self) -> bool:
        """Whether any patient has more than one film."""
        return len(self) > 0 and int(self.cluster.max()) + 1 < len(self)


def scored_films(predictions: pd.DataFrame, classes: list[str]) -> Films:
    """Read the films that can be scored; failed rows and rows without truth are left out.

    Args:
        predictions: A predictions table: ``truth``, ``label``, ``p_<class>`` for every class; ``patient`` and
            ``error`` where known. A row fails where ``error`` has text, or where label or probabilities are empty.
        classes: The class names in the network's order, two or more.

    Raises:
        CxrError: A column is missing, a truth or label is no class, or a probability lies outside 0 to 1.
    """
    if len(classes) < 2:
        raise CxrError(f"'classes' must name two classes or more. Received: {classes}.")
    columns = [f"p_{name}" for name in classes]
    missing = [name for name in ("truth", "label", *columns) if name not in predictions]
    if missing:
        raise CxrError(
            f"A predictions table must have the columns {', '.join(['truth', 'label', *columns])} to be scored. "
            f"Missing: {', '.join(missing)}. Received: {', '.join(map(str, predictions.columns))}."
        )
    usable = _filled(predictions["truth"]) & _filled(predictions["label"]) & predictions[columns].notna().all(axis=1)
    if "error" in predictions:
        usable &= ~_filled(predictions["error"])
    table = predictions[usable]
    try:
        probability = table[columns].to_numpy(dtype="float64")
    except ValueError as error:
        raise CxrError(f"The columns {', '.join(columns)} must hold numbers. Received: {error}.") from None
    outside = probability[(probability < 0) | (probability > 1)]
    if len(outside):
        raise CxrError(f"Probabilities must lie between 0 and 1. Received: {outside[0]:g}; are these logits?")
    return Films(_codes(table["truth"], classes), _codes(table["label"], classes), probability, _clusters(table))


def _filled(column: pd.Series) -> pd.Series:
    return column.notna() & (column.astype(str).str.strip() != "")


def _codes(column: pd.Series, classes: list[str]) -> np.ndarray:
    codes = pd.Index([str(name) for name in classes]).get_indexer(column.astype(str))
    if (codes < 0).any():
        stranger = column.iloc[int(np.argmax(codes < 0))]
        raise CxrError(
            f"The column '{column.name}' must name the classes {', '.join(map(str, classes))}. Received: '{stranger}'."
        )
    return codes.astype("int64")


def _clusters(table: pd.DataFrame) -> np.ndarray:
    if "patient" not in table:
        return np.arange(len(table))
    known = _filled(table["patient"]).to_numpy()
    clusters = np.empty(len(table), dtype="int64")
    codes, patients = pd.factorize(table["patient"][known].astype(str))
    clusters[known] = codes
    clusters[~known] = len(patients) + np.arange((~known).sum())
    return clusters
