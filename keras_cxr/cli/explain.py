"""``keras-cxr explain``: films to heatmaps by a method of choice."""

import pathlib

import click

from keras_cxr.cli.map_score_options import map_score_options, take_map_score_options
from keras_cxr.cli.options import (
    find_explainers,
    find_model,
    lung_masks_option,
    max_megapixels_option,
    model_option,
    picture_options,
    runtime_options,
)
from keras_cxr.cli.sections import SectionedCommand, SectionOption
from keras_cxr.cli.tensorflow import load_tensorflow


def _shown(*declarations: str, **settings):
    return click.option(*declarations, cls=SectionOption, section="What to show", **settings)


def _setting(*declarations: str, **settings):
    return click.option(*declarations, cls=SectionOption, section="Settings of a method", **settings)


_SETTINGS = (
    _setting("--corners", is_flag=True, help="Map corners on film corners, as tf-keras-vis.  [CAM family]"),
    _setting("--channels", type=click.IntRange(1), help="Only those that vary most.  [scorecam: all]"),
    _setting("--mask-size", type=click.IntRange(1), help="Side of the square, pixels.  [occlusion: side / 7]"),
    _setting("--stride", type=click.IntRange(1), help="Its step, pixels.  [occlusion: mask size / 4]"),
    _setting(
        "--fill",
        type=click.Choice(["mean", "black"]),
        help="In place of what is hidden.  [occlusion, lime, shap: mean]",
    ),
    _setting("--coarse", is_flag=True, help="Look closely only where a coarse pass finds something.  [occlusion]"),
    _setting("--masks", type=click.IntRange(2), help="Random masks.  [rise: 2000]"),
    _setting("--steps", type=click.IntRange(1), help="Steps up from black.  [integrated-gradients: 64]"),
    _setting("--samples", type=click.IntRange(1), help="Changed copies.  [smoothgrad: 32, shap: 500, lime: 1000]"),
    _setting("--segments", type=click.IntRange(2), help="Superpixels.  [lime: 60]"),
    _setting("--noise", type=click.FloatRange(0, 1), help="Share of the gray range.  [smoothgrad: 0.15]"),
    _setting("--seed", type=click.IntRange(0, 2**31 - 1), help="Of what is drawn.  [lime, rise, shap, smoothgrad: 0]"),
    _setting("--batch-size", type=click.IntRange(1), help="Copies of a film a step.  [methods of many passes: 32]"),
)


def _settings(command):
    for option in reversed(_SETTINGS):
        command = option(command)
    return command


def _list(context: click.Context, parameter: click.Parameter, asked: bool) -> None:
    if not asked or context.resilient_parsing:
        return
    from rich.console import Console
    from rich.table import Table

    from keras_cxr.explain.registry import methods

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("method", no_wrap=True)
    for column in ("shows", "paper", "passes a film"):
        table.add_column(column)
    for entry in methods().values():
        table.add_row(entry.name, entry.shows, entry.paper, entry.cost)
    Console().print(table)
    context.exit()


@click.command(cls=SectionedCommand)
@click.argument("images", type=click.Path(path_type=pathlib.Path))
@_shown("--list", is_flag=True, is_eager=True, expose_value=False, callback=_list, help="List the methods.")
@click.option("-o", "--output", type=click.Path(path_type=pathlib.Path), default="heatmaps", show_default=True)
@model_option
@_shown("--method", "methods", multiple=True, default=["gradcam"], show_default=True, help="Of --list; repeatable.")
@_shown("--class", "class_name", help="Class to explain.  [default: each film's own label]")
@_shown("--against", help="Explain --class less this class: the difference of their logits.")
@_shown("--layer", "layers", multiple=True, help="Layer to show; repeat for a mean.  [default: last with a map]")
@_shown(
    "--smooth",
    type=click.IntRange(1, 6),
    default=1,
    show_default=True,
    help="Average over so many mirrored, darker and brighter films.",
)
@_shown("--arrays", is_flag=True, help="Also write the maps as .npy files.")
@map_score_options
@lung_masks_option
@runtime_options
@picture_options
@max_megapixels_option
@_settings
def explain(
    images,
    output,
    model,
    lung_masks,
    runtime,
    precision,
    full_size,
    contour,
    arrays,
    methods,
    class_name,
    against,
    layers,
    smooth,
    **settings,
) -> None:
    """Write a heatmap overlay for every film of a folder (or one film) by --method, and maps.csv with a row a film.

    Of several methods each writes a folder of its own. With --score the maps are measured: whether they find marked
    places, follow the network's confidence, depend on what it learnt, and agree.

    Heatmaps of chest films are known to mislead: see docs/explain.md before you trust one.
    """
    from keras_cxr.explain.request import requests_for

    drawn = {"full_size": full_size, "contour": contour, "arrays": arrays}
    measured = take_map_score_options(settings)
    given = {name: value for name, value in settings.items() if value is not None and value is not False}
    request = {"class_name": class_name, "against": against, "layers": layers, "smooth": smooth, "settings": given}
    requests = requests_for(methods, request)
    if measured is not None:
        if runtime not in ("auto", "keras") or precision not in ("auto", "float32"):
            raise click.UsageError("--score takes no --precision, and of --runtime only auto and keras.")
        return _score(images, output, model, lung_masks, drawn, requests, measured, runtime)
    from keras_cxr.cli.display import progress
    from keras_cxr.data.film_paths import film_paths

    total = sum(1 for _ in film_paths(images, output)[1])
    saved = find_model(model)
    from keras_cxr.explain.folder import explain_films
    from keras_cxr.explain.pictures import Pictures

    explainers = find_explainers(saved, requests, runtime, precision)
    for one, explainer in zip(requests, explainers, strict=True):
        folder = output / one.method if len(requests) > 1 else output
        with progress("Explaining", total) as advance:
            result = explain_films(saved, images, folder, one, advance, lung_masks, True, explainer, Pictures(**drawn))
        _tell(result)
        click.echo(f"Model: {saved.folder}. Wrote {result.index or result.pictures[0]}")


def _tell(result) -> None:
    for name, reason in result.failures[:5]:
        click.echo(f"  failed: {name}: {reason}", err=True)
    layer = f", layer {result.layer}" if result.layer else ""
    click.echo(
        f"{len(result.pictures)} films, {result.title}{layer}, {result.empty} without positive evidence, "
        f"{len(result.failures)} failed."
    )


def _score(images, output, model, lung_masks, drawn, requests, measured, runtime) -> None:
    from keras_cxr.cli.display import print_table, progress
    from keras_cxr.evaluation.map_scores import MEASURES
    from keras_cxr.explain.score.places import find_places

    marks = {name: measured.pop(name) for name in ("boxes", "finding_masks", "patient_pattern")}
    saved, control = find_model(model), measured.pop("control")
    control = find_model(control) if control else None
    places = find_places(images, output, lung_masks=lung_masks, **marks)
    load_tensorflow()
    from keras_cxr.explain.pictures import Pictures
    from keras_cxr.explain.score.films import ScoreOptions, score_films

    checked, groups = measured.pop("checked_films"), measured.pop("groups") or tuple(MEASURES)
    options = ScoreOptions(groups=groups, checked=checked, **measured)
    total = min(options.films or len(places.paths), len(places.paths)) * len(requests) * (2 if control else 1)
    with progress("Explaining", total) as advance:
        pictures = Pictures(**drawn)
        result = score_films(saved, places, output, requests, options, control, lung_masks, advance, pictures, runtime)
    for explained in result.explained:
        _tell(explained)
    print_table(result.scores.drop(columns="meaning"))
    for measure, meaning in dict(zip(result.scores["measure"], result.scores["meaning"], strict=True)).items():
        # In brackets stand the thresholds of one method.
        click.echo(f"{measure}: {meaning.partition(' (')[0]}")
    click.echo(f"Model: {saved.folder}. Wrote {', '.join(str(file) for file in result.files)}")
