"""``keras-cxr gradcam``: films to heatmaps that show where the evidence lies."""

import pathlib

import click

from keras_cxr.cli.options import (
    find_explainers,
    find_model,
    lung_masks_option,
    max_megapixels_option,
    model_option,
    picture_options,
    runtime_options,
)


@click.command()
@click.argument("images", type=click.Path(path_type=pathlib.Path))
@click.option("-o", "--output", type=click.Path(path_type=pathlib.Path), default="heatmaps", show_default=True)
@model_option
@lung_masks_option
@runtime_options
@picture_options
@max_megapixels_option
@click.option("--class", "class_name", help="Class to explain.  [default: each film's own label]")
@click.option("--layer", help="Layer to show.  [default: the last with a spatial map]")
def gradcam(images, output, model, lung_masks, runtime, precision, class_name, layer, **drawn) -> None:
    """Write a Grad-CAM overlay for every film of a folder (or one film), and an index page for a folder."""
    from keras_cxr.cli.display import progress
    from keras_cxr.data.film_paths import film_paths

    total = sum(1 for _ in film_paths(images, output)[1])
    saved = find_model(model)
    from keras_cxr.explain.folder import explain_films
    from keras_cxr.explain.pictures import Pictures
    from keras_cxr.explain.request import Request

    request = Request(class_name=class_name, layers=(layer,) if layer else ())
    (explainer,) = find_explainers(saved, [request], runtime, precision)
    with progress("Explaining", total) as advance:
        pictures = Pictures(**drawn)
        result = explain_films(
            saved, images, output, request, advance, lung_masks, explainer=explainer, pictures=pictures
        )
    for name, reason in result.failures[:5]:
        click.echo(f"  failed: {name}: {reason}", err=True)
    click.echo(
        f"{len(result.pictures)} films, layer {result.layer}, {result.empty} without positive evidence, "
        f"{len(result.failures)} failed. Model: {saved.folder}"
    )
    click.echo(f"Wrote {result.index or result.pictures[0]}")
