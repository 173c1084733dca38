"""``keras-cxr leave-one-out``: several data sets to a model without each, tested on it."""

import pathlib

import click

from keras_cxr.cli.matrix import tell_matrix
from keras_cxr.cli.options import find_runtime
from keras_cxr.cli.sections import SectionedCommand
from keras_cxr.cli.training_run import take_training_of_several, training_display, training_options

SUFFIX = "-leave-one-out"


@click.command(cls=SectionedCommand)
@click.argument("data", nargs=-1, required=True, type=click.Path(path_type=pathlib.Path))
@training_options("a run", SUFFIX)
def leave_one_out(data, resume, no_runtimes, **options) -> None:
    """Train on all data sets but one and test on that, for each in turn.

    The options are those of 'train', which also says how each data set is split. Bring labels together with --map or
    --map-file. The networks are kept, each a model of its own: without-A and so on.
    """
    from keras_cxr.data.joined import check_count

    check_count(len(data))
    datasets, recipe, folder = take_training_of_several(data, options, resume, SUFFIX)
    with training_display(folder) as display:
        from keras_cxr.training.leave_one_out import leave_one_out as run

        def find_run(model, films):
            return find_runtime(model, "auto", "auto", films if recipe.feature_cache else None, unfamiliarity=True)

        matrix = run(datasets, recipe, folder, display, resume, not no_runtimes, find_run)
    tell_matrix(matrix, folder)
