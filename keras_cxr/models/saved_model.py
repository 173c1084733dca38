"""The saved-model folder: network, card and record of one training; every command needs only its path."""

import dataclasses
import json
import os
import pathlib

from keras_cxr.errors import CxrError, UsageError
from keras_cxr.evaluation.task import MULTI_LABEL, ONE_CLASS
from keras_cxr.files import write_json

# Form 2 has ``task`` and ``thresholds``: a program that does not know them would take a multi-label network's findings
# for classes of which a film has one.
CARD_VERSION = 2
KIND = "classifier"
# The key of a card's ``training`` that is true of a control with permuted labels.
PERMUTED = "permuted_labels"
CARD, NETWORK, RECIPE, SPLITS, HISTORY, FIGURES = (
    "card.json",
    "model.keras",
    "recipe.yaml",
    "splits.csv",
    "history.csv",
    "figures",
)


@dataclasses.dataclass
class Card:
    """What a saved network is, and how its outputs are to be read.

    Attributes:
        name: Of the model, that of its folder.
        created: ISO date and time of the training's end, UTC.
        architecture: Name in the registry.
        classes: In the network's order; of two, the second is the positive one.
        threshold: For two classes: a film is positive where its calibrated probability reaches it; None otherwise.
        task: 'one of the classes', or 'multi-label': a film has any number of the classes, each with a sigmoid.
        thresholds: Multi-label, of each class: a film has it where its calibrated probability reaches it; else None.
        temperature: Logits are divided by it before the sigmoid or softmax (Guo et al. 2017).
        preprocessing: How a film becomes the network's input (size in pixels, fit).
        data: The training data: folder, fingerprint, films by class and split, patients.
        training: Epochs, best epoch, precision, seconds.
        scores: Validation scores: metric, value, low, high, n.
        versions: Of keras-cxr, TensorFlow and Keras.
        kind: "classifier".
        card_version: Of this form.
    """

    name: str
    created: str
    architecture: str
    classes: list[str]
    threshold: float | None
    temperature: float
    preprocessing: dict
    data: dict
    training: dict
    scores: list[dict]
    versions: dict
    notice: str = "For research, not for diagnosis."
    task: str = ONE_CLASS
    thresholds: dict[str, float] | None = None
    kind: str = KIND
    card_version: int = 1

    def __post_init__(self):
        if self.task == MULTI_LABEL:
            self.card_version = CARD_VERSION

    @property
    def decided_by(self) -> float | dict[str, float] | None:
        """The threshold or, multi-label, those of the classes; None where the likeliest class is the label."""
        return self.thresholds if self.task == MULTI_LABEL else self.threshold

    @property
    def is_control(self) -> bool:
        """Whether it was trained on permuted labels: a control, not a model to use."""
        return bool(self.training.get(PERMUTED))


@dataclasses.dataclass(frozen=True)
class SavedModel:
    """A saved-model folder whose card has been read."""

    folder: pathlib.Path
    card: Card

    def network(self):
        """Load the network: (batch, size, size, 1) float32 gray levels 0–255 → probabilities.

        Raises:
            CxrError: ``model.keras`` is missing or damaged.
        """
        import keras

        from keras_cxr.models.depthwise import quicken

        file = self.folder / NETWORK
        if not file.is_file():
            raise CxrError(f"The model folder '{self.folder}' has no {NETWORK}. Train again or copy the whole folder.")
        try:
            return quicken(keras.models.load_model(file, compile=False))
        except Exception as fault:
            # Keras and h5py raise a dozen kinds here; for the user there is one.
            reason = (str(fault).strip().splitlines() or [type(fault).__name__])[0]
            raise CxrError(f"'{file}' cannot be loaded: {reason}. Copy it again from where it was trained.") from fault


def write_card(folder: pathlib.Path, card) -> None:
    """Write the card, a dataclass of any kind of model, whole or not at all.

    It comes last: a folder with a card is a finished model.
    """
    write_json(folder / CARD, dataclasses.asdict(card))


def check_new_folder(folder: pathlib.Path, option: str) -> None:
    """Whether a training that is not resumed may write to ``folder``, which ``option`` names.

    Raises:
        CxrError: It holds a finished model or something else.
    """
    if (folder / CARD).is_file():
        raise CxrError(f"'{folder}' holds a finished model. Choose another {option}, or delete the folder.")
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise CxrError(f"'{folder}' is there already and not empty. Choose another {option}.")


def open_model(folder: str | os.PathLike) -> SavedModel:
    """Read a saved model's card.

    Raises:
        CxrError: No such folder, no card, a damaged card, or one of a newer keras-cxr.
    """
    folder = pathlib.Path(folder)
    file = folder / CARD
    if not folder.is_dir():
        raise CxrError(f"The model folder '{folder}' does not exist. Train one with 'keras-cxr train DATA'.")
    if not file.is_file():
        more = (
            "its training is not finished; finish it with --resume" if (folder / RECIPE).is_file() else "expected one"
        )
        raise CxrError(f"The model folder '{folder}' has no {CARD}: {more}.")
    return SavedModel(folder, read_card(file, Card, KIND, CARD_VERSION))


def open_other_model(
    folder: str | os.PathLike, form: type, kind: str, newest: int, what: str, train: str
) -> SavedModel:
    """Read the card of a model that is no classifier.

    Args:
        folder: The model's.
        form, kind, newest: See ``read_card``.
        what: The model's kind, for the user.
        train: The command that trains one.

    Raises:
        CxrError: No such folder, no card, or as ``read_card``.
    """
    folder = pathlib.Path(folder)
    if not (folder / CARD).is_file():
        raise CxrError(f"No {what} in '{folder}'. Train one with '{train}'.")
    return SavedModel(folder, read_card(folder / CARD, form, kind, newest))


def read_card(file: pathlib.Path, form: type, kind: str, newest: int):
    """Read a card into the dataclass ``form``.

    Raises:
        CxrError: Of another kind, of a newer form than ``newest``, or damaged.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        other, version = content.get("kind", KIND), content["card_version"]
        if other != kind:
            raise CxrError(f"'{file.parent}' holds a model of kind '{other}'; expected '{kind}'. Name another folder.")
        if version > newest:
            raise CxrError(
                f"'{file}' is a card of form {version}; this keras-cxr reads up to {newest}. Upgrade keras-cxr."
            )
        known = {field.name for field in dataclasses.fields(form)}
        return form(**{key: value for key, value in content.items() if key in known})
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise CxrError(f"'{file}' is damaged ({fault}). Copy it again from where it was trained.") from fault


def require_one_class(model: SavedModel, what: str) -> None:
    """Refuse a multi-label model for ``what``, such as '--knn'.

    Raises:
        UsageError: It is one.
    """
    if model.card.task == MULTI_LABEL:
        raise UsageError(
            f"{what} is for models that give a film one class. '{model.card.name}' is multi-label "
            f"({', '.join(model.card.classes)}); 'keras-cxr evaluate' scores it."
        )


def finished_models(folder: str | os.PathLike = "saved_models") -> list[pathlib.Path]:
    """The finished models in ``folder``, the newest first by their card's date of writing."""
    cards = sorted(pathlib.Path(folder).glob(f"*/{CARD}"), key=lambda card: card.stat().st_mtime, reverse=True)
    # Models of another kind, such as those that find lungs, lie in the same folder.
    return [card.parent for card in cards if f'"kind": "{KIND}"' in card.read_text(encoding="utf-8", errors="replace")]


def newest_model(folder: str | os.PathLike = "saved_models") -> SavedModel:
    """The newest finished model in ``folder`` that is no control with permuted labels.

    Raises:
        CxrError: There is none.
    """
    for found in finished_models(folder):
        model = open_model(found)
        if not model.card.is_control:
            return model
    raise CxrError(f"No trained model in '{folder}'. Name one with -m FOLDER, or train one: 'keras-cxr train DATA'.")
