"""``keras-cxr evaluate``: labelled films, or another program's predictions, to scores with intervals."""

import pathlib

import click

from keras_cxr.cli.options import (
    feature_cache_option,
    find_model,
    find_runtime,
    label_options,
    lung_masks_option,
    max_megapixels_option,
    model_option,
    runtime_options,
    take_label_options,
)
from keras_cxr.cli.score_options import check_sources, score_options, take_score_options
from keras_cxr.cli.sections import SectionedCommand
from keras_cxr.cli.tensorflow import load_tensorflow


@click.command(cls=SectionedCommand)
@click.argument("data", nargs=-1, type=click.Path(path_type=pathlib.Path))
@click.option("-o", "--output", type=click.Path(path_type=pathlib.Path), default="results", show_default=True)
@model_option
@lung_masks_option
@runtime_options
@feature_cache_option
@max_megapixels_option
@click.option(
    "--split",
    type=click.Choice(["train", "val", "test", "all"]),
    help="Films to score.  [default: the model's own test split of the data it was trained on; all of other data]",
)
@score_options
@label_options
def evaluate(
    data,
    output,
    model,
    lung_masks,
    runtime,
    precision,
    feature_cache,
    split,
    predictions,
    truth,
    threshold,
    positive,
    **options,
) -> None:
    """Score a model on one or more labelled data sets: predictions.csv, scores.csv and figures.

    With --predictions and --truth, score what any program wrote, without a model.
    """
    check_sources(data, model, predictions, truth, threshold, positive)
    wanted, label_settings = take_score_options(options), take_label_options(options)
    if predictions:
        from keras_cxr.prediction.from_csv import evaluate_csv

        evaluation = evaluate_csv(predictions, truth, output, wanted, label_settings, threshold, positive, split)
        _tell(evaluation, output)
        return
    from keras_cxr.data.source import read_dataset

    datasets = [read_dataset(folder, label_settings) for folder in data]
    from keras_cxr.cli.display import progress
    from keras_cxr.lungs.source import OWN
    from keras_cxr.prediction.evaluate import evaluate as run

    saved = find_model(model)
    wanted.check(saved.card.classes)
    if (saved.folder / OWN).is_dir():
        load_tensorflow()

    def find_run(films):
        return find_runtime(saved, runtime, precision, films if feature_cache else None)

    with progress("Labelling") as advance:
        evaluation = run(saved, datasets, output, split, advance, lung_masks, find_run, wanted)
    _tell(evaluation, output)


def _tell(evaluation, output: pathlib.Path) -> None:
    from keras_cxr.cli.display import print_table

    for note in evaluation.notes:
        click.echo(f"Note: {note}", err=True)
    for name, table in evaluation.tables.items():
        click.echo(f"{name}\n{table}")
    print_table(evaluation.scores.drop(columns="model"), "Scores with 95 % intervals")
    if len(evaluation.confusions):
        print_table(evaluation.confusions.drop(columns="model"), "Commonest confusions, share of the true class")
    if len(groups := evaluation.subgroups):
        headline = groups[groups["metric"].isin(["AUROC", "macro AUROC", "sensitivity", "specificity"])]
        print_table(headline.drop(columns="model"), "Scores by subgroup (all in subgroups.csv)")
    failed = int((evaluation.predictions["error"] != "").sum())
    if failed:
        click.echo(f"{failed} films could not be read; see the error column of predictions.csv", err=True)
    click.echo(f"Wrote {output}")
