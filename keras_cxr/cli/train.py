"""``keras-cxr train``: labelled films to a saved model."""

import pathlib

import click

from keras_cxr.cli.sections import SectionedCommand
from keras_cxr.cli.training_run import take_training, tell_several, training_display, training_options
from keras_cxr.errors import UsageError


@click.command(cls=SectionedCommand)
@click.argument("data", type=click.Path(path_type=pathlib.Path))
@training_options("a training")
@click.option("--seeds", type=click.IntRange(2), help="Train with this many seeds, and make an ensemble of them.")
def train(data, resume, no_runtimes, seeds, **options) -> None:
    """Train a network on a folder of labelled films.

    DATA holds a folder a class, or train, val and test folders of those, or a labels.csv; or tell with --labels or
    --label-pattern. Films are split by patient, so that nobody is in two splits. A published experiment is one
    option: --recipe NAME.
    """
    dataset, recipe, folder = take_training(data, options, resume)
    if resume:
        _check_seeds(folder, seeds)
    if seeds:
        from keras_cxr.training.permute import check_one_seed

        check_one_seed(recipe)
        with training_display(folder) as display:
            from keras_cxr.training.several_seeds import train_seeds

            found = train_seeds(dataset, recipe, folder, seeds, display, resume, not no_runtimes)
        tell_several(found, folder, "Validation scores with 95 % intervals: of the mean, over the seeds")
        return
    with training_display(folder) as display:
        from keras_cxr.training.train import train as run

        model = run(dataset, recipe, folder, display, resume, runtimes=not no_runtimes)
    _tell(model)


def _check_seeds(folder: pathlib.Path, seeds: int | None) -> None:
    """A training of one seed is not gone on with as one of several, nor the other way round."""
    several = any(folder.glob("seed-*/recipe.yaml"))
    one = (folder / "splits.csv").is_file() and not several
    if (several and not seeds) or (one and seeds):
        was = "with" if several else "without"
        raise UsageError(f"'{folder}' was begun {was} --seeds. Give the same options to --resume it.")


def _tell(model) -> None:
    card = model.card
    score = next((row for row in card.scores if row["metric"] in ("AUROC", "macro AUROC")), None)
    kept, chosen = "best epoch", "epoch, temperature and threshold were chosen on these films"
    if card.is_control:
        kept, chosen = "a control with permuted labels, not a model to use; epoch", "by their permuted labels"
    click.echo(
        f"Saved {model.folder}: {kept} {card.training['best_epoch']} of {card.training['epochs']}, "
        f"{card.training['seconds']:.0f} s"
    )
    if score:
        click.echo(
            f"Validation {score['metric']} {score['value']:.3f} "
            f"(95 % interval {score['low']:.3f} to {score['high']:.3f}, {score['n']} films); {chosen}"
        )
    if card.is_control:
        click.echo(f"Next: keras-cxr explain FILMS -m MODEL --score --control {model.folder}")
        return
    data = card.data["folder"] if "test" in card.data["films"] else "OTHER_FILMS"
    click.echo(f"Next: keras-cxr evaluate {data} -m {model.folder} -o results")
