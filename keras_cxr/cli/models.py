"""``keras-cxr models``: the architectures that a network can be built from."""

import json

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def models(as_json: bool) -> None:
    """List the architectures, with the parameters of a two-class network at the default size.

    --features-from the cut layer makes a smaller and faster network, as for a computer without a GPU. A network of
    your own needs no entry: 'keras-cxr train DATA -a FILE:FUNCTION'.
    """
    from keras_cxr.models.listing import listing

    rows = listing()
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in rows[0]:
        number = column in ("parameters", "size", "channels")
        table.add_column(column.replace("_", " "), justify="right" if number else "left", no_wrap=column != "summary")
    for row in rows:
        table.add_row(*(f"{value:,}" if isinstance(value, int) else value or "" for value in row.values()))
    # Wider than any terminal, so that no number is cut off; the table takes what it needs.
    Console(width=1000).print(table)
