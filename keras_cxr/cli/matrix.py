"""What the commands that score several models on several data sets tell at the end."""

import pathlib

import click


def tell_matrix(matrix, output: pathlib.Path) -> None:
    """Print notes, the scores trained on × tested on, and where everything is written."""
    from keras_cxr.cli.display import print_table
    from keras_cxr.report.matrix import matrix_cells, metric_of

    for note in matrix.notes:
        click.echo(f"Note: {note}", err=True)
    print_table(matrix_cells(matrix.table), f"{metric_of(matrix.table)}, 95 % intervals (* the model's own test split)")
    tables = ", ".join(f"{name}.csv" for name in ("scores", "matrix", *matrix.beside))
    click.echo(f"Wrote {output}: {tables}, matrix.png and a folder a model")
