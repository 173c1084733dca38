"""``keras-cxr filters``: what excites the filters of a layer, as contact sheets and a table."""

import pathlib
import re

import click

from keras_cxr.cli.options import find_model, lung_masks_option, max_megapixels_option, model_option
from keras_cxr.cli.tensorflow import load_tensorflow


class Numbers(click.ParamType):
    """Whole numbers and ranges of them, such as 0-31 or 3,5,8-11."""

    name = "N,A-B,…"

    def convert(self, value: object, parameter: click.Parameter | None, context: click.Context | None) -> list[int]:
        """The numbers in the order given, each once."""
        if isinstance(value, list):
            return value
        numbers: dict[int, None] = {}
        for part in str(value).split(","):
            found = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", part.strip())
            first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
            if last < first:
                self.fail(f"must be numbers and ranges such as 0-31 or 3,5,8-11. Received: {value}", parameter, context)
            numbers |= dict.fromkeys(range(first, last + 1))
        return list(numbers)


@click.command()
@click.argument("images", type=click.Path(path_type=pathlib.Path))
@click.option("-o", "--output", type=click.Path(path_type=pathlib.Path), default="filters", show_default=True)
@model_option
@click.option("--layer", help="The layer, at any depth.  [default: the last with a map]")
@click.option("--top", type=click.IntRange(1, 100), default=9, show_default=True, help="Films a filter.")
@click.option("--filters", type=Numbers(), help="Which.  [default: the 32 that vary most from film to film]")
@click.option("--synthesise", is_flag=True, help="Also make an input that excites each filter, from noise.")
@click.option("--steps", type=click.IntRange(1), default=128, show_default=True, help="Of making these.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Of their noise.")
@lung_masks_option
@max_megapixels_option
def filters(images, output, model, layer, top, filters, synthesise, steps, seed, lung_masks) -> None:
    """Show the films of a folder, and the places on them, that excite each filter of a layer most.

    Writes filters.png, a row of film parts a filter, and filters.csv with the receptive field of each in the film's
    pixels; with --synthesise, synthesised.png and synthesised.csv.
    """
    from keras_cxr.cli.display import progress
    from keras_cxr.data.film_paths import film_paths

    total = sum(1 for _ in film_paths(images, output)[1])
    saved = find_model(model)
    load_tensorflow()
    from keras_cxr.explain.filter_films import FilterViewer

    viewer = FilterViewer(saved, layer)
    with progress("Looking", total) as advance:
        shown = viewer.films(images, output, top, filters, lung_masks, advance)
    for name, reason in shown.failures[:5]:
        click.echo(f"  failed: {name}: {reason}", err=True)
    files = shown.files
    if synthesise:
        with progress("Synthesising", len(shown.filters)) as advance:
            files = files + viewer.synthesised(output, shown.filters, steps, seed, advance)
    click.echo(
        f"{shown.films} films, {len(shown.failures)} failed. {len(shown.filters)} filters of layer {shown.layer}, "
        f"{len(shown.silent)} of them silent. Model: {saved.folder}"
    )
    click.echo(f"Wrote {', '.join(str(file) for file in files)}")
