"""``keras-cxr embed``: films to feature vectors, their maps, their neighbours."""

import pathlib

import click

from keras_cxr.cli.options import (
    feature_cache_option,
    find_model,
    label_options,
    lung_masks_option,
    max_megapixels_option,
    model_option,
    runtime_options,
    take_label_options,
)
from keras_cxr.cli.tensorflow import load_tensorflow
from keras_cxr.errors import UsageError

AUTO = "auto"
FILM = click.Path(exists=True, dir_okay=False, path_type=pathlib.Path)


class Neighbours(click.ParamType):
    """A whole number from 1, or "auto"."""

    name = "K|auto"

    def convert(self, value: object, parameter: click.Parameter | None, context: click.Context | None) -> int | str:
        """Check and read it."""
        if value == AUTO or isinstance(value, int):
            return value
        if not str(value).isdecimal() or int(value) < 1:
            self.fail(f"must be a whole number from 1, or auto. Received: {value}", parameter, context)
        return int(value)


@click.command()
@click.argument("data", nargs=-1, required=True, type=click.Path(path_type=pathlib.Path))
@click.option("-o", "--output", type=click.Path(path_type=pathlib.Path), default="embeddings", show_default=True)
@model_option
@click.option(
    "--layer", help="Layer whose output is taken.  [default: the pooled features, or the layer before logits]"
)
@click.option("--knn", type=Neighbours(), help="Label val and test films by their K nearest training films; score it.")
@click.option("--similar-to", type=FILM, help="Show the films most like this one.")
@click.option("-k", "similar_films", type=click.IntRange(1, 48), default=8, show_default=True, help="How many of them.")
@click.option("--figures/--no-figures", default=True, show_default=True, help="Maps by PCA and t-SNE.")
@lung_masks_option
@runtime_options
@feature_cache_option
@max_megapixels_option
@label_options
def embed(
    data,
    output,
    model,
    layer,
    knn,
    similar_to,
    similar_films,
    figures,
    lung_masks,
    runtime,
    precision,
    feature_cache,
    **options,
):
    """Write a feature vector for every film of one or more data sets, labelled or not, and maps of them.

    Keras computes them, from stored features where there are some, for a network on a backbone and for a --layer;
    else, and with --no-feature-cache, the fastest runtime does.
    """
    from keras_cxr.data.source import read_datasets
    from keras_cxr.lungs.source import OWN

    settings = take_label_options(options)
    datasets = read_datasets(data, settings, labelled=False)
    saved = find_model(model)
    fast = _runtime(saved, runtime, precision, layer, feature_cache)
    if fast is None or (saved.folder / OWN).is_dir():
        load_tensorflow()
    from keras_cxr.cli.display import print_table, progress
    from keras_cxr.lungs.source import masks_for
    from keras_cxr.prediction.embedding.embed import Embedder
    from keras_cxr.prediction.embedding.embed import embed as run
    from keras_cxr.prediction.embedding.figures import embedding_figures
    from keras_cxr.prediction.embedding.neighbours import knn as label_by_neighbours
    from keras_cxr.prediction.embedding.similar import similar

    embedder = Embedder(saved, layer, feature_cache, masks_for(saved, lung_masks), fast)
    with progress("Embedding") as advance:
        found = run(saved, datasets, output, embedder, advance)
    for note in found.notes:
        click.echo(f"Note: {note}", err=True)
    films, width = found.vectors.shape
    failed = films - int(found.good.sum())
    click.echo(f"{films} films, {width} features of '{found.layer}', {failed} failed. Model: {saved.folder}")
    if figures:
        embedding_figures(found, saved.card.classes, output)
    if knn is not None:
        scores, notes = label_by_neighbours(saved, found, None if knn == AUTO else knn, output)
        for note in notes:
            click.echo(f"Note: {note}", err=True)
        print_table(scores.drop(columns="model"), "Scores of the nearest neighbours with 95 % intervals")
    if similar_to is not None:
        picture = output / "similar.png"
        for film in similar(embedder, found, similar_to, similar_films, picture).itertuples():
            click.echo(f"  {film.distance:.3f}  {film.label or film.predicted}  {film.dataset}/{film.image}")
        click.echo(f"Wrote {picture}")
    click.echo(f"Wrote {output}")


def _runtime(model, runtime: str, precision: str, layer: str | None, feature_cache: bool):
    """What computes the features in place of Keras, told on standard error; None: Keras."""
    from keras_cxr.models.registry import architectures
    from keras_cxr.prediction.serving.feature_runtime import feature_runtime

    chosen = runtime not in ("auto", "keras")
    if layer is not None and chosen:
        raise UsageError(f"The '--layer' option needs --runtime keras. Received: {runtime}.")
    known = architectures().get(model.card.architecture)
    stored = feature_cache and known is not None and known.backbone and precision in ("auto", "float32")
    if layer is not None or runtime == "keras" or (stored and not chosen):
        return None
    fast = feature_runtime(model, runtime, precision)
    click.echo(f"Runtime: {fast.name if fast else 'keras'}", err=True)
    return fast
