"""``keras-cxr report``: the folder of an evaluation or of a saved model to one HTML file."""

import functools
import pathlib
import sys

import click

from keras_cxr.errors import CxrError


@click.command()
@click.argument("results", type=click.Path(path_type=pathlib.Path))
@click.option("-o", "--output", type=click.Path(path_type=pathlib.Path), help="[default: RESULTS/report.html]")
@click.option(
    "-m",
    "--model",
    "models",
    type=click.Path(path_type=pathlib.Path),
    multiple=True,
    help="Saved-model folder, if not where it was; repeatable.  [default: those that the evaluation names]",
)
@click.option("--films", type=click.IntRange(0, 60), default=6, show_default=True, help="Films of a kind; 0: none.")
@click.option("--heatmaps/--no-heatmaps", default=True, show_default=True, help="Beside the films.")
def report(results, output, models, films, heatmaps) -> None:
    """Write a report of an evaluation, or of a saved model's training, as one HTML file that loads nothing.

    RESULTS is the folder that 'evaluate' or 'train' has written. The page holds pictures of films, unless --films 0.
    """
    write_report(results, output, models, films, heatmaps)


def write_report(results, output=None, models=(), films: int = 6, heatmaps: bool = True, load: bool = True) -> None:
    """Write the page and tell where; see ``report``.

    With ``load`` False, heatmaps that need TensorFlow are left out where it is not loaded already.
    """
    from keras_cxr.models.saved_model import CARD, open_model
    from keras_cxr.prediction.report_contents import evaluation_contents, training_contents
    from keras_cxr.report.page import write_page

    if (results / CARD).is_file():
        contents = training_contents(open_model(results))
    else:
        pictures = functools.partial(_pictures, heatmaps, load)
        contents = evaluation_contents(results, [open_model(folder) for folder in models], pictures, films)
    output = output or results / "report.html"
    write_page(output, contents)
    click.echo(f"Wrote {output}")


def _pictures(heatmaps, load, model, paths):
    """Thumbnails; where the network cannot be explained, of the films alone, which is then told."""
    from keras_cxr.explain.thumbnails import thumbnails

    if heatmaps and model is not None:
        try:
            return thumbnails(_explainer(model, load), paths)
        except CxrError as fault:
            click.echo(f"Note: no heatmaps in the report: {fault}", err=True)
    return thumbnails(None, paths)


def _explainer(model, load):
    """Of each film's own label, by the fast runtime or by Keras; None where Keras may not be loaded for it."""
    from keras_cxr.explain.explainer import Explainer
    from keras_cxr.explain.fast_explainer import fast_explainer
    from keras_cxr.explain.request import Request

    request = Request()
    explainer, _ = fast_explainer(model, request)
    if explainer is not None:
        return explainer
    if not load and "tensorflow" not in sys.modules:
        click.echo("Note: no heatmaps in the report: they need Keras; 'keras-cxr report' adds them.", err=True)
        return None
    from keras_cxr.cli.tensorflow import load_tensorflow

    load_tensorflow()
    return Explainer(model, request)
