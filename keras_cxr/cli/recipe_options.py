"""An option for every setting of a recipe, shared by the commands that train."""

import dataclasses
import pathlib
import types
import typing
from collections.abc import Callable

import click

from keras_cxr.cli.options import Shares, take_label_options
from keras_cxr.cli.sections import SectionOption
from keras_cxr.training.recipe import Recipe, option

_SHORT = {"architecture": ("-a",)}
_HELP = {
    "Network": {
        "architecture": "Network; 'keras-cxr models' lists them. Or FILE:FUNCTION of your own.",
        "weights": "Of the backbone: imagenet, none, or a file.",
        "features_from": "Cut the backbone at this layer, e.g. conv4_block6_out.",
        "unfreeze": "Fine-tune the backbone from this layer on in a second phase.",
        "channels": "Channels the network's body sees: 1 or 3.",
        "dropout": "Share of units dropped before the last layer.",
        "size": "Side of the network's input in pixels.  [default: the architecture's]",
        "normalization": "Of a scratch network's input: learnt with it, or the training films' mean and deviation.",
    },
    "Films": {
        "enhance": "Contrast: percentile, clahe, equalize, sharpen, match; several by commas.",
        "lungs": "Show the network the lungs alone.",
        "lung_masks": "Folder of lung masks, named as the films.",
        "lungs_model": "Lung model ('keras-cxr lungs train') that finds the lungs.",
    },
    "Split and classes": {
        "split": "Shares of train, val and test where the data set has no splits.",
        "split_by": "'image' leaks patients across splits.",
        "split_seed": "Of the split, where it is to stay as the seed changes.",
        "positive": "The positive class of two.  [default: the one not called NORMAL]",
        "min_films": "Training films that a finding must have to be learnt, with --multi-label.",
        "class_weights": "Weights in the loss; 'positive' weighs the positive class alone.",
        "sampling": "Balance classes by leaving out films or by repeating them.",
        "permute_labels": "Train a control, no model to use: labels permuted over patients.",
    },
    "Training": {
        "batch_size": "Films a step.",
        "epochs": "At most.",
        "learning_rate": "Of the first phase.",
        "fine_tune_epochs": "Of the second phase, at most.",
        "fine_tune_rate": "Of the second phase.",
        "optimizer": "adam or adamw.",
        "weight_decay": "Taken off every weight, a share times the learning rate.",
        "schedule": "Of the learning rate: lower on a plateau, fall as a cosine, or stay.",
        "warmup_epochs": "Epochs in which a cosine's rate rises first.",
        "plateau_patience": "Epochs without a lower validation loss before the rate falls.",
        "plateau_factor": "What the rate is multiplied by then.",
        "patience": "Epochs without a better validation score before the end.",
        "best_by": "The validation score that chooses the weights to keep.",
        "loss": "Cross-entropy, or focal loss.",
        "focal_gamma": "Exponent of the focal loss.",
        "label_smoothing": "Share of the targets spread over all classes.",
        "mixup": "Mix pairs of films by Beta(A, A); 0 is off.",
        "clip_norm": "Largest norm of the gradients; 0 is off.",
        "average": "Keep a running average of the weights, e.g. 0.999; 0 is off.",
        "feature_cache": "Train the head of a frozen backbone on stored features; or run the backbone in every epoch.",
        "views": "Augmented views a film that features are stored of.",
        "precision": "auto is mixed_float16 on a GPU and float32 elsewhere.",
        "seed": "Of everything drawn by chance.",
    },
    "Augmentation": {
        "rotation": "Degrees to either side; 0 is off.",
        "zoom": "Share to either side; 0 is off.",
        "translation": "Share of the side; 0 is off.",
        "flip": "Mirror half of the films (that mirrors the heart).",
        "vertical_flip": "Share put upside down.",
        "crop": "Smallest share of the area that a random crop keeps; 0 is off.",
    },
}


def _option(name: str, text: str, section: str) -> Callable:
    """The option of a setting; without a default, so that what is not given is the recipe's."""
    field = Recipe.__dataclass_fields__[name]
    kind = typing.get_args(field.type)[0] if isinstance(field.type, types.UnionType) else field.type
    flag, default, choices = option(name), field.default, typing.get_args(kind)
    if name == "split":
        kind, default = Shares(), "/".join(f"{part:g}" for part in default)
    elif kind is bool:
        flag, default = f"{flag}/{flag.replace('--', '--no-')}", flag[2:] if default else f"no-{flag[2:]}"
    elif choices:
        kind = click.Choice(choices)
    shown = "" if default in (None, "") else f"  [default: {default}]"
    settings = {"type": kind, "default": None, "help": text + shown, "cls": SectionOption, "section": section}
    return click.option(*_SHORT.get(name, ()), flag, name, **settings)


def recipe_options(command: Callable) -> Callable:
    """Add an option for every setting of a recipe, ``--recipe`` and ``--save-recipe``; ``take_recipe`` takes them."""
    for section, texts in reversed(_HELP.items()):
        for name, text in reversed(texts.items()):
            command = _option(name, text, section)(command)
    film = {"cls": SectionOption, "section": "Films", "default": None}
    command = click.option("--squeeze/--pad", **film, help="Stretch films to the square, or pad them.  [default: pad]")(
        command
    )
    whole = {"cls": SectionOption, "section": "Recipe"}
    saved = click.Path(path_type=pathlib.Path, dir_okay=False)
    command = click.option("--save-recipe", type=saved, **whole, help="Write all settings to a YAML file.")(command)
    text = "A published experiment ('keras-cxr recipes' lists them) or a YAML file; options override it."
    return click.option("--recipe", **whole, help=text)(command)


def take_recipe(options: dict):
    """Take settings and label options out of a command's ``options``; return them as a Recipe and LabelOptions.

    The recipe's data layout holds unless the user tells of another or of labels; with ``--save-recipe`` it is written.
    """
    from keras_cxr.training.published import find_recipe
    from keras_cxr.training.recipe_file import write_recipe

    labels = take_label_options(options)
    name, saved, squeeze = options.pop("recipe"), options.pop("save_recipe"), options.pop("squeeze")
    chosen = {field.name: options.pop(field.name, None) for field in dataclasses.fields(Recipe)}
    told = labels.labels is not None or labels.label_pattern is not None
    chosen |= {"layout": labels.layout or ("auto" if told else None), "finding": labels.finding}
    chosen["multi_label"] = labels.multi_label or None
    if squeeze is not None:
        chosen["fit"] = "squeeze" if squeeze else "pad"
    given = {key: value for key, value in chosen.items() if value is not None}
    recipe = dataclasses.replace(find_recipe(name) if name else Recipe(), **given)
    if saved:
        write_recipe(saved, recipe)
    columns = {"layout": recipe.layout, "finding": recipe.finding, "multi_label": recipe.multi_label or ""}
    return recipe, dataclasses.replace(labels, **columns)
