"""Data sets that a saved model is scored on to remedies, recalibration and shortcut probe, with their figures."""

import dataclasses
import os
import pathlib
from collections.abc import Callable

import pandas as pd

from keras_cxr.data.lungs import LungMasks
from keras_cxr.data.table import Dataset
from keras_cxr.data.views import VIEWS
from keras_cxr.errors import CxrError, UsageError
from keras_cxr.evaluation.recalibration import RECALIBRATION_COLUMNS
from keras_cxr.evaluation.remedies import REMEDIES_COLUMNS
from keras_cxr.evaluation.shortcuts import PROBE_COLUMNS
from keras_cxr.evaluation.task import MULTI_LABEL
from keras_cxr.files import write_csv
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.elsewhere.films_at_hand import FilmsAtHand, films_at_hand
from keras_cxr.prediction.elsewhere.probe import probe
from keras_cxr.prediction.elsewhere.recalibrate import recalibration
from keras_cxr.prediction.elsewhere.remedies import remedies_named
from keras_cxr.prediction.elsewhere.try_remedies import remedies
from keras_cxr.prediction.own_films import was_trained_on
from keras_cxr.prediction.serving.runtimes import Run
from keras_cxr.report.probe import probe_figure, view_examples
from keras_cxr.report.recalibration import recalibration_figure
from keras_cxr.report.remedies import remedies_figure


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What to try.

    Attributes:
        remedies: Names of remedies, on data sets that the model was not trained on; True: every one.
        recalibrate_with: The largest number of labelled films, on the same sets; None for none.
        probe: The shortcut probe, on every data set.
        lungs_model: Folder of a lung model that finds the lungs.
    """

    remedies: bool | tuple[str, ...] = False
    recalibrate_with: int | None = None
    probe: bool = False
    lungs_model: str | os.PathLike | None = None

    def __bool__(self) -> bool:
        return bool(self.remedies) or self.probe or self.recalibrate_with is not None

    def check(self, classes: list[str]) -> None:
        """Hold the settings against the classes.

        Raises:
            UsageError: Fewer labelled films asked for than two a class; a remedy that there is not.
        """
        remedies_named(self.remedies)
        least = 2 * len(classes)
        if self.recalibrate_with is not None and self.recalibrate_with < least:
            raise UsageError(
                f"--recalibrate-with must be {least} films or more, two a class. Received: {self.recalibrate_with}."
            )


@dataclasses.dataclass
class Done:
    """What was found; the tables are those of the files, empty where nothing was tried.

    Attributes:
        remedies, recalibration, probe: See ``REMEDIES_COLUMNS``, ``RECALIBRATION_COLUMNS`` and ``PROBE_COLUMNS``.
        notes: Lines for the user.
    """

    remedies: pd.DataFrame
    recalibration: pd.DataFrame
    probe: pd.DataFrame
    notes: list[str]


COLUMNS = {"remedies": REMEDIES_COLUMNS, "recalibration": RECALIBRATION_COLUMNS, "probe": PROBE_COLUMNS}


def what_can_be_done(
    model: SavedModel,
    sets: dict[str, tuple[Dataset, pd.DataFrame]],
    output: pathlib.Path,
    wanted: Wanted,
    run: Run | None = None,
    lung_masks: str | os.PathLike | LungMasks | None = None,
    advance: Callable[[int], None] | None = None,
) -> Done:
    """Try what is wanted and write ``output``: remedies.csv, recalibration.csv, probe.csv, and figures of each.

    Args:
        model: The saved model.
        sets: Name in the tables → data set, and its rows to score.
        output: Folder.
        wanted: What to try.
        run: Films to logits; None: Keras.
        lung_masks: Folder of mask files, named as the films, or the masks.
        advance: Called with the number of films after each batch that passed the network.

    Raises:
        UsageError: See ``Wanted.check``.
        CxrError: The masks' folder or the lung model is not there.
    """
    wanted.check(model.card.classes)
    clear_tries(output)
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in COLUMNS}
    notes: list[str] = []
    if wanted and model.card.task == MULTI_LABEL:
        notes.append(f"Remedies, recalibration and probe are for one class a film; {model.card.name} is multi-label.")
        sets = {}
    for name, (dataset, rows) in sets.items() if wanted else ():
        films = films_at_hand(model, dataset, rows, name, run, lung_masks, wanted.lungs_model, advance)
        if was_trained_on(model, rows):
            if wanted.remedies or wanted.recalibrate_with is not None:
                notes.append(f"Remedies are not tried on {name}: {model.card.name} was trained on this data set.")
        else:
            notes += _try(films, wanted, tables, output, "" if len(sets) == 1 else f"_{name}")
        if wanted.probe:
            notes += _probe(films, tables, output, "" if len(sets) == 1 else f"_{name}")
    whole = {}
    for name, parts in tables.items():
        whole[name] = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS[name])
        if parts:
            write_csv(output / f"{name}.csv", whole[name])
    return Done(**whole, notes=notes)


def clear_tries(folder: pathlib.Path) -> None:
    """Take away what an earlier evaluation has written, which would be taken for this one's."""
    for name in COLUMNS:
        for file in (folder / f"{name}.csv", *folder.glob(f"{name}*.png")):
            file.unlink(missing_ok=True)


def _try(films: FilmsAtHand, wanted: Wanted, tables: dict, output: pathlib.Path, suffix: str) -> list[str]:
    notes = []
    if wanted.remedies:
        table, found = remedies(films, remedies_named(wanted.remedies))
        notes += found
        if len(table):
            tables["remedies"].append(table)
            remedies_figure(table, output / f"remedies{suffix}.png")
    if wanted.recalibrate_with is not None:
        table, found = recalibration(films, wanted.recalibrate_with)
        notes += found
        if len(table):
            tables["recalibration"].append(table)
            recalibration_figure(table, output / f"recalibration{suffix}.png")
    return notes


def _probe(films: FilmsAtHand, tables: dict, output: pathlib.Path, suffix: str) -> list[str]:
    try:
        table, examples, notes = probe(films)
    except CxrError as reason:
        return [str(reason)]
    tables["probe"].append(table)
    probe_figure(table, output / f"probe{suffix}.png")
    view_examples(examples, list(VIEWS), output / f"probe_films{suffix}.png")
    return notes
