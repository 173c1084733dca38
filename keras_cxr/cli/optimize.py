"""``keras-cxr optimize``: a saved model to files of faster runtimes."""

import pathlib

import click

from keras_cxr.cli.tensorflow import load_tensorflow
from keras_cxr.prediction.serving.runtimes import ALL_PRECISIONS, runtimes

NAMES = [name for name in runtimes() if name != "keras"]


@click.command()
@click.argument("model", type=click.Path(path_type=pathlib.Path))
@click.option("--runtime", type=click.Choice(NAMES), help="Write this one.  [default: all installed]")
@click.option("--precision", type=click.Choice(ALL_PRECISIONS), help="Write this one.  [default: all there are]")
def optimize(model, runtime, precision) -> int:
    """Write files of faster runtimes for a saved MODEL; 'predict' and 'evaluate' then use the fastest.

    Each is held to Keras on the model's own training and validation films. One in bfloat16 or int8 is kept if the
    validation AUROC falls by no more than 0.002 and 99.5 % of the labels stay the same.
    """
    from keras_cxr.models.saved_model import open_model
    from keras_cxr.prediction.serving.optimize import combinations

    saved = open_model(model)
    pairs, reasons = combinations(runtime, precision)
    for reason in reasons:
        click.echo(f"Note: {reason}", err=True)
    if not pairs:
        click.echo("Nothing to write.", err=True)
        return 1
    load_tensorflow()
    from keras_cxr.prediction.serving.material import stored_material
    from keras_cxr.prediction.serving.optimize import write_runtimes

    films = stored_material(saved)
    click.echo(f"Judged by {len(films.validation)} validation films; films at hand: {films.source}", err=True)
    record = write_runtimes(saved, pairs, films, lambda name: click.echo(f"Writing {name} …", err=True))
    _tell(record)
    for line in record.refused:
        click.echo(f"Note: {line}", err=True)
    written = [entry for entry in record.entries if (entry.runtime, entry.precision) in pairs]
    click.echo(f"Wrote {saved.folder / 'runtimes'}: {', '.join(entry.name for entry in written) or 'nothing new'}")
    return 0 if written else 1


def _tell(record) -> None:
    import pandas as pd

    from keras_cxr.cli.display import print_table

    keras = record.entries[0].films_per_second
    rows = [
        {
            "runtime": entry.runtime,
            "precision": entry.precision,
            "films/s": f"{entry.films_per_second:.1f}",
            "times Keras": f"{entry.films_per_second / keras:.2f}",
            "same labels": f"{entry.labels_agree:.2%}",
            "largest difference": f"{entry.largest_difference:.1e}",
            "validation AUROC": "" if entry.auroc_after is None else f"{entry.auroc_after:.4f}",
        }
        for entry in record.entries
    ]
    print_table(pd.DataFrame(rows))
