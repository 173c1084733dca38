"""Several saved models on several data sets: an evaluation each, and trained on × tested on as one table and figure."""

import dataclasses
import pathlib
from collections.abc import Callable, Iterator

import pandas as pd

from keras_cxr.data.films import Film
from keras_cxr.data.kept_films import films_kept
from keras_cxr.data.table import Dataset, dataset_names
from keras_cxr.errors import CxrError
from keras_cxr.evaluation.matrix import matrix_table
from keras_cxr.files import write_csv
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.elsewhere.beside import TABLES, clear_beside
from keras_cxr.prediction.evaluate import MATRIX, NothingToScore, evaluate
from keras_cxr.prediction.evaluated_card import remove_evaluated_card
from keras_cxr.prediction.notes import write_notes
from keras_cxr.prediction.own_films import was_trained_on, with_content
from keras_cxr.prediction.scoring import Evaluation
from keras_cxr.prediction.serving.quiet import one_by_one
from keras_cxr.prediction.serving.runtimes import Run
from keras_cxr.report.matrix import matrix_figure

DATASETS = "datasets"
# What an evaluation of one model writes, which would be taken for this one's.
_OF_ONE = ("predictions.csv", "subgroups.csv", "confusions.csv", "not_used.csv")


@dataclasses.dataclass
class Matrix:
    """What an evaluation of several models found.

    Attributes:
        table: See ``evaluation.matrix.MATRIX_COLUMNS``.
        scores: Scores table of all models and data sets.
        beside: By name, the tables of ``elsewhere.beside.TABLES`` that there are, of all models.
        evaluations: By the model's name; a model of which nothing could be scored is not there.
        notes: Lines for the user.
    """

    table: pd.DataFrame
    scores: pd.DataFrame
    beside: dict[str, pd.DataFrame]
    evaluations: dict[str, Evaluation]
    notes: list[str]


@one_by_one()
@films_kept()
def evaluate_matrix(
    models: dict[str, SavedModel],
    datasets: list[Dataset],
    output: pathlib.Path,
    find_run: Callable[[SavedModel, Iterator[Film]], Run | None] | None = None,
    **settings,
) -> Matrix:
    """Score every model on every data set, and write ``output``.

    ``output`` gets a folder a model with all that ``evaluate`` writes, and scores.csv, matrix.csv, matrix.png, .svg,
    notes.txt and the tables of ``elsewhere.beside.TABLES`` of all models. A model's own data are scored on its own test
    split; a cell without a film to score stays empty, and a note says why. Films that several models prepare alike are
    decoded once, see ``data.kept_films``.

    Args:
        models: By the names of ``model_names.name_apart``; they may know different classes.
        datasets: Data sets to score.
        output: Folder.
        find_run: As for ``evaluate``; it is told the model too.
        settings: Handed on to ``evaluate``.

    Raises:
        CxrError: Nothing can be scored at all.
        UsageError: As ``evaluate``.
    """
    # Each model asks which of the films it has seen: they are hashed once for all.
    datasets = [with_content(dataset) for dataset in datasets]
    by_name = dict(zip(dataset_names(datasets), datasets, strict=True))
    evaluations, notes, cells = {}, {}, []
    for name, model in models.items():
        named = dataclasses.replace(model, card=dataclasses.replace(model.card, name=name))
        seen = {one: was_trained_on(model, dataset.table) for one, dataset in by_name.items()}
        trained_on = _trained_on(model, [one for one in seen if seen[one]])
        cells += [{"model": name, "trained_on": trained_on, "dataset": one, "seen": seen[one]} for one in by_name]

        def find(films: Iterator[Film], model: SavedModel = model) -> Run | None:
            return find_run(model, films) if find_run else None

        try:
            evaluations[name] = evaluate(named, datasets, output / name, find_run=find, pass_over=True, **settings)
            notes[name] = evaluations[name].notes
        except NothingToScore as fault:
            notes[name] = fault.notes
    if not evaluations:
        raise CxrError("No model can be scored on any of these data sets. " + " ".join(_together(notes)))
    scores = pd.concat([evaluation.scores for evaluation in evaluations.values()], ignore_index=True)
    table = matrix_table(pd.DataFrame(cells), scores)
    matrix = Matrix(table, scores, _beside(evaluations), evaluations, _together(notes))
    _write(matrix, output)
    return matrix


def _trained_on(model: SavedModel, seen: list[str]) -> str:
    """The names of the data that a model was trained on: as its card lists them, as here, or of their folder."""
    return " + ".join(model.card.data.get(DATASETS) or seen or [pathlib.Path(model.card.data["folder"]).name])


def _beside(evaluations: dict[str, Evaluation]) -> dict[str, pd.DataFrame]:
    """The tables that each evaluation has beside its scores, one below the other, the model behind the data set."""
    joined = {}
    for name in TABLES:
        tables = [one.beside[name].assign(model=model) for model, one in evaluations.items() if name in one.beside]
        if tables:
            table = pd.concat(tables, ignore_index=True)
            first = ["dataset", "model"]
            joined[name] = table[[*first, *(column for column in table if column not in first)]]
    return joined


def _together(notes: dict[str, list[str]]) -> list[str]:
    """The notes that all models have, once; then those of some, by name."""
    common = [note for note in next(iter(notes.values())) if all(note in found for found in notes.values())]
    own = [f"{name}: {note}" for name, found in notes.items() for note in found if note not in common]
    return list(dict.fromkeys([*common, *own]))


def _write(matrix: Matrix, output: pathlib.Path) -> None:
    table_file, *figures = MATRIX
    write_csv(output / "scores.csv", matrix.scores)
    write_csv(output / table_file, matrix.table)
    for figure in figures:
        matrix_figure(matrix.table, output / figure)
    clear_beside(output)
    for name, table in matrix.beside.items():
        write_csv(output / f"{name}.csv", table)
    write_notes(output, matrix.notes)
    for file in _OF_ONE:
        (output / file).unlink(missing_ok=True)
    remove_evaluated_card(output)
