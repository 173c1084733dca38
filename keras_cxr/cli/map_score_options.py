"""The options of ``explain`` that measure heatmaps."""

import pathlib
from collections.abc import Callable

import click

from keras_cxr.cli.sections import SectionOption

# Of evaluation.map_scores.MEASURES, which need not be loaded to show the help.
GROUPS = ("localisation", "faithfulness", "sanity", "agreement")
_PATH = click.Path(path_type=pathlib.Path)


def _option(*declarations: str, **settings) -> Callable:
    return click.option(*declarations, cls=SectionOption, section="Measuring the maps", **settings)


_OPTIONS = (
    _option("--score", is_flag=True, help="Measure the maps: map_scores.csv and figures. See docs/explain.md."),
    _option("--boxes", type=_PATH, help="Marked places: CSV file of image, x, y, width, height, in pixels."),
    _option("--finding-masks", type=_PATH, help="Marked places: folder of masks with the films' base names."),
    _option("--tolerance", type=click.FloatRange(0), default=0, help="Pixels by which a hit may miss.  [0]"),
    _option("--measure", "groups", multiple=True, type=click.Choice(GROUPS), help="Repeatable.  [all]"),
    _option("--films", type=click.IntRange(1), help="Draw at most so many films.  [all]"),
    _option(
        "--checked-films",
        type=click.IntRange(1),
        default=24,
        show_default=True,
        help="So many of them for everything but localisation, which runs the network many times a film.",
    ),
    _option("--control", type=_PATH, help="A second model beside, such as one trained on permuted labels."),
    _option("--patient-pattern", help="Patients from file names, e.g. '^(?P<patient>[^_]+)_'."),
)
_NAMES = (
    "score",
    "boxes",
    "finding_masks",
    "tolerance",
    "groups",
    "films",
    "checked_films",
    "control",
    "patient_pattern",
)


def map_score_options(command: Callable) -> Callable:
    """Add the options; ``take_map_score_options`` takes them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def take_map_score_options(options: dict) -> dict | None:
    """Take the options out of a command's ``options``; None where nothing is to be measured.

    Raises:
        UsageError: One of them without --score.
    """
    taken = {name: options.pop(name) for name in _NAMES}
    if taken.pop("score"):
        return taken
    given = [name for name in taken if taken[name] and name != "checked_films"]
    if given:
        name = "measure" if given[0] == "groups" else given[0].replace("_", "-")
        raise click.UsageError(f"--{name} goes with --score.")
    return None
