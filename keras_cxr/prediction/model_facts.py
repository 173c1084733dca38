"""What a saved model cost: its parameters, and the epochs and seconds of its training."""

import pandas as pd

from keras_cxr.models.saved_model import HISTORY, SavedModel


def model_facts(model: SavedModel) -> dict[str, str | float | None]:
    """The facts of one model for a comparison.

    Returns:
        ``architecture``; ``input size`` in pixels; ``parameters``, all of them; ``epochs``; ``seconds an epoch``, the
        mean over ``history.csv`` or, without it, over the card. What is not recorded is None.

    Raises:
        CxrError: The parameters must be counted and the network cannot be loaded.
    """
    card = model.card
    epochs, seconds = _training(model)
    return {
        "architecture": card.architecture,
        "input size": card.preprocessing.get("size"),
        "parameters": card.training.get("parameters") or model.network().count_params(),
        "epochs": epochs,
        "seconds an epoch": seconds,
    }


def _training(model: SavedModel) -> tuple[int | None, float | None]:
    file = model.folder / HISTORY
    if file.is_file():
        history = pd.read_csv(file)
        if len(history) and "seconds" in history:
            return len(history), round(float(history["seconds"].mean()), 2)
    epochs, seconds = model.card.training.get("epochs"), model.card.training.get("seconds")
    return epochs, round(seconds / epochs, 2) if epochs and seconds else None
