"""``keras-cxr cache``: the stored features of frozen backbones, told and deleted."""

import click


@click.group()
def cache() -> None:
    """Show or delete the stored features of frozen backbones (folder: KERAS_CXR_CACHE)."""


@cache.command()
def info() -> None:
    """Show where the stored features are and what they take."""
    from keras_cxr.cache import cache_folder

    files = [file for file in (cache_folder() / "features").rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files)
    films = sum(file.read_text(encoding="utf-8").count("\n") for file in files if file.suffix == ".txt")
    click.echo(f"{cache_folder()}: features of {films} views of films, {size / 1e6:.0f} MB")


@cache.command()
def clear() -> None:
    """Delete the stored features; they are computed again when needed."""
    import shutil

    from keras_cxr.cache import cache_folder

    folder = cache_folder() / "features"
    shutil.rmtree(folder, ignore_errors=True)
    click.echo(f"Deleted {folder}")
