"""``keras-cxr train``: labelled films to a saved model."""

import dataclasses
import pathlib

import click

from keras_cxr.cli.options import Shares, label_options, max_megapixels_option, take_label_options
from keras_cxr.cli.tensorflow import load_tensorflow
from keras_cxr.errors import CxrError
from keras_cxr.training.recipe import Recipe

DEFAULT = Recipe()


def _setting(flag: str, name: str, kind: object, text: str, short: tuple[str, ...] = ()):
    default = getattr(DEFAULT, name)
    if isinstance(default, tuple):
        default = "/".join(f"{part:g}" for part in default)
    shown = "" if default in (None, "") else f"  [default: {default}]"
    return click.option(*short, flag, name, type=kind, default=None, help=text + shown)


_SETTINGS = (
    _setting("--architecture", "architecture", str, "Network; 'keras-cxr models' lists them.", ("-a",)),
    _setting("--weights", "weights", str, "Of the backbone: imagenet, none, or a file that Keras wrote."),
    _setting("--features-from", "features_from", str, "Cut the backbone at this layer, e.g. conv4_block6_out."),
    _setting("--unfreeze", "unfreeze", str, "Fine-tune the backbone from this layer on in a second phase."),
    _setting("--channels", "channels", click.IntRange(1, 3), "Channels the network's body sees: 1 or 3."),
    _setting(
        "--dropout",
        "dropout",
        click.FloatRange(0, 1, max_open=True),
        "Share of units dropped before the last layer.",
    ),
    _setting("--size", "size", click.IntRange(16, 2048), "Side of the network's input in pixels."),
    _setting("--enhance", "enhance", str, "Contrast: percentile, clahe, equalize, sharpen, match; several by commas."),
    _setting("--lungs", "lungs", click.Choice(["none", "crop", "mask"]), "Show the network the lungs alone."),
    _setting("--lung-masks", "lung_masks", str, "Folder of lung masks, named as the films."),
    _setting("--lungs-model", "lungs_model", str, "Lung model ('keras-cxr lungs train') that finds the lungs."),
    _setting("--batch-size", "batch_size", click.IntRange(1), "Films a step."),
    _setting("--epochs", "epochs", click.IntRange(1), "At most."),
    _setting("--learning-rate", "learning_rate", click.FloatRange(0, min_open=True), "Of Adam."),
    _setting("--fine-tune-epochs", "fine_tune_epochs", click.IntRange(1), "Of the second phase, at most."),
    _setting("--fine-tune-rate", "fine_tune_rate", click.FloatRange(0, min_open=True), "Of the second phase."),
    _setting("--patience", "patience", click.IntRange(1), "Epochs without a better validation AUROC before the end."),
    _setting("--class-weights", "class_weights", click.Choice(["balanced", "none"]), "Weights in the loss."),
    _setting("--rotation", "rotation", click.FloatRange(0, 180), "Augmentation: degrees to either side; 0 is off."),
    _setting("--zoom", "zoom", click.FloatRange(0, 0.9), "Augmentation: share to either side; 0 is off."),
    _setting("--views", "views", click.IntRange(1, 32), "Augmented views a film that features are stored of."),
    _setting("--split", "split", Shares(), "Shares of train, val and test where the data set has no splits."),
    _setting("--split-by", "split_by", click.Choice(["patient", "image"]), "'image' leaks patients across splits."),
    _setting("--positive", "positive", str, "The positive class of two.  [default: the one not called NORMAL]"),
    _setting("--seed", "seed", click.IntRange(0, 2**31 - 1), "Of everything drawn by chance."),
    _setting(
        "--precision",
        "precision",
        click.Choice(["auto", "float32", "mixed_float16", "mixed_bfloat16"]),
        "auto is mixed_float16 on a GPU and float32 elsewhere.",
    ),
)


def _settings(command):
    for option in reversed(_SETTINGS):
        command = option(command)
    return command


@click.command()
@click.argument("data", type=click.Path(path_type=pathlib.Path))
@_settings
@click.option("--squeeze", is_flag=True, help="Stretch films to the square instead of padding them.")
@click.option("--no-flip", is_flag=True, help="Augmentation without mirroring (a flip mirrors the heart).")
@click.option(
    "--no-feature-cache", is_flag=True, help="Run a frozen backbone on every film in every epoch, augmented anew."
)
@max_megapixels_option
@label_options
@click.option("--name", help="Of the model.  [default: DATA-ARCHITECTURE]")
@click.option(
    "--output", type=click.Path(path_type=pathlib.Path), default="saved_models", show_default=True, help="Folder."
)
@click.option("--resume", is_flag=True, help="Go on with a training that was stopped; give the same options.")
def train(data, squeeze, no_flip, no_feature_cache, name, output, resume, **options) -> None:
    """Train a network on a folder of labelled films.

    DATA holds a folder a class, or train, val and test folders of those, or a labels.csv; or tell with --labels or
    --label-pattern. Films are split by patient, so that nobody is in two splits.
    """
    label_settings = take_label_options(options)
    given = {key: value for key, value in options.items() if value is not None}
    given |= {"fit": "squeeze" if squeeze else DEFAULT.fit, "flip": not no_flip, "feature_cache": not no_feature_cache}
    recipe = dataclasses.replace(DEFAULT, **given)
    from keras_cxr.data.source import read_dataset
    from keras_cxr.models.registry import find

    architecture = find(recipe.architecture)
    dataset = read_dataset(data, label_settings)
    folder = output / (name or _free_name(output, f"{dataset.root.name}-{architecture.name}", resume))
    from keras_cxr.cli.display import TrainingDisplay

    display = TrainingDisplay()
    try:
        load_tensorflow()
        from keras_cxr.training.train import train as run

        model = run(dataset, recipe, folder, display, resume)
    except KeyboardInterrupt:
        display.close()
        raise _interrupted(folder) from None
    finally:
        display.close()
    _tell(model)


def _free_name(output: pathlib.Path, name: str, resume: bool) -> str:
    """``name``, or with the first free number behind it; resuming, the newest unfinished one."""
    names = [name, *(f"{name}-{number}" for number in range(2, 10_000))]
    if resume:
        begun = [one for one in names if (output / one / "recipe.yaml").is_file()]
        unfinished = [one for one in begun if not (output / one / "card.json").is_file()]
        if not unfinished:
            raise CxrError(f"Nothing to resume: no unfinished training '{name}' in '{output}'. Run without --resume.")
        return unfinished[-1]
    return next(one for one in names if not (output / one).exists())


class _Interrupted(CxrError):
    exit_code = 130


def _interrupted(folder: pathlib.Path) -> CxrError:
    if (folder / "training" / "state.json").is_file():
        return _Interrupted(
            f"Interrupted; the finished epochs are saved. Go on with the same command and --resume --name {folder.name}"
        )
    return _Interrupted(
        f"Interrupted before the first epoch ended. Go on with the same command and --resume --name {folder.name}"
        if folder.exists()
        else "Interrupted before the training began."
    )


def _tell(model) -> None:
    card = model.card
    score = next((row for row in card.scores if row["metric"] in ("AUROC", "macro AUROC")), None)
    click.echo(
        f"Saved {model.folder}: best epoch {card.training['best_epoch']} of {card.training['epochs']}, "
        f"{card.training['seconds']:.0f} s"
    )
    if score:
        click.echo(
            f"Validation {score['metric']} {score['value']:.3f} "
            f"(95 % interval {score['low']:.3f} to {score['high']:.3f}, {score['n']} films); "
            "epoch, temperature and threshold were chosen on these films"
        )
    data = card.data["folder"] if "test" in card.data["films"] else "OTHER_FILMS"
    click.echo(f"Next: keras-cxr evaluate {data} -m {model.folder} -o results")
