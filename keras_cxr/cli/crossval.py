"""``keras-cxr crossval``: labelled films to out-of-fold scores and an ensemble."""

import pathlib

import click

from keras_cxr.cli.options import label_options, max_megapixels_option
from keras_cxr.cli.recipe_options import recipe_options, take_recipe
from keras_cxr.cli.sections import SectionedCommand
from keras_cxr.cli.tensorflow import load_tensorflow
from keras_cxr.cli.train import free_name, interrupted, tell_several


@click.command(cls=SectionedCommand)
@click.argument("data", type=click.Path(path_type=pathlib.Path))
@click.option("-k", "--folds", type=click.IntRange(2), default=5, show_default=True, help="Number of folds.")
@recipe_options
@max_megapixels_option
@label_options
@click.option("--name", help="Of the model.  [default: DATA-ARCHITECTURE-crossval]")
@click.option(
    "--output", type=click.Path(path_type=pathlib.Path), default="saved_models", show_default=True, help="Folder."
)
@click.option("--resume", is_flag=True, help="Go on with a cross-validation that was stopped; give the same options.")
@click.option("--no-runtimes", is_flag=True, help="Do not write files for the faster runtime.")
def crossval(data, folds, name, output, resume, no_runtimes, **options) -> None:
    """Train a network a fold of labelled films, and score each on the fold that it has not seen.

    The options are those of 'train'; films are dealt into folds by patient. The networks are kept, each a model of
    its own, and the folder of them all is a model too: their ensemble.
    """
    recipe, label_settings = take_recipe(options)
    from keras_cxr.data.source import read_dataset
    from keras_cxr.models.registry import find

    architecture = find(recipe.architecture)
    dataset = read_dataset(data, label_settings)
    folder = output / (name or free_name(output, f"{dataset.root.name}-{architecture.name}-crossval", resume))
    from keras_cxr.cli.display import TrainingDisplay

    display = TrainingDisplay()
    try:
        load_tensorflow()
        from keras_cxr.training.crossval import cross_validate

        found = cross_validate(dataset, recipe, folder, folds, display, resume, not no_runtimes)
    except KeyboardInterrupt:
        display.close()
        raise interrupted(folder) from None
    finally:
        display.close()
    title = "Scores with 95 % intervals: of all films out of fold, by patient; of the mean, over the folds"
    tell_several(found, folder, title)
