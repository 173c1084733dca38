"""Training on a GPU: the real pipeline against the same step on synthetic tensors, and mixed_float16 against float32.

Whole ResNet50, fine-tuned as ``train`` does: films on the device, warped there, XLA, 16 steps an execution. First:
films a second, as a share of those of the same network and compilation on one batch that lies in the GPU's memory
(bar 0.9: the reader must not starve the device). Second: the same training in mixed_float16 against float32 (bar 2).
``--films`` should be a thousand or more, so that an epoch has more steps than the pipeline reads ahead.

This program has NOT been run on a GPU yet: on a machine without one it says so and ends (``--anyway`` runs it on the
processor, which shows that it works and nothing else). Its figures are to come.
"""

import argparse
import pathlib
import sys
import tempfile
import time

from films import link, small_films
from measure import Result, machine, parser, publish, quiet


def prepared(options: argparse.Namespace):
    """The films as a training has them, and its recipe."""
    from keras_cxr.data.source import read_dataset
    from keras_cxr.training.monitor import Monitor
    from keras_cxr.training.prepare import prepare
    from keras_cxr.training.recipe import Recipe

    recipe = Recipe(weights="none", size=options.size, batch_size=options.batch_size, split=(80, 20, 0))
    with tempfile.TemporaryDirectory() as scratch:
        folder = link(small_films(options), options.films, pathlib.Path(scratch) / "films")
        return prepare(read_dataset(folder), recipe, Monitor()), recipe


def stage(data, recipe, precision: str, synthetic: bool = False):
    """ResNet50, all of it trained, compiled as ``train`` compiles it; ``synthetic``: fed with films themselves."""
    from keras_cxr.models.forward import logits_model
    from keras_cxr.models.network import build
    from keras_cxr.training.control import Phase
    from keras_cxr.training.devices import dtype_policy
    from keras_cxr.training.fit import compile_stage
    from keras_cxr.training.stage import FilmStage

    with dtype_policy(precision):
        network = build("resnet50", classes=2, size=recipe.size, weights="none")
        made = FilmStage(network, data, recipe)
        if synthetic:
            made.model = logits_model(network)
        compile_stage(made, Phase("train", 1, 1e-5))
    return made


def one_batch(recipe, steps: int):
    """One batch of noise on the device, again and again."""
    import tensorflow as tf

    count = recipe.batch_size
    films = tf.random.uniform((count, recipe.size, recipe.size, 1), 0, 255)
    batch = (films, tf.cast(tf.range(count) % 2, tf.float32), tf.ones(count))
    batches = tf.data.Dataset.from_tensors(batch).repeat(steps)
    gpus = tf.config.list_logical_devices("GPU")
    return batches.apply(tf.data.experimental.prefetch_to_device(gpus[0].name)) if gpus else batches


def rate(made, batches, films: int) -> float:
    """Films a second of one epoch."""
    start = time.perf_counter()
    made.model.fit(batches, verbose=0)
    return films / (time.perf_counter() - start)


def measure(options: argparse.Namespace) -> list[Result]:
    """Both comparisons; the first epoch of each model only traces."""
    data, recipe = prepared(options)
    films, steps = len(data.trained), -(-len(data.trained) // recipe.batch_size)
    half, full = stage(data, recipe, "mixed_float16"), stage(data, recipe, "float32")
    ready = stage(data, recipe, "mixed_float16", synthetic=True)
    shares, gains = [], []
    for epoch in range(options.repeats + 1):
        most = rate(ready, one_batch(recipe, steps), steps * recipe.batch_size)
        fed, plain = rate(half, half.batches(epoch), films), rate(full, full.batches(epoch), films)
        if epoch:
            shares.append(fed / most)
            gains.append(fed / plain)
    sizes = f"{films} films of {recipe.size} × {recipe.size}, batches of {recipe.batch_size}, whole ResNet50"
    return [
        Result(
            "gpu.py: films a second from the real pipeline", "the same step on synthetic tensors", sizes, shares, 0.9
        ),
        Result("gpu.py: fine-tuning in mixed_float16", "float32", sizes, gains, 2),
    ]


def main() -> None:
    options = parser(__doc__, films=4000)
    options.add_argument("--batch-size", type=int, default=64, metavar="B", help="films a step [64]")
    options.add_argument("--size", type=int, default=224, metavar="S", help="side of the films in pixels [224]")
    options.add_argument("--anyway", action="store_true", help="without a GPU, too")
    options = options.parse_args()
    quiet()
    import tensorflow as tf

    if not tf.config.list_physical_devices("GPU") and not options.anyway:
        sys.exit("no GPU here")
    print(machine())
    for result in measure(options):
        publish(result, options)


if __name__ == "__main__":
    main()
