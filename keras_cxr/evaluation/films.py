"""The films of a predictions table that can be scored, as arrays."""

import dataclasses

import numpy as np
import pandas as pd

from keras_cxr.errors import CxrError
from keras_cxr.evaluation.findings import findings_in, indicators
from keras_cxr.evaluation.task import MULTI_LABEL, ONE_CLASS


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

    @property
    def positive(self) -> np.ndarray:
        """(n, k) bool, whether a film is of a class."""
        return self.truth[:, None] == np.arange(self.probability.shape[1])

    @property
    def decided(self) -> np.ndarray:
        """(n, k) bool, whether a film is called of a class."""
        return self.label[:, None] == np.arange(self.probability.shape[1])

    @property
    def ranked(self) -> list[int]:
        """The classes that have a curve of their own: of two the second, of more each."""
        k = self.probability.shape[1]
        return [1] if k == 2 else list(range(k))


class FindingFilms(Films):
    """Films that have any number of the classes: ``truth`` and ``label`` are (n, k) bool."""

    @property
    def positive(self) -> np.ndarray:
        """(n, k) bool, whether a film has a finding."""
        return self.truth

    @property
    def decided(self) -> np.ndarray:
        """(n, k) bool, whether a film is said to have a finding."""
        return self.label

    @property
    def ranked(self) -> list[int]:
        """Every class."""
        return list(range(self.probability.shape[1]))


def scored_films(predictions: pd.DataFrame, classes: list[str], task: str = ONE_CLASS) -> Films:
    """Read the films that can be scored; failed rows and rows without truth are left out.

    Args:
        predictions: A predictions table: ``truth``, ``label``, ``p_<class>`` for every class; ``patient`` and
            ``error`` where known. A row fails where ``error`` has text, or where label or probabilities are empty.
        classes: The class names in the network's order, two or more.
        task: Of ``evaluation.task``. Multi-label, truth and label are texts such as 'Effusion|Mass' and
            'No Finding', and findings of the truth that are no class are passed over.

    Returns:
        The films; multi-label, ``FindingFilms``.

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
    form, read_truth, read_label = _FORMS[task]
    return form(read_truth(table["truth"], classes), read_label(table["label"], classes), probability, _clusters(table))


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


def _decisions(column: pd.Series, classes: list[str]) -> np.ndarray:
    known = {str(name).lower() for name in classes}
    for text in column.astype(str).unique():
        if strange := [name for name in findings_in(text) if name.lower() not in known]:
            raise CxrError(
                f"The column '{column.name}' must list findings of {', '.join(classes)}, such as "
                f"'{'|'.join(classes[:2])}'. Received: '{strange[0]}'."
            )
    return indicators(column, classes)


def _clusters(table: pd.DataFrame) -> np.ndarray:
    if "patient" not in table:
        return np.arange(len(table))
    known = _filled(table["patient"]).to_numpy()
    clusters = np.empty(len(table), dtype="int64")
    codes, patients = pd.factorize(table["patient"][known].astype(str))
    clusters[known] = codes
    clusters[~known] = len(patients) + np.arange((~known).sum())
    return clusters


# By task: the form of the films, how their truth is read, and how their label.
_FORMS = {ONE_CLASS: (Films, _codes, _codes), MULTI_LABEL: (FindingFilms, indicators, _decisions)}
