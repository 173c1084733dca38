"""``keras-cxr crossval``: labelled films to out-of-fold scores and an ensemble."""

import pathlib

import click

from keras_cxr.cli.sections import SectionedCommand
from keras_cxr.cli.training_run import take_training, tell_several, training_display, training_options

SUFFIX = "-crossval"


@click.command(cls=SectionedCommand)
@click.argument("data", type=click.Path(path_type=pathlib.Path))
@click.option("-k", "--folds", type=click.IntRange(2), default=5, show_default=True, help="Number of folds.")
@training_options("a cross-validation", SUFFIX)
def crossval(data, folds, resume, no_runtimes, **options) -> None:
    """Train a network a fold of labelled films, and score each on the fold that it has not seen.

    The options are those of 'train'; films are dealt into folds by patient. The networks are kept, each a model of
    its own, and the folder of them all is a model too: their ensemble.
    """
    dataset, recipe, folder = take_training(data, options, resume, SUFFIX)
    with training_display(folder) as display:
        from keras_cxr.training.crossval import cross_validate

        found = cross_validate(dataset, recipe, folder, folds, display, resume, not no_runtimes)
    title = "Scores with 95 % intervals: of all films out of fold, by patient; of the mean, over the folds"
    tell_several(found, folder, title)
