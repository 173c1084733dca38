"""``keras-cxr phantom``: write a folder of synthetic films."""

import pathlib
from collections import Counter

import click


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=pathlib.Path))
@click.option("--patients", type=click.IntRange(4, 50_000), default=120, show_default=True, help="Known patients.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Same seed, same films.")
@click.option(
    "--hospital",
    type=click.Choice(["a", "b"]),
    default="a",
    show_default=True,
    help="b exposes, frames and marks its films differently: an external test set.",
)
@click.option(
    "--size", type=click.IntRange(128, 2048), default=512, show_default=True, metavar="PIXELS", help="Film height."
)
def phantom(folder: pathlib.Path, patients: int, seed: int, hospital: str, size: int) -> None:
    """Write synthetic chest films with classes, lung masks and boxes to DIR: to try the program, not for diagnosis."""
    from keras_cxr.data.phantom.dataset import CLASSES, write_phantom

    films = write_phantom(folder, patients, seed, hospital, size)
    counts = Counter(films["label"])
    known = ", ".join(f"{counts[name]} {name}" for name in CLASSES)
    unknown = sum(1 for _ in (folder / "unknown_images").glob("*.png"))
    click.echo(f"Synthetic films of {patients} patients in {folder / 'known_images'}: {known}")
    click.echo(f"Films of other patients in {folder / 'unknown_images'}: {unknown} (classes in unknown_truth.csv)")
    click.echo(f"Also in {folder}: labels.csv, boxes.csv, masks")
    click.echo(f"Next: keras-cxr train {folder / 'known_images'} -a lmap3")
