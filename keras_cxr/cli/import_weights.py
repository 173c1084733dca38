"""``keras-cxr import-weights``: PyTorch weights to those of a backbone."""

import pathlib

import click

from keras_cxr.cli.tensorflow import load_tensorflow


@click.command("import-weights")
@click.argument("source")
@click.argument("file", type=click.Path(path_type=pathlib.Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=pathlib.Path, dir_okay=False),
    required=True,
    help="File to write, ….weights.h5.",
)
def import_weights(source, file, output) -> None:
    """Turn PyTorch weights into the weights file of a backbone.

    SOURCE is the library that published the network: torchxrayvision (DenseNet121 at 224 pixels and ResNet50 at 512,
    trained on films of the chest) or torchvision (ResNet18, ResNet34, ResNet50, DenseNet121). FILE is a state dict
    (.pt, .pth) or .safetensors.
    """
    load_tensorflow()
    from keras_cxr.models.import_weights import import_weights as run

    done = run(source, file, output)
    origin = done.origin
    click.echo(f"{origin['source']}: architecture {origin['architecture']}, {origin['preprocessing']}")
    click.echo(f"{done.tensors} tensors taken, {len(done.dropped)} left out (classifier, counters, operating points)")
    if origin["trained_on"] is None:
        click.echo("The file does not tell which films it was trained on: do not evaluate on any of those.")
    elif origin["pathologies"]:
        click.echo(f"Trained on films of {origin['trained_on']}: scores on those data sets would be too good.")
    click.echo(f"Wrote {done.file}")
    click.echo(
        f"Next: keras-cxr train DATA -a {origin['architecture']} --weights {done.file} --size {origin['input_size']}"
    )
