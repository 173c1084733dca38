"""``keras-cxr lungs``: train a network that finds the lung fields, and write the masks of a folder of films."""

import pathlib

import click

from keras_cxr.cli.options import max_megapixels_option
from keras_cxr.cli.tensorflow import load_tensorflow

FOLDER = pathlib.Path("saved_models/lungs")
PATH = click.Path(path_type=pathlib.Path)


@click.group()
def lungs() -> None:
    """Lung masks: train a small U-Net on films with masks, and apply it to other films."""


@lungs.command()
@click.argument("images", type=PATH)
@click.argument("masks", type=PATH)
@click.option("-o", "--output", type=PATH, default=FOLDER, show_default=True, help="The model's folder.")
@click.option("--size", type=click.IntRange(32, 1024), default=128, show_default=True, help="Of the input, in pixels.")
@click.option("--epochs", type=click.IntRange(1), default=20, show_default=True)
@click.option("--batch-size", type=click.IntRange(1), default=16, show_default=True, help="Films a step.")
@click.option("--patient-pattern", help="Patients from file names, e.g. '^(?P<patient>[^_]+)_'.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True)
@max_megapixels_option
def train(images, masks, output, patient_pattern, **settings) -> None:
    """Train on the films in IMAGES and their lung masks in MASKS, which have the films' base names.

    Films are split 70/15/15 by patient; the scores are of the test films, at their own resolution.
    """
    from keras_cxr.cli.display import print_table
    from keras_cxr.lungs.pairs import find_pairs
    from keras_cxr.models.saved_model import check_new_folder

    check_new_folder(output, "-o")
    pairs = find_pairs(images, masks, patient_pattern)
    load_tensorflow()
    from keras_cxr.lungs.settings import LungSettings
    from keras_cxr.lungs.train import train_lungs

    scores = train_lungs(pairs, output, LungSettings(**settings), _note, _tell_epoch)
    print_table(scores.drop(columns="model"), "Test films, with 95 % intervals")
    click.echo(f"Saved {output}. Next: keras-cxr lungs apply IMAGES -o masks -m {output}")


def _note(line: str) -> None:
    click.echo(f"Note: {line}", err=True)


def _tell_epoch(row: dict, total: int) -> None:
    click.echo(
        f"Epoch {row['epoch']}/{total}: loss {row['loss']:.4f}; validation Dice {row['val_dice']:.4f}; "
        f"rate {row['learning_rate']:.1e}, {row['seconds']:.0f} s"
    )


@lungs.command()
@click.argument("images", type=PATH)
@click.option("-o", "--output", type=PATH, default="masks", show_default=True, help="Folder of the masks.")
@click.option("-m", "--model", type=PATH, default=FOLDER, show_default=True, help="Folder of 'lungs train'.")
@max_megapixels_option
def apply(images, output, model) -> int:
    """Write the lung mask of every film of a folder (or of one film), and masks.csv with a row a file."""
    from keras_cxr.cli.display import progress
    from keras_cxr.data.film_paths import film_paths
    from keras_cxr.lungs.apply import TABLE, apply_lungs
    from keras_cxr.lungs.card import open_lung_model
    from keras_cxr.lungs.find import LungFinder

    film_paths(images, output)
    open_lung_model(model)
    load_tensorflow()
    with progress("Finding lungs") as advance:
        summary = apply_lungs(LungFinder(model), images, output, advance)
    for name, reason in summary.failures[:5]:
        click.echo(f"  failed: {name}: {reason}", err=True)
    if len(summary.failures) > 5:
        click.echo(f"  … and {len(summary.failures) - 5} more; see the error column", err=True)
    click.echo(
        f"{summary.files} files, {summary.without} without lungs, {len(summary.failures)} failed. Model: {model}"
    )
    click.echo(f"Wrote {output / TABLE}")
    return 1 if len(summary.failures) == summary.files else 0
