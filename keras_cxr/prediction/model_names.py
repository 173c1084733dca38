"""Names by which several saved models can be told apart."""

from keras_cxr.errors import UsageError
from keras_cxr.models.saved_model import SavedModel


def name_apart(models: list[SavedModel]) -> dict[str, SavedModel]:
    """The cards' names, with the parent's folder before them where two are called alike, then with a number behind.

    Raises:
        UsageError: A model is given twice.
    """
    folders = [model.folder.resolve() for model in models]
    for model, folder in zip(models, folders, strict=True):
        if folders.count(folder) > 1:
            raise UsageError(f"The model '{model.folder}' is given twice. Give each model once.")
    short = [model.card.name for model in models]
    names = [
        name if short.count(name) == 1 else f"{folder.parent.name}-{folder.name}"
        for name, folder in zip(short, folders, strict=True)
    ]
    names = [f"{name}-{index + 1}" if names.count(name) > 1 else name for index, name in enumerate(names)]
    return dict(zip(names, models, strict=True))
