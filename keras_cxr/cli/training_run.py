"""What the commands that train share: their options, the saved model's folder, and what is told at the end."""

import contextlib
import pathlib
from collections.abc import Callable, Iterator, Sequence

import click

from keras_cxr.cli.display import TrainingDisplay, print_table
from keras_cxr.cli.options import label_options, max_megapixels_option
from keras_cxr.cli.recipe_options import recipe_options, take_recipe
from keras_cxr.cli.tensorflow import load_tensorflow
from keras_cxr.errors import CxrError


def training_options(what: str, suffix: str = "") -> Callable:
    """Decorator: add the options of a training; ``take_training`` takes all but ``--resume`` and ``--no-runtimes``.

    Args:
        what: That which ``--resume`` goes on with, such as 'a training'.
        suffix: Of the model's name, where it is not given.
    """
    folder = click.Path(path_type=pathlib.Path)
    resume = f"Go on with {what} that was stopped; give the same options."
    options = (
        recipe_options,
        max_megapixels_option,
        label_options,
        click.option("--name", help=f"Of the model.  [default: DATA-ARCHITECTURE{suffix}]"),
        click.option("--output", type=folder, default="saved_models", show_default=True, help="Folder."),
        click.option("--resume", is_flag=True, help=resume),
        click.option("--no-runtimes", is_flag=True, help="Do not write files for the faster runtime."),
    )

    def add(command: Callable) -> Callable:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def take_training(data: pathlib.Path, options: dict, resume: bool, suffix: str = ""):
    """Take the training's options out of a command's ``options``.

    Returns:
        The data set, the recipe, and the folder of the saved model.
    """
    (dataset,), recipe, folder = take_training_of_several([data], options, resume, suffix)
    return dataset, recipe, folder


def take_training_of_several(folders: Sequence[pathlib.Path], options: dict, resume: bool, suffix: str = ""):
    """The same of several data sets, which are returned as a list."""
    recipe, label_settings = take_recipe(options)
    name, output = options.pop("name"), options.pop("output")
    from keras_cxr.data.source import read_datasets
    from keras_cxr.models.registry import find

    architecture = find(recipe.architecture)
    datasets = read_datasets(folders, label_settings)
    data = "-".join(dict.fromkeys(dataset.root.name for dataset in datasets))
    suffix += "-permuted" if recipe.permute_labels else ""
    return datasets, recipe, output / (name or _free_name(output, f"{data}-{architecture.name}{suffix}", resume))


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


@contextlib.contextmanager
def training_display(folder: pathlib.Path) -> Iterator[TrainingDisplay]:
    """Load TensorFlow, and yield the display of the training in ``folder``.

    Raises:
        CxrError: The user broke the training off; what is kept, and how to go on.
    """
    display = TrainingDisplay()
    try:
        load_tensorflow()
        yield display
    except KeyboardInterrupt:
        raise _Interrupted(_kept(folder)) from None
    finally:
        display.close()


class _Interrupted(CxrError):
    exit_code = 130


def _kept(folder: pathlib.Path) -> str:
    if (folder / "card.json").is_file():
        return f"Interrupted, but {folder} is trained; 'keras-cxr optimize {folder}' writes what it lacks."
    if not folder.exists():
        return "Interrupted before the training began."
    # Of one training, or of several in folders of their own.
    kept = ("training/state.json", "*/training/state.json", "*/card.json")
    begun = any(file for pattern in kept for file in folder.glob(pattern))
    what = "; the finished epochs are saved" if begun else " before the first epoch ended"
    return f"Interrupted{what}. Go on with the same command and --resume --name {folder.name}"


def tell_several(found, folder: pathlib.Path, title: str) -> None:
    """Print the scores of several trainings, and where their models lie."""
    print_table(found.scores, title)
    names = ", ".join(member.folder.name for member in found.members)
    click.echo(f"Saved {folder}: {names}" + (" and their ensemble" if found.ensemble else ""))
    model = folder if found.ensemble else found.members[0].folder
    click.echo(f"Next: keras-cxr predict FILMS -m {model}")
