"""A recipe: everything that decides a training, as one flat YAML; the saved model keeps the one it was made by."""

import dataclasses
import pathlib
import types
import typing
from typing import Literal

import yaml

from keras_cxr.errors import CxrError, UsageError, unknown_name
from keras_cxr.files import write_text


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Settings of a training; the defaults are the published frozen ResNet50 experiment.

    Attributes:
        architecture: Name in the registry of networks.
        weights: 'default' (the architecture's own), 'imagenet', 'none' or a file.
        features_from: Layer at which a pretrained backbone is cut, or None for all of it.
        unfreeze: Layer from which the backbone is fine-tuned in a second phase, or None.
        channels: Channels that the network's body sees, 1 or 3; None for the architecture's own.
        dropout: Share of the units dropped before the last layer; None for the architecture's own.
        size, fit: Side of the network's input in pixels; 'pad' or 'squeeze'.
        enhance: Steps that change the gray levels, such as 'clahe,sharpen'; see ``data.enhance``.
        lungs: 'none', or only the lungs: 'crop' to the box around them, or 'mask' everything else as well.
        lung_masks, lungs_model: Where the lungs' masks come from: a folder of files, or a lung model's folder.
        batch_size: Films a step.
        epochs, learning_rate: Of the first phase, at most.
        fine_tune_epochs, fine_tune_rate: Of the second phase, at most; only with ``unfreeze``.
        patience: Epochs without a better validation AUROC after which a phase ends.
        plateau_patience, plateau_factor: Epochs without a lower validation loss after which the learning rate is
            multiplied by the factor.
        class_weights: 'balanced' or 'none'.
        rotation, zoom, flip: Augmentation: degrees, share, and whether films are mirrored.
        feature_cache: Whether the head on a frozen backbone trains on stored features: each film goes through the
            backbone once a view instead of once an epoch.
        views: Augmented views of each film that features are stored of.
        precision: 'auto' (mixed_float16 on a GPU, float32 elsewhere), 'float32', 'mixed_float16', 'mixed_bfloat16'.
        split, split_by: Shares of train, val and test in percent; by 'patient' or 'image'.
        positive: The positive class of two, or None to go by the names.
        seed: Of everything drawn by chance.
    """

    architecture: str = "resnet50"
    weights: str = "default"
    features_from: str | None = None
    unfreeze: str | None = None
    channels: int | None = None
    dropout: float | None = None
    size: int = 224
    fit: Literal["pad", "squeeze"] = "pad"
    enhance: str = ""
    lungs: Literal["none", "crop", "mask"] = "none"
    lung_masks: str | None = None
    lungs_model: str | None = None
    batch_size: int = 32
    epochs: int = 25
    learning_rate: float = 1e-3
    fine_tune_epochs: int = 10
    fine_tune_rate: float = 1e-5
    patience: int = 8
    plateau_patience: int = 5
    plateau_factor: float = 0.5
    class_weights: Literal["balanced", "none"] = "balanced"
    rotation: float = 18.0
    zoom: float = 0.05
    flip: bool = True
    feature_cache: bool = True
    views: int = 4
    precision: Literal["auto", "float32", "mixed_float16", "mixed_bfloat16"] = "auto"
    split: tuple[float, float, float] = (70.0, 15.0, 15.0)
    split_by: Literal["patient", "image"] = "patient"
    positive: str | None = None
    seed: int = 0

    @property
    def fractions(self) -> tuple[float, float, float]:
        """Shares of train, val and test, summing to 1."""
        total = sum(self.split)
        return tuple(share / total for share in self.split)


def write_recipe(path: pathlib.Path, recipe: Recipe) -> None:
    """Write the recipe as YAML."""
    content = {**dataclasses.asdict(recipe), "split": list(recipe.split)}
    write_text(path, yaml.safe_dump(content, sort_keys=False, allow_unicode=True))


def read_recipe(path: pathlib.Path) -> Recipe:
    """Read a recipe.

    Raises:
        UsageError: An unknown key, with the nearest known one; a value of another kind; no YAML mapping.
        CxrError: No such file, or no YAML.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as fault:
        raise CxrError(f"The recipe '{path}' does not exist.") from fault
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        raise CxrError(f"The recipe '{path}' cannot be read as YAML: {' '.join(str(fault).split())}") from fault
    if not isinstance(content, dict):
        raise UsageError(f"The recipe '{path}' must be a mapping of settings. Received: {type(content).__name__}.")
    kinds = {field.name: field.type for field in dataclasses.fields(Recipe)}
    settings = {}
    for key, value in content.items():
        if key not in kinds:
            raise unknown_name(f"key in {path.name}", str(key), kinds)
        try:
            settings[key] = _typed(value, kinds[key])
        except (TypeError, ValueError):
            wanted = _in_words(kinds[key])
            raise UsageError(f"The key '{key}' in {path.name} must be {wanted}. Received: {value!r}.") from None
    return Recipe(**settings)


def _typed(value: object, kind: object) -> object:
    """``value`` as ``kind``, or TypeError or ValueError."""
    choices = typing.get_args(kind)
    if isinstance(kind, types.UnionType):
        return None if value is None else _typed(value, choices[0])
    if typing.get_origin(kind) is tuple and isinstance(value, list):
        return tuple(_typed(part, of) for part, of in zip(value, choices, strict=True))
    if kind is float and isinstance(value, (int, str)) and not isinstance(value, bool):
        # YAML takes 1e-5, written without a point, for text.
        return float(value)
    if value in choices or type(value) is kind:
        return value
    raise TypeError


def _in_words(kind: object) -> str:
    words = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
    choices = typing.get_args(kind)
    if isinstance(kind, types.UnionType):
        return f"{words[choices[0]]} or null"
    if typing.get_origin(kind) is tuple:
        return f"a list of {len(choices)} numbers"
    return words.get(kind) or f"one of {', '.join(choices)}"


def differences(old: Recipe, new: Recipe) -> list[str]:
    """The settings in which two recipes differ, as 'name: old → new'."""
    pairs = zip(dataclasses.asdict(old).items(), dataclasses.asdict(new).values(), strict=True)
    return [f"{name}: {before} → {after}" for (name, before), after in pairs if before != after]
