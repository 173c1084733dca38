"""Options that several commands share."""

import dataclasses
import pathlib
from collections.abc import Callable, Sequence

import click

from keras_cxr.cli.sections import SectionOption
from keras_cxr.prediction.serving.runtimes import ALL_PRECISIONS, runtimes


class Renaming(click.ParamType):
    """OLD=NEW."""

    name = "OLD=NEW"

    def convert(self, value: object, parameter: click.Parameter | None, context: click.Context | None) -> tuple:
        """Split at the first '='."""
        if isinstance(value, tuple):
            return value
        old, _, new = str(value).partition("=")
        if not old or not new:
            self.fail(f"must be OLD=NEW, such as SICK=PNEUMONIA. Received: {value}", parameter, context)
        return old, new


class Shares(click.ParamType):
    """Three shares such as 70/15/15."""

    name = "A/B/C"

    def convert(self, value: object, parameter: click.Parameter | None, context: click.Context | None) -> tuple:
        """Three numbers, the first two positive."""
        if isinstance(value, tuple):
            return value
        try:
            shares = tuple(float(part) for part in str(value).split("/"))
        except ValueError:
            shares = ()
        if len(shares) != 3 or min(shares[:2]) <= 0 or shares[2] < 0:
            self.fail(
                "must be three shares of train, val and test, such as 70/15/15; that of test may be 0. "
                f"Received: {value}",
                parameter,
                context,
            )
        return shares


_FLAGS = ("frontal_only", "keep_patient_ids")


def _label_option(*declarations: str, **settings) -> Callable:
    return click.option(*declarations, cls=SectionOption, section="Labels", **settings)


_LABEL_OPTIONS = (
    _label_option("--labels", type=click.Path(path_type=pathlib.Path), help="CSV file with a row a film."),
    _label_option("--image-column", help="Its column of file names, if not found by itself."),
    _label_option("--label-column", help="Its column of labels, if not found by itself."),
    _label_option("--patient-column", help="Its column of patients, if not found by itself."),
    _label_option("--split-column", help="Its column of splits (train, val, test), if not found by itself."),
    _label_option("--label-pattern", help="Labels from file names, e.g. '(?P<label>sick|normal)'."),
    _label_option("--patient-pattern", help="Patients from file names, e.g. '^(?P<patient>[^_]+)_'."),
    _label_option(
        "--finding", help="The class to tell from all others where films have lists of findings (NIH, CheXpert)."
    ),
    _label_option(
        "--multi-label",
        metavar="COLUMN",
        default="",
        help="Column of findings such as 'Effusion|Mass': a film has any number of them, each is a class.",
    ),
    _label_option("--layout", help="How the data folder is laid out, e.g. kermany3, if not to be found by itself."),
    _label_option("--frontal-only", is_flag=True, help="Leave out lateral films and other body parts (by header)."),
    _label_option("--keep-patient-ids", is_flag=True, help="DICOM patient IDs as they are, not as salted hashes."),
    _label_option(
        "--exclude",
        type=click.Path(path_type=pathlib.Path),
        help="CSV file of films to leave out, as 'keras-cxr audit' writes it.",
    ),
    _label_option("--map", "renamed", type=Renaming(), multiple=True, help="Rename a label; repeatable."),
    _label_option(
        "--map-file",
        type=click.Path(path_type=pathlib.Path),
        help="YAML file of labels to rename, by data set: {FOLDER or '*': {OLD: NEW}}; NEW null leaves films out.",
    ),
)


def label_options(command: Callable) -> Callable:
    """Add the options that say where labels, patients and splits are; ``read_labels`` takes them."""
    for option in reversed(_LABEL_OPTIONS):
        command = option(command)
    return command


def take_label_options(options: dict):
    """Take the label options out of a command's ``options`` and return them as LabelOptions."""
    from keras_cxr.data.layouts.options import LabelOptions

    columns = ("image_column", "label_column", "patient_column", "split_column")
    others = ("labels", "label_pattern", "patient_pattern", "renamed", "map_file", "layout", "finding", "exclude")
    chosen = {name: options.pop(name) for name in (*columns, *others, "multi_label", *_FLAGS)}
    return LabelOptions(**chosen)


def for_models(labels, models: list):
    """The label options with the column of findings that multi-label models were trained on, where none is named."""
    columns = [column for model in models if (column := model.card.data.get("multi_label"))]
    if labels.multi_label or not columns:
        return labels
    return dataclasses.replace(labels, multi_label=columns[0])


def _limit_films(context: click.Context, parameter: click.Parameter, million: int) -> None:
    if context.resilient_parsing:
        return
    from keras_cxr.data.levels import set_max_megapixels

    set_max_megapixels(million)


def max_megapixels_option(command: Callable) -> Callable:
    """Add ``--max-megapixels``, which no command needs to hand on: it is set for the process."""
    return click.option(
        "--max-megapixels",
        type=click.IntRange(1, 1000),
        default=100,
        show_default=True,
        expose_value=False,
        callback=_limit_films,
        help="Refuse larger films, and those of over 2 bytes for each of these pixels when decoded.",
    )(command)


def feature_cache_option(command: Callable) -> Callable:
    """Add ``--feature-cache/--no-feature-cache``."""
    text = "Use and keep what a frozen backbone makes of the films."
    return click.option("--feature-cache/--no-feature-cache", default=True, show_default=True, help=text)(command)


def lung_masks_option(command: Callable) -> Callable:
    """Add ``--lung-masks``."""
    text = "Folder of lung masks, for a model that sees lungs alone."
    return click.option("--lung-masks", help=text)(command)


def picture_options(command: Callable) -> Callable:
    """Add ``--full-size`` and ``--contour``, arguments of ``explain.pictures.Pictures``."""
    text = "Picture large films in their own size, not with a shorter side of 512 pixels: slower."
    full_size = click.option("--full-size", is_flag=True, help=text)
    text = "Draw the map's outlines at 1/4, 1/2 and 3/4 of its strongest place, not its colours."
    return full_size(click.option("--contour", is_flag=True, help=text)(command))


def model_option(command: Callable) -> Callable:
    """Add ``-m/--model``."""
    return click.option(
        "-m",
        "--model",
        "model",
        type=click.Path(path_type=pathlib.Path),
        help="Saved-model folder; by default the newest in saved_models/.",
    )(command)


def find_model(folder: pathlib.Path | None):
    """The named saved model, or the newest one, which is then told on standard error."""
    from keras_cxr.models.saved_model import newest_model, open_model

    if folder is not None:
        return open_model(folder)
    model = newest_model()
    click.echo(f"Model: {model.folder} (the newest; choose with -m)", err=True)
    return model


def runtime_options(command: Callable) -> Callable:
    """Add ``--runtime`` and ``--precision``; ``find_runtime`` takes them."""
    runtime = click.option(
        "--runtime",
        type=click.Choice(["auto", *runtimes()]),
        default="auto",
        show_default=True,
        help="What computes the network; auto is the fastest that is there and agrees with Keras.",
    )
    precision = click.option(
        "--precision",
        type=click.Choice(["auto", *ALL_PRECISIONS]),
        default="auto",
        show_default=True,
        help="Of the runtime; 'keras-cxr optimize' writes them.",
    )
    return runtime(precision(command))


def find_runtime(model, runtime: str, precision: str, films=None, unfamiliarity: bool = False):
    """The function from films to logits for a saved model, told on standard error; None: Keras.

    TensorFlow is loaded where the network or the model's own lung model needs it.

    Args:
        model: The saved model.
        runtime, precision: The options.
        films: The decoded films, where their stored features may be used and kept: by Keras on a frozen backbone,
            and in place of what is chosen automatically where all of them are stored.
        unfamiliarity: Whether it is to tell how unfamiliar films are, where the model can; see
            ``prediction.familiarity``.
    """
    from keras_cxr.cli.tensorflow import load_tensorflow
    from keras_cxr.lungs.source import OWN
    from keras_cxr.prediction.familiarity import with_familiarity
    from keras_cxr.prediction.serving.choose import choose
    from keras_cxr.prediction.stored_features import all_stored, through_store

    choice = choose(model, runtime, precision)
    free = films is not None and runtime in ("auto", "keras") and precision in ("auto", "float32")
    reuse = free and (choice.run is None or all_stored(model, films))
    if choice.run is None or reuse or (model.folder / OWN).is_dir():
        load_tensorflow()
    if reuse:
        choice = through_store(model, choice)
    click.echo(f"Note: {choice.note}" if choice.note else f"Runtime: {choice.name}", err=True)
    if unfamiliarity:
        choice, note = with_familiarity(model, choice)
        if note:
            click.echo(f"Note: {note}", err=True)
    return choice.run


def find_explainers(model, requests: Sequence, runtime: str, precision: str) -> list:
    """The explainers of a saved model, one a request; what computes them is told on standard error.

    TensorFlow is loaded where the network or the model's own lung model needs it. What cannot be explained is told
    before the first film is.

    Args:
        model: The saved model.
        requests: What to show.
        runtime, precision: The options.
    """
    from keras_cxr.cli.tensorflow import load_tensorflow
    from keras_cxr.explain.explainer import Explainer
    from keras_cxr.explain.fast_explainer import fast_explainers
    from keras_cxr.lungs.source import OWN

    found, served, network = [], {}, None
    for request, (explainer, told) in zip(requests, fast_explainers(model, requests, runtime, precision), strict=True):
        served.setdefault(told, []).append(request.method)
        if explainer is None or (model.folder / OWN).is_dir():
            load_tensorflow()
        if explainer is None:
            explainer = Explainer(model, request, network)
            network = explainer.network
        found.append(explainer)
    for told, methods in served.items():
        click.echo(told + (f" ({', '.join(methods)})" if len(requests) > 1 else ""), err=True)
    return found
