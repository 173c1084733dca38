"""``keras-cxr train``: labelled films to a saved model."""

import pathlib

import click

from keras_cxr.cli.options import label_options, max_megapixels_option
from keras_cxr.cli.recipe_options import recipe_options, take_recipe
from keras_cxr.cli.sections import SectionedCommand
from keras_cxr.cli.tensorflow import load_tensorflow
from keras_cxr.errors import CxrError, UsageError


@click.command(cls=SectionedCommand)
@click.argument("data", type=click.Path(path_type=pathlib.Path))
@recipe_options
@max_megapixels_option
@label_options
@click.option("--name", help="Of the model.  [default: DATA-ARCHITECTURE]")
@click.option(
    "--output", type=click.Path(path_type=pathlib.Path), default="saved_models", show_default=True, help="Folder."
)
@click.option("--resume", is_flag=True, help="Go on with a training that was stopped; give the same options.")
@click.option("--no-runtimes", is_flag=True, help="Do not write files for the faster runtime.")
@click.option("--seeds", type=click.IntRange(2), help="Train with this many seeds, and make an ensemble of them.")
def train(data, name, output, resume, no_runtimes, seeds, **options) -> None:
    """Train a network on a folder of labelled films.

    DATA holds a folder a class, or train, val and test folders of those, or a labels.csv; or tell with --labels or
    --label-pattern. Films are split by patient, so that nobody is in two splits. A published experiment is one
    option: --recipe NAME.
    """
    recipe, label_settings = take_recipe(options)
    from keras_cxr.data.source import read_dataset
    from keras_cxr.models.registry import find

    architecture = find(recipe.architecture)
    dataset = read_dataset(data, label_settings)
    folder = output / (name or free_name(output, f"{dataset.root.name}-{architecture.name}", resume))
    if resume:
        _check_seeds(folder, seeds)
    from keras_cxr.cli.display import TrainingDisplay

    display = TrainingDisplay()
    try:
        load_tensorflow()
        if seeds:
            from keras_cxr.training.several_seeds import train_seeds

            found = train_seeds(dataset, recipe, folder, seeds, display, resume, not no_runtimes)
            display.close()
            return tell_several(found, folder, "Validation scores with 95 % intervals: of the mean, over the seeds")
        from keras_cxr.training.train import train as run

        model = run(dataset, recipe, folder, display, resume, runtimes=not no_runtimes)
    except KeyboardInterrupt:
        display.close()
        raise interrupted(folder) from None
    finally:
        display.close()
    _tell(model)


def _check_seeds(folder: pathlib.Path, seeds: int | None) -> None:
    """A training of one seed is not gone on with as one of several, nor the other way round."""
    several = any(folder.glob("seed-*/recipe.yaml"))
    one = (folder / "splits.csv").is_file() and not several
    if (several and not seeds) or (one and seeds):
        was = "with" if several else "without"
        raise UsageError(f"'{folder}' was begun {was} --seeds. Give the same options to --resume it.")


def tell_several(found, folder: pathlib.Path, title: str) -> None:
    """Print the scores of several trainings, and where their models lie."""
    from keras_cxr.cli.display import print_table

    print_table(found.scores, title)
    names = ", ".join(member.folder.name for member in found.members)
    click.echo(f"Saved {folder}: {names}" + (" and their ensemble" if found.ensemble else ""))
    model = folder if found.ensemble else found.members[0].folder
    click.echo(f"Next: keras-cxr predict FILMS -m {model}")


def free_name(output: pathlib.Path, name: str, resume: bool) -> str:
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


def interrupted(folder: pathlib.Path) -> CxrError:
    """The error for a training that the user broke off: what is kept, and how to go on."""
    if (folder / "card.json").is_file():
        return _Interrupted(
            f"Interrupted, but {folder} is trained; 'keras-cxr optimize {folder}' writes what it lacks."
        )
    # Of one training, or of several in folders of their own.
    if any(
        file for kept in ("training/state.json", "*/training/state.json", "*/card.json") for file in folder.glob(kept)
    ):
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
