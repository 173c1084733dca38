"""A new head on a frozen ResNet50, 25 epochs: keras_cxr.training.train against model.fit through the backbone.

Both read the same folder, hold a fifth out for validation, see the films unaugmented, and are timed from the start to
the end of the last epoch: here that is reading, features (the cache is empty at the start), 25 epochs and checkpoints.
What ``train`` does after that has no counterpart in the notebook (calibration, curves, the saved model and its files
for faster runtimes); the ratio with it is given beside. The notebook's side is run for some epochs on a part of the
films: what the first epoch takes longer is its tracing, counted once; the mean of the others, by the film, stands for
all 25 on all films.

With ``--views 4`` this package trains on four augmented views of each film, its default: the backbone then sees four
times as many films, and the notebook's side remains unaugmented.
"""

import os
import pathlib
import statistics
import tempfile

from films import link, small_films
from measure import Clock, Result, Timing, machine, parser, publish, quiet
from networks import notebook_resnet50, trunk_weights

EPOCHS = 25


def notebook(folder: pathlib.Path, weights: pathlib.Path, epochs: int, scale: float) -> Timing:
    """The time of all epochs on ``scale`` times as many films as there are in ``folder``."""
    import keras

    train, val = keras.utils.image_dataset_from_directory(
        folder,
        label_mode="binary",
        image_size=(224, 224),
        batch_size=32,
        validation_split=0.2,
        subset="both",
        seed=0,
        verbose=False,
    )
    model = notebook_resnet50(weights)
    model.compile(keras.optimizers.Adam(1e-3), "binary_crossentropy", metrics=["accuracy"])
    clock, ends = Clock(), []
    told = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ends.append(clock.read()))
    model.fit(train, validation_data=val, epochs=epochs, callbacks=[told], verbose=0)
    rest = (ends[-1] + ends[0] * -1) * (1 / (epochs - 1))
    tracing = ends[0] + rest * -1
    return tracing + rest * (EPOCHS * scale)


def package(folder: pathlib.Path, weights: pathlib.Path, cut: str | None, views: int) -> tuple[Timing, Timing]:
    """The time to the end of the last epoch, and to the saved model."""
    from keras_cxr.data.source import read_dataset
    from keras_cxr.training.monitor import Monitor
    from keras_cxr.training.recipe import Recipe
    from keras_cxr.training.train import train

    class LastEpoch(Monitor):
        def epoch(self, row, total):
            self.end = clock.read()

    varied = {"views": views} if views else {"rotation": 0.0, "zoom": 0.0, "flip": False}
    recipe = Recipe(
        weights=str(weights),
        features_from=cut,
        epochs=EPOCHS,
        patience=EPOCHS,
        split=(80, 20, 0),
        **varied,
    )
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["KERAS_CXR_CACHE"] = f"{scratch}/cache"
        clock = Clock()
        monitor = LastEpoch()
        model = train(read_dataset(folder), recipe, pathlib.Path(scratch) / "model", monitor)
        whole = clock.read()
    if model.card.training["epochs"] != EPOCHS:
        raise SystemExit(f"expected {EPOCHS} epochs, the training stopped after {model.card.training['epochs']}")
    return monitor.end, whole


def parts(ours: Timing, films: int, weights: pathlib.Path, cut: str | None) -> str:
    """The share that one pass of the films through the backbone has."""
    import numpy as np

    from keras_cxr.models.forward import forward
    from keras_cxr.models.network import build

    run = forward(build("resnet50", classes=2, weights=str(weights), features_from=cut))
    batch = np.zeros((32, 224, 224, 1), np.float32)
    run(batch)
    clock = Clock()
    run(batch), run(batch), run(batch)
    share = clock.read().wall / 96 * films / ours.wall
    return f"goes to the backbone's passes over the films {share:.0%}, all else {1 - share:.0%}"


def main() -> None:
    options = parser(__doc__, films=1000)
    options.add_argument("--epochs", type=int, default=3, metavar="K", help="the notebook's epochs that are run [3]")
    options.add_argument("--part", type=int, default=320, metavar="P", help="films that the notebook runs on [320]")
    options.add_argument("--views", type=int, default=0, metavar="V", help="stored augmented views [0: none]")
    options = options.parse_args()
    quiet()
    with tempfile.TemporaryDirectory(prefix="keras-cxr-bench-") as scratch:
        scratch = pathlib.Path(scratch)
        weights, cut = trunk_weights(options.weights, scratch)
        found = small_films(options)
        folder = link(found, options.films, scratch / "films")
        part = link(found, min(options.part, options.films), scratch / "part")
        scale = options.films / min(options.part, options.films)
        pairs = []
        for _ in range(options.repeats):
            theirs = notebook(part, weights, options.epochs, scale)
            pairs.append((theirs, *package(folder, weights, cut, options.views)))
        passes = options.films * (0.8 * max(1, options.views) + 0.2)
        where = parts(pairs[-1][1], round(passes), weights, cut)
    processor = statistics.median(theirs.processor / ours.processor for theirs, ours, _ in pairs)
    whole = statistics.median(theirs.wall / whole.wall for theirs, _, whole in pairs)
    print(machine())
    seen = f"{options.views} augmented views" if options.views else "no augmentation"
    publish(
        Result(
            benchmark="train_head.py: train, head on a frozen ResNet50" + (f" ({seen})" if options.views else ""),
            against=f"image_dataset_from_directory + model.fit through the backbone ({options.epochs} epochs run, "
            f"on {min(options.part, options.films)} films, the mean after the first by the film)",
            sizes=f"{options.films} films, {EPOCHS} epochs, {cut or 'whole trunk'}, {seen}",
            values=[theirs.wall / ours.wall for theirs, ours, _ in pairs],
            bar=None if options.views else 20,
            note=f"processor time {processor:.3g}×; with the saved model and its runtimes {whole:.3g}×",
            parts=where,
        ),
        options,
    )


if __name__ == "__main__":
    main()
