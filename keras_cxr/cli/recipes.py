"""``keras-cxr recipes``: the published experiments."""

import dataclasses

import click

from keras_cxr.training.published import find_recipe, published
from keras_cxr.training.recipe_file import recipe_text


@click.command()
@click.argument("name", required=False)
def recipes(name: str | None) -> None:
    """List the published experiments, or show the one called NAME with all its settings.

    Run one with 'keras-cxr train DATA --recipe NAME'; any option overrides it.
    """
    if name is not None:
        _show(name)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("recipe", no_wrap=True)
    for column in ("experiment", "source", "data", "reported"):
        table.add_column(column)
    for recipe, about in published().items():
        table.add_row(recipe, about.title, about.source, about.data, about.reported)
    Console().print(table)


def _show(name: str) -> None:
    recipe, about = find_recipe(name), published().get(name)
    if about is not None:
        click.echo("".join(f"# {key}: {value}\n" for key, value in dataclasses.asdict(about).items()), nl=False)
    click.echo(recipe_text(recipe), nl=False)
