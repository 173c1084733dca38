"""Several saved models on the same films, which none of them was trained on: one table, one figure."""

import dataclasses
import os
import pathlib
from collections.abc import Callable

import pandas as pd

from keras_cxr.data.table import Dataset
from keras_cxr.errors import CxrError, UsageError, unknown_name
from keras_cxr.evaluation.paired import common_films, compare_predictions, compared_metrics
from keras_cxr.evaluation.scores import score
from keras_cxr.files import write_csv, write_text
from keras_cxr.models.saved_model import SavedModel, require_one_class
from keras_cxr.prediction.evaluate import known_films
from keras_cxr.prediction.label_films import with_truth
from keras_cxr.prediction.label_together import label_together
from keras_cxr.prediction.model_facts import model_facts
from keras_cxr.prediction.model_names import name_apart
from keras_cxr.prediction.serving.choose import Choice
from keras_cxr.prediction.serving.runtime_record import FOLDER
from keras_cxr.prediction.serving.runtimes import find
from keras_cxr.report.comparison import comparison_figure
from keras_cxr.report.comparison_page import comparison_page


@dataclasses.dataclass
class Comparison:
    """What a comparison found.

    Attributes:
        models: One row a model: what it is, what it cost, its scores each as value, low and high.
        scores: Scores table of the compared scores.
        differences: Every other model against the reference; see ``evaluation.paired.DIFFERENCES_COLUMNS``.
        notes: Lines for the user.
    """

    models: pd.DataFrame
    scores: pd.DataFrame
    differences: pd.DataFrame
    notes: list[str]


def name_models(models: list[SavedModel], reference: str | None = None) -> tuple[dict[str, SavedModel], str]:
    """Names by which the models can be told apart, and that of the reference.

    Args:
        models: Two or more of the same classes.
        reference: A name or a folder; None: the first.

    Raises:
        UsageError: Fewer than two models, one given twice, models of different classes, or an unknown reference.
    """
    if len(models) < 2:
        received = ", ".join(str(model.folder) for model in models) or "none"
        raise UsageError(f"Give two models or more to compare. Received: {received}.")
    by_name = name_apart(models)
    for model in models:
        require_one_class(model, "A comparison")
        if model.card.classes != models[0].card.classes:
            raise UsageError(
                f"Models of the same classes can be compared. {models[0].card.name} knows "
                f"{', '.join(models[0].card.classes)}; {model.card.name} knows {', '.join(model.card.classes)}."
            )
    names = list(by_name)
    if reference is None:
        return by_name, names[0]
    for name, model in by_name.items():
        if reference == name or pathlib.Path(reference).resolve() == model.folder.resolve():
            return by_name, name
    raise unknown_name("--reference", reference, names)


def compare(
    models: dict[str, SavedModel],
    choices: dict[str, Choice],
    reference: str,
    dataset: Dataset,
    output: pathlib.Path,
    lung_masks: str | os.PathLike | None = None,
    advance: Callable[[int], None] | None = None,
) -> Comparison:
    """Score the models on the same films of a labelled data set and write ``output``.

    Written are comparison.csv (one row a model), differences.csv, predictions-<model>.csv, comparison.png and .svg,
    and comparison.md.

    Args:
        models: Name → saved model, of ``name_models``.
        choices: Name → runtime, of ``choose.choose``.
        reference: One of the names.
        dataset: The films; those that any model was trained on or stopped by are left out, by content.
        output: Folder.
        lung_masks: Folder of mask files, for models that see lungs alone and carry no lung model.
        advance: Called with the number of films after each chunk of each model.

    Raises:
        CxrError: No film is left, or none that every model can read.
    """
    classes = models[reference].card.classes
    films, notes = unseen_films(models, dataset)
    runs = {
        name: choices[name].run
        or find("keras").load(model.folder / FOLDER, "float32", model.card.preprocessing["size"])
        for name, model in models.items()
    }
    predictions, speeds = label_together(models, runs, list(films["path"]), lung_masks, advance)
    predictions = {name: with_truth(table, films, dataset.root) for name, table in predictions.items()}
    common, unread = common_films(predictions, classes)
    if unread:
        notes.append(f"Left out of every model's scores, as a model could not read them: {unread} films.")
    name = dataset.root.name
    scores = pd.concat([score(table, classes, name, model) for model, table in common.items()], ignore_index=True)
    scores = scores[scores["metric"].isin(compared_metrics(classes))].reset_index(drop=True)
    rows = [
        {"model": model, **model_facts(models[model]), "runtime": choices[model].name}
        | {"films a second": round(speeds[model], 1)}
        for model in models
    ]
    comparison = Comparison(
        _with_scores(pd.DataFrame(rows), scores),
        scores,
        compare_predictions(common, classes, reference, name),
        notes,
    )
    _write(comparison, predictions, output, reference)
    return comparison


def unseen_films(models: dict[str, SavedModel], dataset: Dataset) -> tuple[pd.DataFrame, list[str]]:
    """The films of a data set that every model may be scored on, and notes: how many are left out and why.

    Raises:
        CxrError: None is left.
    """
    notes, chosen, left = [*dataset.notes, *dataset.faults], dataset.table, []
    for name, model in models.items():
        try:
            films, found = known_films(model, dataset, None)
        except CxrError as fault:
            # Evaluate may be told to score training films all the same; a comparison may not.
            raise CxrError(str(fault).replace("Try --split all.", "Give films that no model has seen.")) from fault
        notes += found
        chosen = chosen[chosen.index.isin(films.index)]
        left.append(f"{len(dataset.table) - len(films)} by {name}")
    if not len(chosen):
        raise CxrError(
            f"No film of '{dataset.root}' is left to compare by, without those that a model was trained on or cannot "
            f"know ({', '.join(left)}, of {len(dataset.table)}). Give other films, or train on the same splits."
        )
    if len(chosen) < len(dataset.table):
        notes.append(
            f"{len(chosen)} of {len(dataset.table)} films of {dataset.root.name} are compared; left out, as seen in "
            f"training or of another label: {', '.join(left)}."
        )
    return chosen, list(dict.fromkeys(notes))


def _with_scores(rows: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """The rows with columns ``<metric>``, ``<metric> low``, ``<metric> high`` and ``films``."""
    rows = rows.copy()
    for metric, part in scores.groupby("metric", sort=False):
        by_model = part.set_index("model").loc[rows["model"]]
        for column, suffix in (("value", ""), ("low", " low"), ("high", " high")):
            rows[f"{metric}{suffix}"] = by_model[column].to_numpy()
    rows["films"] = scores.groupby("model")["n"].first().loc[rows["model"]].to_numpy()
    return rows


def _write(comparison: Comparison, predictions: dict[str, pd.DataFrame], output: pathlib.Path, reference: str) -> None:
    for model, table in predictions.items():
        write_csv(output / f"predictions-{model}.csv", table)
    write_csv(output / "comparison.csv", comparison.models)
    write_csv(output / "differences.csv", comparison.differences)
    for form in ("png", "svg"):
        comparison_figure(comparison.scores, comparison.differences, reference, output / f"comparison.{form}")
    write_text(output / "comparison.md", comparison_page(comparison.models, comparison.differences, comparison.notes))
