"""``keras-cxr convert``: hospital files to a small training copy."""

import pathlib

import click

from keras_cxr.cli.options import label_options, max_megapixels_option, take_label_options


@click.command()
@click.argument("source", type=click.Path(path_type=pathlib.Path))
@click.argument("target", type=click.Path(path_type=pathlib.Path))
@click.option("--size", type=click.IntRange(32, 8192), default=512, show_default=True, help="Longer side in pixels.")
@click.option("--bits", type=click.Choice(["8", "16"]), default="8", show_default=True, help="Of each pixel.")
@max_megapixels_option
@label_options
def convert(source, target, size, bits, **options) -> None:
    """Write a training copy of a folder of films: PNG files, labels.csv, and the set's mean and deviation.

    A copy that was stopped goes on where it was. Films keep their names, folders and labels.
    """
    from keras_cxr.cli.display import progress
    from keras_cxr.data.convert import convert as run
    from keras_cxr.data.source import read_dataset

    dataset = read_dataset(source, take_label_options(options), labelled=False)
    for note in [*dataset.notes, *dataset.faults]:
        click.echo(f"Note: {note}", err=True)
    with progress("Converting", len(dataset.table)) as advance:
        done = run(dataset, target, size, int(bits), advance)
    for name, reason in done.failures[:5]:
        click.echo(f"  failed: {name}: {reason}", err=True)
    before = f", {done.found} there before" if done.found else ""
    click.echo(f"{done.written} films written{before}, {len(done.failures)} failed")
    click.echo(f"Mean {done.mean:.2f}, deviation {done.deviation:.2f} (gray levels 0–255)")
    click.echo(f"Wrote {target}")
