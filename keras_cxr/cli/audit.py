"""``keras-cxr audit``: what should be known of films before a training."""

import pathlib

import click

from keras_cxr.cli.options import label_options, max_megapixels_option, take_label_options


@click.command()
@click.argument("data", nargs=-1, required=True, type=click.Path(path_type=pathlib.Path))
@click.option("-o", "--output", type=click.Path(path_type=pathlib.Path), default="audit", show_default=True)
@max_megapixels_option
@label_options
def audit(data, output, **options) -> None:
    """Look through one or more data sets: copies, odd films, and what gives the class away.

    Writes audit.csv, duplicates.csv and figures, and exclude.csv for 'keras-cxr train DATA --exclude exclude.csv'.
    """
    from keras_cxr.data.source import read_datasets

    settings = take_label_options(options)
    datasets = read_datasets(data, settings, labelled=False)
    from keras_cxr.audit.audit import audit as run
    from keras_cxr.cli.display import print_table, progress

    with progress("Reading films", sum(len(dataset.table) for dataset in datasets)) as advance:
        found = run(datasets, output, advance)
    for note in found.notes:
        click.echo(f"Note: {note}", err=True)
    for title, table in found.tables.items():
        print_table(table, title)
    if len(found.associations):
        told = found.associations.drop(columns="meaning")
        told["p"] = ["<0.001" if p < 0.001 else f"{p:.3f}" for p in told["p"]]
        print_table(told, "The class by one property alone")
    click.echo("Found:" if found.findings else "Found nothing that is wrong.")
    for line in found.findings:
        click.echo(f"  - {line}")
    click.echo(f"Wrote {output}; {len(found.exclude)} of {len(found.films)} films are listed in exclude.csv")
