"""A folder of unknown films to a CSV file of labels, streamed: one row a file, whatever happens."""

import collections
import csv
import dataclasses
import io
import os
import pathlib
from collections.abc import Callable

import pandas as pd

from keras_cxr.data.film_paths import film_paths
from keras_cxr.data.table import relative_name
from keras_cxr.errors import CxrError
from keras_cxr.files import whole_file
from keras_cxr.lungs.source import masks_for
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.familiarity import FamiliarRun, with_familiarity
from keras_cxr.prediction.label_films import label_films
from keras_cxr.prediction.notes import control_notes
from keras_cxr.prediction.serving.choose import Choice
from keras_cxr.prediction.serving.runtimes import Run
from keras_cxr.prediction.table import UNFAMILIARITY, prediction_columns

# A name in the file system may hold line breaks, and bytes that are no UTF-8; Python carries these as surrogates.
_TEXT = {"encoding": "utf-8", "errors": "surrogateescape", "newline": ""}


@dataclasses.dataclass
class Summary:
    """What a prediction run came to: files by label, the failed ones, those that were done before, and notes."""

    labels: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    failures: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    skipped: int = 0
    notes: list[str] = dataclasses.field(default_factory=list)

    @property
    def files(self) -> int:
        """Files of this run, failures included."""
        return self.labels.total() + len(self.failures)


def predict(
    model: SavedModel,
    images: str | os.PathLike,
    output: str | os.PathLike,
    resume: bool = False,
    advance: Callable[[int], None] | None = None,
    lung_masks: str | os.PathLike | None = None,
    frontal_only: bool = False,
    run: Run | None = None,
) -> Summary:
    """Label every film of ``images`` and write the predictions table to ``output``.

    Rows go to ``<output>.partial`` as they are made; at the end it is renamed to ``output``.

    Args:
        model: The saved model.
        images: A folder (read recursively, natural order) or one film.
        output: The CSV file.
        resume: Keep the rows of ``<output>.partial``, or of ``output``, and label only the other films.
        advance: Called with the number of films after each chunk.
        lung_masks: Folder of mask files, for a model that sees lungs alone and carries no lung model.
        frontal_only: Give lateral films and other body parts no label, by their DICOM headers.
        run: Films to logits, of ``choose.choose`` or ``familiarity.with_familiarity``, whose films get the column
            ``unfamiliarity``; None: Keras, with that column where the model keeps what it needs.

    Raises:
        CxrError: No films, an output that cannot be written, or, resuming, rows of other classes.
    """
    root, paths = film_paths(images)
    output = pathlib.Path(output)
    if output.is_dir():
        raise CxrError(f"The output '{output}' is a folder; expected a CSV file, such as {output / 'predictions.csv'}.")
    masks = masks_for(model, lung_masks)
    run = run or with_familiarity(model, Choice("keras"))[0].run
    tells = isinstance(run, FamiliarRun)
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = output.with_name(output.name + ".partial")
    kept = _rows_before(partial, output, model.card.classes) if resume else ""
    rows = csv.DictReader(io.StringIO(kept, newline=""))
    done = {row["image"] for row in rows}
    # The columns of the rows that are kept decide.
    columns = list(rows.fieldnames or prediction_columns(model.card.classes, tells))
    summary = Summary(skipped=len(done), notes=[*control_notes(model), *_resumed(columns, tells)])
    # Whole or not at all: a kill while the network is being loaded must not cost the rows that are kept.
    with whole_file(partial) as temporary, open(temporary, "w", **_TEXT) as stream:
        stream.write(kept or _line(columns))
    with open(partial, "a", **_TEXT) as stream:
        todo = (path for path in paths if relative_name(path, root) not in done)
        for table in label_films(model, todo, masks=masks, frontal_only=frontal_only, run=run):
            table["image"] = [relative_name(path, root) for path in table["image"]]
            table.reindex(columns=columns).to_csv(stream, header=False, index=False, lineterminator="\n")
            stream.flush()
            _count(summary, table)
            if advance:
                advance(len(table))
    os.replace(partial, output)
    return summary


def _count(summary: Summary, table: pd.DataFrame) -> None:
    failed = table["error"] != ""
    summary.labels.update(table["label"][~failed])
    summary.failures += list(zip(table["image"][failed], table["error"][failed], strict=True))


def _line(values: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(values)
    return line.getvalue()


def _resumed(columns: list[str], tells: bool) -> list[str]:
    """A note where the kept rows have the column ``unfamiliarity`` and the further ones have no number for it, or
    the other way round."""
    if tells and UNFAMILIARITY not in columns:
        return [f"The rows that are kept have no column '{UNFAMILIARITY}': the further ones go without it too."]
    if not tells and UNFAMILIARITY in columns:
        return [f"The further rows have no '{UNFAMILIARITY}', which the rows that are kept have."]
    return []


def _rows_before(partial: pathlib.Path, output: pathlib.Path, classes: list[str]) -> str:
    """The whole lines of an earlier run; a kill may have torn the last one."""
    source = partial if partial.is_file() else output
    if not source.is_file():
        return ""
    with open(source, **_TEXT) as stream:
        text = stream.read()
    end = text.rfind("\n") + 1
    while text.count('"', 0, end) % 2:
        # The line break belongs to a name that is torn itself.
        end = text.rfind("\n", 0, end - 1) + 1
    text = text[:end]
    rows = csv.reader(io.StringIO(text, newline=""))
    if text and next(rows) not in (prediction_columns(classes), prediction_columns(classes, unfamiliarity=True)):
        raise CxrError(f"'{source}' has other columns than this model writes: it cannot be resumed. Choose another -o.")
    return text
