"""``keras-cxr compare``: several models on the same films, with intervals and tests of their differences."""

import pathlib

import click

from keras_cxr.cli.options import (
    label_options,
    lung_masks_option,
    max_megapixels_option,
    runtime_options,
    take_label_options,
)


@click.command()
@click.argument("models", metavar="MODEL...", nargs=-1, required=True, type=click.Path(path_type=pathlib.Path))
@click.option("--on", "data", required=True, type=click.Path(path_type=pathlib.Path), help="Folder of labelled films.")
@click.option("-o", "--output", type=click.Path(path_type=pathlib.Path), default="comparison", show_default=True)
@click.option("--reference", help="The model that the others are held against.  [default: the first]")
@lung_masks_option
@runtime_options
@max_megapixels_option
@label_options
def compare(models, data, output, reference, lung_masks, runtime, precision, **options) -> None:
    """Compare two or more models on the same films, which none of them was trained on.

    Writes comparison.csv, differences.csv, comparison.md, comparison.png and .svg, and predictions-<model>.csv.
    """
    from keras_cxr.models.saved_model import open_model
    from keras_cxr.prediction.compare import name_models

    by_name, against = name_models([open_model(folder) for folder in models], reference)
    from keras_cxr.data.source import read_dataset

    dataset = read_dataset(data, take_label_options(options))
    from keras_cxr.cli.display import print_table, progress
    from keras_cxr.cli.tensorflow import load_tensorflow
    from keras_cxr.lungs.source import OWN
    from keras_cxr.prediction.compare import compare as run
    from keras_cxr.prediction.serving.choose import choose
    from keras_cxr.report.comparison_page import HEADLINE, differences_cells, facts_cells, scores_cells

    choices = {name: choose(model, runtime, precision) for name, model in by_name.items()}
    for name, choice in choices.items():
        click.echo(f"{name}: {choice.note}" if choice.note else f"{name}: runtime {choice.name}", err=True)
    counted = all("parameters" in model.card.training for model in by_name.values())
    lungs = any((model.folder / OWN).is_dir() for model in by_name.values())
    if lungs or not counted or any(choice.run is None for choice in choices.values()):
        load_tensorflow()
    with progress("Labelling") as advance:
        comparison = run(by_name, choices, against, dataset, output, lung_masks, advance)
    for note in comparison.notes:
        click.echo(f"Note: {note}", err=True)
    print_table(facts_cells(comparison.models), "Models (films a second: the network alone)")
    films = comparison.models["films"].iloc[0]
    print_table(scores_cells(comparison.models), f"Scores on {films} films of {dataset.root.name}, 95 % intervals")
    print_table(
        differences_cells(comparison.differences, HEADLINE),
        f"Differences against {against}, 95 % intervals; p adjusted after Holm over the models",
    )
    click.echo(f"Wrote {output}")
