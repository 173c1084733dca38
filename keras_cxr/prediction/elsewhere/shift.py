"""Why a score does not carry over: in what each outside data set differs from the films of the model's training."""

import pathlib
from collections.abc import Callable

import numpy as np
import pandas as pd

from keras_cxr.data.lungs import LungMasks
from keras_cxr.data.source import patient_groups
from keras_cxr.data.table import Dataset
from keras_cxr.errors import UsageError
from keras_cxr.evaluation.shift import SHIFT_COLUMNS, shift_table
from keras_cxr.evaluation.shift_answers import calibration_rows, unfamiliarity_rows
from keras_cxr.evaluation.shift_labels import age_row, class_rows, group_rows
from keras_cxr.evaluation.shift_pictures import TOLD_APART, WITHOUT_LUNGS, pixel_rows, told_apart_row
from keras_cxr.evaluation.telling_apart import tell_apart
from keras_cxr.lungs.source import lung_masks as masks_from
from keras_cxr.models.saved_model import Card, SavedModel
from keras_cxr.prediction.elsewhere.looks import Looker, Looks
from keras_cxr.prediction.elsewhere.reference_films import reference_films, training_labels
from keras_cxr.prediction.familiarity import FamiliarRun
from keras_cxr.prediction.own_films import is_own, own_splits
from keras_cxr.prediction.serving.runtimes import FeatureRun
from keras_cxr.prediction.table import UNFAMILIARITY
from keras_cxr.report.shift import shift_figure

MOST = 1000  # films of a set that are looked at
FEWEST = 20  # below which nothing is told from pictures
TRAITS = ("view", "sex", "age")
SIZES = ["width", "height", "aspect"]


def shift_section(
    model: SavedModel,
    datasets: dict[str, Dataset],
    films: dict[str, pd.DataFrame],
    predictions: dict[str, pd.DataFrame],
    run: FamiliarRun | FeatureRun,
    output: pathlib.Path,
    lung_masks: LungMasks | None = None,
    masks: LungMasks | None = None,
    advance: Callable[[int], None] | None = None,
) -> tuple[pd.DataFrame, list[str]]:
    """Hold each outside data set against the films of the training; draw ``shift.png`` and ``.svg`` into ``output``.

    The reference are up to 1,000 films of the training that are at hand, those of its validation first; of an outside
    set up to 1,000 films are looked at, drawn by chance. Shares of labels are of all films.

    Args:
        model: The saved model.
        datasets: By name, as they were read. Those that the model was trained on are no outside sets, but tell the
            views, sexes and ages of the training.
        films: By name, the rows that were scored.
        predictions: By name, what the model says of these rows, with ``truth`` and ``patient``, and with
            ``unfamiliarity`` where it is known.
        run: Films to vectors and logits, such as a ``prediction.embedding.embed.Embedder``, or a ``FamiliarRun``.
        output: Folder of the figure.
        lung_masks: The lungs of reference and outside films, see ``masks_to_cover``; None: not looked at without.
        masks: Of a model that sees lungs alone; see ``label_films``.
        advance: Called with the number of films after each batch.

    Returns:
        A table of ``evaluation.shift.SHIFT_COLUMNS``, empty where no data set is outside or the training's films are
        not known; and notes for the user: what was not measured, and why.
    """
    own = {name: own_splits(model, datasets[name].table) for name in predictions}
    outside = [name for name, splits in own.items() if splits is None or not is_own(splits)]
    labels, none = training_labels(model), pd.DataFrame(columns=SHIFT_COLUMNS)
    if not outside or not len(labels):
        lacking = f"{model.card.name} has no splits.csv: outside films are not held against those of its training."
        return none, [lacking] if outside else []
    inside = [datasets[name].table[own[name].isin(["train", "val"])] for name in predictions if name not in outside]
    training = pd.concat([labels[["label"]], *(table[table.columns.intersection(TRAITS)] for table in inside)])
    look = Looker(model, run, masks, None if _sees_lungs_alone(model) else lung_masks, advance)
    at_hand = reference_films(model, list(datasets.values()), MOST)
    reference = look(at_hand) if len(at_hand) >= FEWEST else None
    tables, notes = [], _without_reference(model) if reference is None else []
    for name in outside:
        rows = _picture_rows(reference, look, films[name]) if reference is not None else []
        rows += _label_rows(training, films[name], model.card)
        rows += _answer_rows(predictions[name], model.card)
        tables.append(shift_table(rows, name, f"{pathlib.Path(model.card.data['folder']).name} (training)"))
        notes += _not_told(name, predictions[name], films[name], training)
        if reference is not None and f"{TOLD_APART}{WITHOUT_LUNGS}" not in set(tables[-1]["item"]):
            notes.append(_without_masks(model, name, lung_masks))
    table = pd.concat(tables, ignore_index=True)
    if table["item"].str.startswith(TOLD_APART).any():
        shift_figure(table, _unfamiliarity(reference, predictions, outside), output / "shift.png")
    return table, list(dict.fromkeys(notes))


def masks_to_cover(
    datasets: dict[str, Dataset],
    folder: str | pathlib.Path | None = None,
    lungs_model: str | pathlib.Path | None = None,
) -> LungMasks | None:
    """Lung masks of outside and training films: of a lung model, else of a folder, else those that data sets name.

    A model's are best: masks from different hands tell the sets apart by themselves.

    Args:
        datasets: By name.
        folder: Mask files, found by the films' base names.
        lungs_model: A lung model's folder.

    Returns:
        None where there is no source.

    Raises:
        CxrError: The folder or the model cannot be read.
    """
    known = {}
    for dataset in datasets.values():
        if "mask" in dataset.table:
            known |= dict(zip(dataset.table["path"], dataset.table["mask"], strict=True))
    try:
        return masks_from("mask", None if lungs_model else folder, lungs_model, known)
    except UsageError:
        return None


def _picture_rows(reference: Looks, look: Looker, films: pd.DataFrame) -> list[dict]:
    if len(films) < FEWEST:
        return []
    drawn = films.sample(min(MOST, len(films)), random_state=0)
    sets = reference, look(drawn.assign(patient=patient_groups(drawn)))
    seen = {
        "embedding": [one.vectors for one in sets],
        "pixel statistics": [one.facts.to_numpy() for one in sets],
        "gray levels": [one.facts.drop(columns=SIZES).to_numpy() for one in sets],
    }
    if all(one.covered is not None for one in sets):
        seen[WITHOUT_LUNGS] = [one.covered for one in sets]
    rows = []
    for by, features in seen.items():
        known = [np.isfinite(one).all(axis=1) for one in features]
        if min(rows_known.sum() for rows_known in known) < FEWEST:
            continue
        patients = [one.films["patient"].to_numpy(str) for one in sets]
        area = tell_apart(
            *(one[good] for parts in (features, patients) for one, good in zip(parts, known, strict=True))
        )
        rows += [told_apart_row(by, area)] if area else []
    return rows + pixel_rows(*(one.facts for one in sets))


def _label_rows(training: pd.DataFrame, outside: pd.DataFrame, card: Card) -> list[dict]:
    rows = class_rows(training["label"].dropna(), outside["label"], card.classes, card.task)
    for column in ("view", "sex"):
        if column in training and column in outside:
            rows += group_rows(column, training[column], outside[column])
    return rows + (age_row(training["age"], outside["age"]) if "age" in training and "age" in outside else [])


def _answer_rows(predictions: pd.DataFrame, card: Card) -> list[dict]:
    rows = unfamiliarity_rows(predictions, card.classes, card.task) if UNFAMILIARITY in predictions else []
    return rows + calibration_rows(predictions, card.classes, card.task)


def _unfamiliarity(reference: Looks, predictions: dict[str, pd.DataFrame], outside: list[str]) -> dict[str, np.ndarray]:
    """By set, the reference first, what the histogram shows; empty where it is not known of the reference."""
    if reference.unfamiliarity is None:
        return {}
    validation = (reference.films["split"] == "val").to_numpy()
    found = {"validation films": reference.unfamiliarity[validation]} if validation.any() else {}
    told = {name: predictions[name] for name in outside if UNFAMILIARITY in predictions[name]}
    return found | {name: part[UNFAMILIARITY].dropna().to_numpy(float) for name, part in told.items()}


def _sees_lungs_alone(model: SavedModel) -> bool:
    return model.card.preprocessing.get("lungs", "none") != "none"


def _without_reference(model: SavedModel) -> list[str]:
    return [
        f"The films of {model.card.name}'s training are not at hand (looked in '{model.card.data['folder']}' and in "
        "the data sets): pictures are not held against them."
    ]


def _without_masks(model: SavedModel, name: str, lung_masks: LungMasks | None) -> str:
    if _sees_lungs_alone(model):
        why = f"{model.card.name} sees the lungs alone."
    elif lung_masks is None:
        why = "that needs lung masks of both: give --lungs-model FOLDER, or --lung-masks FOLDER."
    else:
        why = f"fewer than {FEWEST} films of one of them have a lung mask. --lungs-model FOLDER finds the lungs."
    return f"Not measured: whether {name} and the training are told apart with the lungs covered; {why}"


def _not_told(name: str, predictions: pd.DataFrame, films: pd.DataFrame, training: pd.DataFrame) -> list[str]:
    notes = []
    if UNFAMILIARITY not in predictions:
        notes.append(
            f"Not measured: how unfamiliar the films of {name} are; the model or its runtime does not tell it."
        )
    if lacking := [column for column in TRAITS if column in films and column not in training]:
        notes.append(
            f"Not compared for {name}: {', '.join(lacking)}, which a model does not keep of its training. Give the "
            "training's folder as a further DATA, where it tells them."
        )
    return notes
