"""The validation films of a saved model: a threshold for a sensitivity is chosen on them alone, never on test films."""

import pathlib

import pandas as pd

from keras_cxr.data.lungs import LungMasks
from keras_cxr.data.record import read_splits
from keras_cxr.data.table import Dataset
from keras_cxr.models.saved_model import SPLITS, SavedModel
from keras_cxr.prediction.decision import Decision, with_sensitivity
from keras_cxr.prediction.label_films import label_films
from keras_cxr.prediction.own_films import find_again
from keras_cxr.prediction.serving.runtimes import Run


def validation_films(model: SavedModel, datasets: list[Dataset]) -> pd.DataFrame:
    """The validation films that are at hand, known by content: where the model was trained, or in the data sets.

    Returns:
        ``path`` and ``label``, one row a film; empty where none is at hand or the model has no ``splits.csv``.
    """
    file, none = model.folder / SPLITS, pd.DataFrame(columns=["path", "label"])
    if not file.is_file():
        return none
    splits = read_splits(file)
    films = splits[splits["split"] == "val"].drop_duplicates("sha256")
    films = films.assign(path=find_again(model, films, datasets, every=True))
    return films.loc[films["path"].notna() & films["label"].isin(model.card.classes), ["path", "label"]]


def decide(
    model: SavedModel,
    datasets: list[Dataset],
    sensitivity: float | None,
    masks: LungMasks | None = None,
    run: Run | None = None,
) -> tuple[Decision, list[str]]:
    """The model's own operating point and, where one is asked for, that of a sensitivity on the validation films.

    Args:
        model: The saved model; its card's threshold and temperature are taken as they are.
        datasets: Where validation films may lie, if they are no more where the model was trained.
        sensitivity: Above 0, at most 1; None for none.
        masks, run: See ``label_films``.

    Returns:
        The decision, and notes for the user: on what the threshold was chosen, or why there is none.
    """
    card = model.card
    own = {"temperature": card.temperature, "films": int(card.scores[0]["n"]) if card.scores else 0}
    if card.threshold is not None:
        own["threshold"] = card.threshold
    if card.thresholds is not None:
        own["thresholds"] = card.thresholds
    if sensitivity is None:
        return Decision(**own), []
    films = validation_films(model, datasets)
    if len(films):
        table = pd.concat(list(label_films(model, films["path"], masks=masks, run=run)), ignore_index=True)
        table = table.assign(truth=films["label"].to_numpy())
        decision, note = with_sensitivity(Decision(**own), table, card.classes, sensitivity, f"of {card.name}")
        return decision, [note]
    where = pathlib.Path(card.data["folder"])
    return Decision(**own), [
        f"--at-sensitivity {sensitivity:g} is passed over: no validation film of {card.name} is at hand (looked in "
        f"'{where}' and in the data sets), and a threshold is not chosen on the films that are scored."
    ]
