"""``keras-cxr evaluate``: labelled films, or another program's predictions, to scores with intervals."""

import functools
import pathlib

import click

from keras_cxr.cli.matrix import tell_matrix
from keras_cxr.cli.options import (
    feature_cache_option,
    find_model,
    find_runtime,
    for_models,
    label_options,
    lung_masks_option,
    max_megapixels_option,
    runtime_options,
    take_label_options,
)
from keras_cxr.cli.score_options import check_sources, score_options, take_beside, take_score_options
from keras_cxr.cli.sections import SectionedCommand
from keras_cxr.cli.tensorflow import load_tensorflow

MOST_SINGLE = 50


@click.command(cls=SectionedCommand)
@click.argument("data", nargs=-1, type=click.Path(path_type=pathlib.Path))
@click.option("-o", "--output", type=click.Path(path_type=pathlib.Path), default="results", show_default=True)
@click.option(
    "-m",
    "--model",
    "models",
    multiple=True,
    type=click.Path(path_type=pathlib.Path),
    help="Saved-model folder; repeatable.  [default: the newest in saved_models/]",
)
@lung_masks_option
@runtime_options
@feature_cache_option
@max_megapixels_option
@click.option(
    "--split",
    type=click.Choice(["train", "val", "test", "all"]),
    help="Films to score.  [default: the model's own test split of the data it was trained on; all of other data]",
)
@click.option("--report/--no-report", default=True, show_default=True, help="Write report.html.")
@score_options
@label_options
def evaluate(
    data,
    output,
    models,
    lung_masks,
    runtime,
    precision,
    feature_cache,
    split,
    report,
    predictions,
    truth,
    threshold,
    positive,
    **options,
) -> None:
    """Score a model on one or more labelled data sets: predictions.csv, scores.csv, figures and report.html.

    With several models, each is scored on every data set into a folder of its own below the output, and matrix.csv
    and its figure show trained on × tested on. With --predictions and --truth, score what any program wrote, without
    a model.
    """
    check_sources(data, models, predictions, truth, threshold, positive, options)
    wanted, beside = take_score_options(options), take_beside(options, lung_masks)
    label_settings = take_label_options(options)
    if predictions:
        if label_settings.map_file is not None:
            raise click.UsageError("--map-file goes with DATA; rename the labels of --truth with --map OLD=NEW.")
        from keras_cxr.prediction.foreign.score import evaluate_csv

        evaluation = evaluate_csv(predictions, truth, output, wanted, label_settings, threshold, positive, split)
        (name,) = evaluation.predictions["dataset"].unique()
        _account(output, {}, {name: truth.resolve().parent}, predictions=predictions, truth=truth, split=split)
        _tell(evaluation, output)
        return _report(report, output)
    from keras_cxr.data.source import read_datasets
    from keras_cxr.data.table import dataset_names

    saved = _find_models(models, wanted, beside)
    datasets = read_datasets(data, for_models(label_settings, list(saved.values())))

    def find_run(model, films):
        return find_runtime(model, runtime, precision, films if feature_cache else None, unfamiliarity=True)

    settings = {"split": split, "lung_masks": lung_masks, "options": wanted, "beside": beside}
    _evaluate_models(saved, datasets, output, find_run, **settings)
    roots = {name: one.root for name, one in zip(dataset_names(datasets), datasets, strict=True)}
    _account(output, saved, roots, split=split, lung_masks=lung_masks)
    _report(report, output)


def _find_models(folders, wanted, beside) -> dict:
    """The saved models by name; TensorFlow is loaded where one carries a lung model."""
    from keras_cxr.lungs.source import OWN
    from keras_cxr.prediction.model_names import name_apart

    by_name = name_apart([find_model(folder) for folder in folders or [None]])
    for model in by_name.values():
        wanted.check(model.card.classes, model.card.task)
        beside.tries.check(model.card.classes)
    if any((model.folder / OWN).is_dir() for model in by_name.values()):
        load_tensorflow()
    return by_name


def _evaluate_models(models: dict, datasets, output: pathlib.Path, find_run, **settings) -> None:
    from keras_cxr.cli.display import progress
    from keras_cxr.prediction.evaluate import evaluate as evaluate_one
    from keras_cxr.prediction.matrix import evaluate_matrix

    with progress("Labelling") as advance:
        settings["advance"] = advance
        if len(models) > 1:
            found = evaluate_matrix(models, datasets, output, find_run, **settings)
        else:
            (model,) = models.values()
            found = evaluate_one(model, datasets, output, find_run=functools.partial(find_run, model), **settings)
    if len(models) > 1:
        tell_matrix(found, output)
    else:
        _tell(found, output)


def _account(output: pathlib.Path, models: dict, data: dict, **settings) -> None:
    from keras_cxr.cli.command_line import command_line
    from keras_cxr.prediction.account import write_account

    write_account(output, command_line(), models, data, {name.replace("_", " "): one for name, one in settings.items()})


def _report(wanted: bool, output: pathlib.Path) -> None:
    if wanted:
        from keras_cxr.cli.report import write_report

        # TensorFlow takes longer to load than the rest of an evaluation by the fast runtime.
        write_report(output, load=False)


def _tell(evaluation, output: pathlib.Path) -> None:
    from keras_cxr.cli.display import print_table

    for note in evaluation.notes:
        click.echo(f"Note: {note}", err=True)
    for name, table in evaluation.tables.items():
        click.echo(f"{name}\n{table}")
    shown = _screenful(evaluation.scores)
    rest = "" if len(shown) == len(evaluation.scores) else " (those of each finding in scores.csv)"
    print_table(shown.drop(columns="model"), f"Scores with 95 % intervals{rest}")
    if len(evaluation.confusions):
        print_table(evaluation.confusions.drop(columns="model"), "Commonest confusions, share of the true class")
    if len(groups := evaluation.subgroups):
        headline = groups[groups["metric"].isin(["AUROC", "macro AUROC", "sensitivity", "specificity"])]
        print_table(headline.drop(columns="model"), "Scores by subgroup (all in subgroups.csv)")
    failed = int((evaluation.predictions["error"] != "").sum())
    if failed:
        click.echo(f"{failed} films could not be read; see the error column of predictions.csv", err=True)
    click.echo(f"Wrote {output}")


def _screenful(scores):
    """The scores without those of single classes, but for AUROC, where these would fill several screens."""
    single = scores["metric"].str.endswith("]") & ~scores["metric"].str.startswith("AUROC[")
    return scores if single.sum() <= MOST_SINGLE else scores[~single]
