"""What a report is made from: tables that are ready to be shown."""

import dataclasses

import numpy as np
import pandas as pd

from keras_cxr.report.blocks import Film


@dataclasses.dataclass(frozen=True)
class Trained:
    """The record of a training.

    Attributes:
        card: What ``card.json`` holds.
        recipe: Text of ``recipe.yaml``, '' where there is none.
        history: ``history.csv``; None where there is none.
        films: ``class, split, films, patients``; None where there is no ``splits.csv``.
    """

    card: dict
    recipe: str = ""
    history: pd.DataFrame | None = None
    films: pd.DataFrame | None = None


@dataclasses.dataclass(frozen=True)
class Scored:
    """One data set as one model labelled it.

    Attributes:
        name: Of the data set.
        classes: In the network's order.
        multi_label: Whether a film may have any number of them.
        scored: Films that count.
        films: ``class, films, patients``, one row a class, and one for films that could not be read.
        counts: The confusion matrix (k, k); multi-label that of each finding (k, 2, 2). Rows are the truth.
        roc, precision_recall, reliability: Class → points of its curve.
        thresholds, net_benefit: The same of the classes that are decided by a threshold.
        shown: (caption, films) of the worst errors, the least certain and the most unfamiliar films, each with the
            training films nearest to it, where they were asked for.
        own: Whether the model was trained on this data set's other films; None where it is not known.
    """

    name: str
    classes: list[str]
    multi_label: bool
    scored: int
    films: pd.DataFrame
    counts: np.ndarray
    roc: dict[str, pd.DataFrame]
    precision_recall: dict[str, pd.DataFrame]
    reliability: dict[str, pd.DataFrame]
    thresholds: dict[str, pd.DataFrame]
    net_benefit: dict[str, pd.DataFrame]
    shown: list[tuple[str, list[Film]]] = dataclasses.field(default_factory=list)
    own: bool | None = None


@dataclasses.dataclass(frozen=True)
class ModelResults:
    """One model's part of an evaluation.

    Attributes:
        name: Of the model, or of the file of predictions.
        trained: Its training; None for predictions of another program.
        scored: Its data sets; none in the report of a training.
        tables: By name, those of ``scores``, ``subgroups``, ``confusions``, ``not_used``, ``shift``, ``remedies``,
            ``recalibration`` and ``probe`` that there are.
        notes: Lines for the user.
    """

    name: str
    trained: Trained | None = None
    scored: list[Scored] = dataclasses.field(default_factory=list)
    tables: dict[str, pd.DataFrame] = dataclasses.field(default_factory=dict)
    notes: list[str] = dataclasses.field(default_factory=list)

    def table(self, name: str, dataset: str | None = None) -> pd.DataFrame:
        """A table by its name, of one data set alone; empty where there is none."""
        table = self.tables.get(name, pd.DataFrame())
        if dataset is None or table.empty or "dataset" not in table:
            return table
        return table[table["dataset"] == dataset]

    @property
    def thresholds(self) -> dict[str, float]:
        """Class → threshold in use, of the card, or without one as the scores tell it."""
        card = self.trained.card if self.trained else {}
        if card.get("threshold") is not None:
            return {card["classes"][1]: card["threshold"]}
        scores = self.table("scores")
        if not card and self.scored and len(scores) and (scores["metric"] == "threshold").any():
            return {self.scored[0].classes[1]: float(scores["value"][scores["metric"] == "threshold"].iloc[0])}
        return card.get("thresholds") or {}


@dataclasses.dataclass(frozen=True)
class Contents:
    """A whole report.

    Attributes:
        title: Its heading.
        models: One or more.
        matrix: ``matrix.csv`` of several models; empty where there is none.
        notes: Lines for the user that are of no one model.
        account: How the results came to be: command, created, data, settings, versions; what is known of it.
    """

    title: str
    models: list[ModelResults]
    matrix: pd.DataFrame = dataclasses.field(default_factory=pd.DataFrame)
    notes: list[str] = dataclasses.field(default_factory=list)
    account: dict = dataclasses.field(default_factory=dict)
