"""A recipe: everything that decides a training. The saved model keeps the one it was made by."""

import dataclasses
import math
import typing
from typing import Literal

from keras_cxr.errors import UsageError


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Settings of a training; the defaults are the published frozen ResNet50 experiment.

    Attributes:
        layout, finding: How the data folder is laid out and the finding to tell from the rest, where the recipe is
            for one data set; see ``data.source``.
        multi_label: The column of findings, each of which is learnt, or None where a film is of one class.
        min_films: Training films that a finding must have to be learnt; only with ``multi_label``.
        architecture: Name in the registry of networks, or FILE:FUNCTION of the user's own.
        weights: 'default' (the architecture's own), 'imagenet', 'none' or a file.
        features_from: Layer at which a pretrained backbone is cut, or None for all of it.
        unfreeze: Layer from which the backbone is fine-tuned in a second phase, or None.
        channels: Channels that the network's body sees, 1 or 3; None for the architecture's own.
        dropout: Share of the units dropped before the last layer; None for the architecture's own.
        size, fit: Side of the network's input in pixels, None for the architecture's own; 'pad' or 'squeeze'.
        normalization: Of the input of a network trained from scratch: 'batch' is learnt as it trains, 'dataset' is
            the mean and deviation of the training films' pixels.
        enhance: Steps that change the gray levels, such as 'clahe,sharpen'; see ``data.enhance``.
        lungs: 'none', or only the lungs: 'crop' to the box around them, or 'mask' everything else as well.
        lung_masks, lungs_model: Where the lungs' masks come from: a folder of files, or a lung model's folder.
        batch_size: Films a step.
        epochs, learning_rate: Of the first phase, at most.
        fine_tune_epochs, fine_tune_rate: Of the second phase, at most; only with ``unfreeze``.
        optimizer, weight_decay: 'adam' or 'adamw' (Loshchilov and Hutter 2019), and what each step takes off every
            weight, as a share times the learning rate.
        schedule: 'plateau' lowers the learning rate where the validation loss stays, 'cosine' lets it fall to 0 over
            the phase (Loshchilov and Hutter 2017), 'constant' keeps it.
        warmup_epochs: Epochs in which the rate of 'cosine' rises from 0 first.
        plateau_patience, plateau_factor: Epochs without a lower validation loss after which the learning rate is
            multiplied by the factor.
        patience: Epochs without a better validation score after which a phase ends.
        best_by: That score, which also chooses the weights to keep: 'auroc' or 'accuracy'.
        loss, focal_gamma: 'cross-entropy', or 'focal' (Lin 2017) with its exponent.
        label_smoothing: Share of the targets that is spread over all classes.
        mixup: Parameter of the beta distribution that pairs of films are mixed by (Zhang 2018); 0 is off.
        clip_norm: Largest norm of all gradients together; 0 is off.
        average: Share of the average of the weights, over steps, that each step keeps (0.999, say); the network is
            the average. 0 is off.
        class_weights: In the loss: 'balanced', 'none', or 'positive', films of the negative class over those of the
            positive one, for the positive one alone.
        sampling: 'undersample' leaves out films of the larger classes, 'oversample' repeats films of the smaller.
        rotation, zoom, translation: Augmentation, to either side: degrees, share, share of the film's side.
        flip, vertical_flip: Whether half of the films are mirrored; the share that is put upside down.
        crop: Smallest share of the film's area that a random crop keeps; 0 is off.
        feature_cache: Whether the head on a frozen backbone trains on stored features: each film goes through the
            backbone once a view instead of once an epoch.
        views: Augmented views of each film that features are stored of.
        precision: 'auto' (mixed_float16 on a GPU, float32 elsewhere), 'float32', 'mixed_float16', 'mixed_bfloat16'.
        split, split_by: Shares of train, val and test in percent; by 'patient' or 'image'.
        positive: The positive class of two, or None to go by the names.
        permute_labels: Whether the labels of train and val are permuted, for a control; see ``training.permute``.
        seed, split_seed: Of everything drawn by chance; of the split where that is to stay as the seed changes.

    Raises:
        UsageError: A number out of its range, or a setting that does not go with ``multi_label``.
    """

    layout: str | None = None
    finding: str | None = None
    multi_label: str | None = None
    min_films: int = 10
    architecture: str = "resnet50"
    weights: str = "default"
    features_from: str | None = None
    unfreeze: str | None = None
    channels: int | None = None
    dropout: float | None = None
    size: int | None = None
    fit: Literal["pad", "squeeze"] = "pad"
    normalization: Literal["batch", "dataset"] = "batch"
    enhance: str = ""
    lungs: Literal["none", "crop", "mask"] = "none"
    lung_masks: str | None = None
    lungs_model: str | None = None
    batch_size: int = 32
    epochs: int = 25
    learning_rate: float = 1e-3
    fine_tune_epochs: int = 10
    fine_tune_rate: float = 1e-5
    optimizer: Literal["adam", "adamw"] = "adam"
    weight_decay: float = 0.0
    schedule: Literal["plateau", "cosine", "constant"] = "plateau"
    warmup_epochs: int = 0
    plateau_patience: int = 5
    plateau_factor: float = 0.5
    patience: int = 8
    best_by: Literal["auroc", "accuracy"] = "auroc"
    loss: Literal["cross-entropy", "focal"] = "cross-entropy"
    focal_gamma: float = 2.0
    label_smoothing: float = 0.0
    mixup: float = 0.0
    clip_norm: float = 0.0
    average: float = 0.0
    class_weights: Literal["balanced", "none", "positive"] = "balanced"
    sampling: Literal["none", "undersample", "oversample"] = "none"
    rotation: float = 18.0
    zoom: float = 0.05
    translation: float = 0.0
    flip: bool = True
    vertical_flip: float = 0.0
    crop: float = 0.0
    feature_cache: bool = True
    views: int = 4
    precision: Literal["auto", "float32", "mixed_float16", "mixed_bfloat16"] = "auto"
    split: tuple[float, float, float] = (70.0, 15.0, 15.0)
    split_by: Literal["patient", "image"] = "patient"
    positive: str | None = None
    permute_labels: bool = False
    seed: int = 0
    split_seed: int | None = None

    def __post_init__(self):
        for name, allowed in RANGES.items():
            value = getattr(self, name)
            if value is not None and not allowed.holds(value):
                raise UsageError(f"The '{name}' setting ({option(name)}) must be {allowed}. Received: {value}.")
        if min(self.split[:2]) <= 0 or self.split[2] < 0:
            raise UsageError(
                "The 'split' setting (--split) must be positive shares of train and val, and one of test, which may "
                f"be 0. Received: {self.split}."
            )
        for name in ("positive", "sampling"):
            value = getattr(self, name)
            if self.multi_label and value != type(self).__dataclass_fields__[name].default:
                raise UsageError(
                    f"The '{name}' setting ({option(name)}) is for films of one class and goes without --multi-label. "
                    f"Received: {value}."
                )

    @property
    def seed_of_split(self) -> int:
        """The seed that patients are dealt out by."""
        return self.seed if self.split_seed is None else self.split_seed

    @property
    def fractions(self) -> tuple[float, float, float]:
        """Shares of train, val and test, summing to 1."""
        total = sum(self.split)
        return tuple(share / total for share in self.split)


class Range(typing.NamedTuple):
    """The numbers that a setting may have."""

    low: float
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False

    def holds(self, value: float) -> bool:
        """Whether ``value`` lies in it."""
        above = value > self.low if self.open_low else value >= self.low
        return above and (value < self.high if self.open_high else value <= self.high) and math.isfinite(value)

    def __str__(self) -> str:
        low = f"above {self.low:g}" if self.open_low else f"{self.low:g} or more"
        if math.isinf(self.high):
            return low
        return f"{low} and {f'below {self.high:g}' if self.open_high else f'at most {self.high:g}'}"


_COUNT, _POSITIVE, _NOT_NEGATIVE = Range(1), Range(0, open_low=True), Range(0)
_SHARE, _BELOW_ONE = Range(0, 1), Range(0, 1, open_high=True)
RANGES = {
    "channels": Range(1, 3),
    "dropout": _BELOW_ONE,
    "size": Range(16, 2048),
    "min_films": _COUNT,
    "batch_size": _COUNT,
    "epochs": _COUNT,
    "learning_rate": _POSITIVE,
    "fine_tune_epochs": _COUNT,
    "fine_tune_rate": _POSITIVE,
    "weight_decay": _NOT_NEGATIVE,
    "warmup_epochs": _NOT_NEGATIVE,
    "plateau_patience": _COUNT,
    "plateau_factor": Range(0, 1, open_low=True),
    "patience": _COUNT,
    "focal_gamma": _NOT_NEGATIVE,
    "label_smoothing": _BELOW_ONE,
    "mixup": _NOT_NEGATIVE,
    "clip_norm": _NOT_NEGATIVE,
    "average": _BELOW_ONE,
    "rotation": Range(0, 180),
    "zoom": Range(0, 0.9),
    "translation": _SHARE,
    "vertical_flip": _SHARE,
    "crop": _SHARE,
    "views": Range(1, 32),
    "seed": Range(0, 2**31 - 1),
    "split_seed": Range(0, 2**31 - 1),
}


def option(name: str) -> str:
    """The command line's option for a setting."""
    return f"--{name.replace('_', '-')}"


def differences(old: Recipe, new: Recipe) -> list[str]:
    """The settings in which two recipes differ, as 'name: old → new'."""
    pairs = zip(dataclasses.asdict(old).items(), dataclasses.asdict(new).values(), strict=True)
    return [f"{name}: {before} → {after}" for (name, before), after in pairs if before != after]
