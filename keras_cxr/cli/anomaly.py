"""``keras-cxr anomaly``: learn what normal films look like, and score other films by how unlike them they are."""

import pathlib

import click

from keras_cxr.cli.display import TrainingDisplay
from keras_cxr.cli.options import Shares, label_options, max_megapixels_option, take_label_options
from keras_cxr.cli.sections import SectionedCommand, SectionOption
from keras_cxr.cli.tensorflow import load_tensorflow
from keras_cxr.errors import UsageError

PATH = click.Path(path_type=pathlib.Path)
METHODS = ("autoencoder", "neighbours", "mahalanobis")
ON_FEATURES = METHODS[1:]
# The options that only some methods have a use for.
OF_METHODS = {
    "latent": METHODS[:1],
    "epochs": METHODS[:1],
    "batch_size": METHODS[:1],
    "model": ON_FEATURES,
    "architecture": ON_FEATURES,
    "weights": ON_FEATURES,
    "features_from": ON_FEATURES,
}


@click.group()
def anomaly() -> None:
    """What is not normal: learn from normal films alone, and score other films."""


def _about(method: str, *declarations: str, **settings):
    """An option of ``anomaly train`` under the heading of the methods that have a use for it."""
    return click.option(*declarations, cls=SectionOption, section=method, **settings)


@anomaly.command(cls=SectionedCommand)
@click.argument("data", type=PATH)
@click.option("--name", required=True, help="Of the model.")
@click.option("--output", type=PATH, default="saved_models", show_default=True, help="Folder.")
@click.option("--method", type=click.Choice(METHODS), default=METHODS[0], show_default=True)
@click.option("--normal", metavar="LABEL", help="The label of normal films.  [default: the one such as NORMAL]")
@click.option(
    "--false-alarms",
    type=click.FloatRange(0, 0.5, min_open=True),
    default=0.05,
    show_default=True,
    help="Share of normal films that may be called anomalous; held-out ones set the threshold.",
)
@click.option("--size", type=click.IntRange(32, 1024), help="Of the input in pixels.  [default: 64; a backbone's own]")
@click.option(
    "--split", "shares", type=Shares(), default="70/15/15", show_default=True, help="Shares of train, val and test."
)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True)
@_about("Autoencoder", "--latent", type=click.IntRange(1), help="Width of its waist.  [default: 16]")
@_about("Autoencoder", "--epochs", type=click.IntRange(1), help="[default: 200]")
@_about("Autoencoder", "--batch-size", type=click.IntRange(1), help="Films a step.  [default: 32]")
@_about("Neighbours, mahalanobis", "-m", "--model", type=PATH, help="Saved model whose features are compared.")
@_about("Neighbours, mahalanobis", "-a", "--architecture", help="Without -m, the backbone.  [default: resnet50]")
@_about("Neighbours, mahalanobis", "--weights", help="Its weights: imagenet or a file.  [default: imagenet]")
@_about("Neighbours, mahalanobis", "--features-from", help="Its layer that is pooled.  [default: the last]")
@max_megapixels_option
@label_options
def train(data, name, output, normal, **options) -> None:
    """Learn what is normal from the normal films in DATA, and test it on normal and sick ones.

    DATA is what 'keras-cxr train' takes. Films are split by patient: the method learns from the normal films of train,
    those of val set the threshold, and all films of test give the AUROC.
    """
    from keras_cxr.anomaly.normal import normal_label
    from keras_cxr.cli.display import print_table
    from keras_cxr.data.source import read_dataset
    from keras_cxr.models.saved_model import check_new_folder

    labels, source = take_label_options(options), _take_source(options)
    check_new_folder(output / name, "--name")
    dataset = read_dataset(data, labels)
    normal = normal_label(dataset.table["label"], normal)
    saved = _open_source(source.get("model"))
    load_tensorflow()
    from keras_cxr.anomaly.settings import AnomalySettings
    from keras_cxr.anomaly.train import train_anomaly

    total = sum(options["shares"])
    options["shares"] = tuple(share / total for share in options["shares"])
    settings = AnomalySettings(**{key: value for key, value in options.items() if value is not None})
    display = _Display()
    try:
        features = _features(settings.method, saved, source)
        if features and not features.origin["frozen"]:
            display.note(
                f"The features of {saved.card.name} were trained on films of every class: what follows is not learnt "
                "from normal films alone."
            )
        scores = train_anomaly(dataset, output / name, settings, normal, features, saved, display)
    finally:
        display.close()
    print_table(scores.drop(columns="model"), f"Test films, '{normal}' against all others, with 95 % intervals")
    click.echo(f"Saved {output / name}. Next: keras-cxr anomaly score IMAGES -m {output / name}")


def _take_source(options: dict) -> dict:
    """Check which options go with the method, and take those that say where features come from out of ``options``."""
    for option, able in OF_METHODS.items():
        if options[option] is not None and options["method"] not in able:
            raise UsageError(
                f"--{option.replace('_', '-')} goes with --method {' or '.join(able)}. "
                f"Received: --method {options['method']}."
            )
    source = {key: options.pop(key) for key in ("model", "architecture", "weights", "features_from")}
    if options["method"] in ON_FEATURES:
        source["size"] = options.pop("size")
    given = [key for key, value in source.items() if value is not None and key != "model"]
    if source["model"] is not None and given:
        raise UsageError(f"--{given[0].replace('_', '-')} is told by the model of -m. Leave one of them out.")
    return source


def _open_source(folder: pathlib.Path | None):
    from keras_cxr.models.saved_model import open_model

    return None if folder is None else open_model(folder)


def _features(method: str, saved, source: dict):
    """Films to feature vectors; None for a method without."""
    from keras_cxr.anomaly.features import ModelFeatures, backbone_features

    if method not in ON_FEATURES:
        return None
    if saved is not None:
        return ModelFeatures(saved)
    architecture, weights = source["architecture"] or "resnet50", source["weights"] or "imagenet"
    return backbone_features(architecture, weights, source["features_from"], source["size"])


class _Display(TrainingDisplay):
    """Shows the training of an anomaly model."""

    def epoch(self, row: dict, total: int) -> None:
        """Print the epoch's line."""
        self.close()
        click.echo(
            f"Epoch {row['epoch']}/{total}: error {row['loss']:.5f}; validation {row['val_loss']:.5f}; "
            f"rate {row['learning_rate']:.1e}, {row['seconds']:.0f} s"
        )


@anomaly.command()
@click.argument("images", type=PATH)
@click.option("-m", "--model", type=PATH, required=True, help="Folder of 'anomaly train'.")
@click.option("-o", "--output", type=PATH, default="anomalies.csv", show_default=True)
@click.option("--maps", type=PATH, help="Folder for pictures of where a film is odd (autoencoder).")
@click.option("--into", type=PATH, help="CSV file of 'keras-cxr predict' that gets the scores as a column 'anomaly'.")
@max_megapixels_option
def score(images, model, output, maps, into) -> int:
    """Score every film of a folder (or one film), one CSV row a file, failures included with the reason."""
    from keras_cxr.anomaly.card import open_anomaly_model
    from keras_cxr.anomaly.into import read_rows, write_into
    from keras_cxr.cli.display import progress
    from keras_cxr.data.film_paths import film_paths

    total = sum(1 for _ in film_paths(images, maps)[1])
    saved = open_anomaly_model(model)
    if maps is not None and saved.card.method in ON_FEATURES:
        raise UsageError(f"--maps needs a model of --method autoencoder. Received: one of {saved.card.method}.")
    if into is not None:
        if into.resolve() == output.resolve():
            raise UsageError(f"--into and --output must be two files. Received twice: {into}.")
        read_rows(into)
    _prepare_tensorflow(saved)
    from keras_cxr.anomaly.score import score_films

    with progress("Scoring", total) as advance:
        summary = score_films(saved, images, output, maps, advance=advance)
    for name, reason in summary.failures[:5]:
        click.echo(f"  failed: {name}: {reason}", err=True)
    if len(summary.failures) > 5:
        click.echo(f"  … and {len(summary.failures) - 5} more; see the error column", err=True)
    click.echo(
        f"{summary.files} files, {summary.anomalous} anomalous, {len(summary.failures)} failed. Model: {model} "
        f"({saved.card.method}; normal is '{saved.card.normal}')"
    )
    click.echo(f"Wrote {output}")
    if into is not None:
        click.echo(f"Wrote {into}: {write_into(into, output)} rows have a score")
    return 1 if len(summary.failures) == summary.files else 0


def _prepare_tensorflow(model) -> None:
    """Load TensorFlow, quietly, where the model needs it: not for features by a faster runtime."""
    from keras_cxr.anomaly.features import OWN
    from keras_cxr.lungs.source import OWN as LUNGS

    own = model.folder / OWN
    if not own.is_dir() or (own / LUNGS).is_dir():
        load_tensorflow()
