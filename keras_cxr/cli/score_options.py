"""The options of ``evaluate`` that say what to score, and those that take predictions from a file."""

import pathlib
from collections.abc import Callable

import click

from keras_cxr.cli.sections import SectionOption

# What looks at films again, and is of no use to a table of predictions.
_OF_FILMS = ("nearest", "shift", "remedies", "remedy", "recalibrate_with", "probe", "lungs_model")


class Names(click.ParamType):
    """Names between commas."""

    name = "A,B,C"

    def convert(self, value: object, parameter: click.Parameter | None, context: click.Context | None) -> tuple:
        """Split at the commas."""
        if isinstance(value, tuple):
            return value
        return tuple(name.strip() for name in str(value).split(",") if name.strip())


def _option(section: str, *declarations: str, **settings) -> Callable:
    return click.option(*declarations, cls=SectionOption, section=section, **settings)


_FILE = click.Path(path_type=pathlib.Path)
_OPTIONS = (
    click.option(
        "--nearest",
        type=click.IntRange(0, 12),
        default=0,
        show_default="none",
        metavar="K",
        help="Beside each film of the report the K training films nearest to it: nearest.csv. Costs a pass over all "
        "training films.",
    ),
    _option(
        "Scores",
        "--at-sensitivity",
        type=click.FloatRange(0, 1, min_open=True),
        help="Also at the threshold that reaches this sensitivity on the validation films.",
    ),
    _option(
        "Scores",
        "--prevalence",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        help="Also PPV and NPV at this share of sick films.",
    ),
    _option("Scores", "--by", multiple=True, help="Scores by a column: view, sex, age, patient, site …; repeatable."),
    _option("Scores", "--ordered", is_flag=True, help="The classes are ordered by name: adds the quadratic kappa."),
    _option("Scores", "--order", type=Names(), default=(), help="Their order, the least first; implies --ordered."),
    _option(
        "Other hospitals' films", "--shift", is_flag=True, help="In what they differ from the training's: shift.csv."
    ),
    _option(
        "Other hospitals' films",
        "--remedies",
        is_flag=True,
        help="What normalisation, adaptation and other remedies change: remedies.csv.",
    ),
    _option(
        "Other hospitals' films",
        "--remedy",
        multiple=True,
        metavar="NAME",
        help="Only this remedy, such as 'BatchNorm statistics'; repeatable.",
    ),
    _option(
        "Other hospitals' films",
        "--recalibrate-with",
        type=click.IntRange(1),
        metavar="N",
        help="What up to N labelled films of theirs would give: recalibration.csv.",
    ),
    _option("Other hospitals' films", "--probe", is_flag=True, help="Scores by border or lungs alone: probe.csv."),
    _option(
        "Other hospitals' films",
        "--lungs-model",
        type=_FILE,
        help="Lung model ('keras-cxr lungs train') for --shift, --remedies and --probe.  [default: --lung-masks]",
    ),
    _option(
        "Predictions of any program",
        "--predictions",
        type=_FILE,
        help="CSV file: image and p_<class>…, or probability or score of the positive class; label if decided.",
    ),
    _option("Predictions of any program", "--truth", type=_FILE, help="CSV file: image, label; patient where known."),
    _option(
        "Predictions of any program",
        "--threshold",
        type=click.FloatRange(0, 1),
        help="Positive from this probability on.  [default: the labels of the file, else 0.5]",
    ),
    _option("Predictions of any program", "--positive", metavar="NAME", help="The positive class of two."),
)


def score_options(command: Callable) -> Callable:
    """Add the options; ``take_score_options`` takes those under 'Scores'."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def take_score_options(options: dict):
    """Take what is to be scored out of a command's ``options``, as ScoreOptions."""
    from keras_cxr.prediction.score_options import ScoreOptions

    names = ("at_sensitivity", "prevalence", "by", "ordered", "order")
    return ScoreOptions(**{name: options.pop(name) for name in names})


def take_beside(options: dict, lung_masks: pathlib.Path | None):
    """Take what is to be looked at beside the scores out of a command's ``options``, as Beside."""
    from keras_cxr.prediction.elsewhere.beside import Beside
    from keras_cxr.prediction.elsewhere.what_can_be_done import Wanted

    every, some = options.pop("remedies"), options.pop("remedy")
    names = ("recalibrate_with", "probe", "lungs_model")
    wanted = Wanted(some or every, **{name: options.pop(name) for name in names})
    return Beside(options.pop("shift"), wanted, lung_masks, options.pop("nearest"))


def check_sources(data, model, predictions, truth, threshold, positive, options: dict) -> None:
    """Hold films and predictions files apart.

    Raises:
        UsageError: Neither is given, half of the files, or both.
    """
    asked = [name for name in _OF_FILMS if options[name]]
    if predictions and asked:
        raise click.UsageError(
            f"--{asked[0].replace('_', '-')} needs films and a model: it does not go with --predictions."
        )
    if (predictions is None) != (truth is None):
        given, lacking = ("--predictions", "--truth") if predictions else ("--truth", "--predictions")
        raise click.UsageError(f"{given} needs {lacking} FILE.csv as well.")
    if predictions and (data or model):
        raise click.UsageError("--predictions goes without DATA and --model: it is scored against --truth alone.")
    if not predictions and not data:
        raise click.UsageError("Missing argument 'DATA...', or --predictions and --truth.")
    if not predictions and (threshold is not None or positive is not None):
        given = "--threshold" if threshold is not None else "--positive"
        raise click.UsageError(f"{given} goes with --predictions; a model's own are in its card.")
