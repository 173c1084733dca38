"""Training on a GPU: the real pipeline against the same step on synthetic tensors, and mixed_float16 against float32.

Whole ResNet50, fine-tuned. First: films a second of ``fit`` on this package's augmented batches, as a share of those on
one batch that already lies in the GPU's memory (bar 0.9: the reader must not starve the device). Second: the same
training in mixed_float16 against float32 (bar 2). ``--films`` should be a thousand or more, so that an epoch has more
steps than the pipeline reads ahead.

This program has NOT been run on a GPU yet: on a machine without one it says so and ends. Its figures are to come.
"""

import argparse
import sys
import time

from films import small_films
from measure import Result, machine, parser, publish, quiet

SIZE = 224


def training(precision: str):
    """ResNet50 as ``train`` compiles it, all of it trained."""
    import keras

    from keras_cxr.models.forward import logits_model
    from keras_cxr.models.network import build
    from keras_cxr.training.devices import dtype_policy

    with dtype_policy(precision):
        model = logits_model(build("resnet50", classes=2, weights="none"))
        model.compile(keras.optimizers.Adam(1e-5), keras.losses.BinaryCrossentropy(from_logits=True))
    return model


def real(pixels, targets, batch_size: int, epoch: int):
    """The batches of an epoch, as ``train`` makes them."""
    import numpy as np

    from keras_cxr.data.augment import Augmentation
    from keras_cxr.data.pipeline import training_batches

    rows, weights = np.arange(len(pixels)), np.ones(len(pixels), np.float32)
    return training_batches(
        pixels, rows, targets, weights, batch_size=batch_size, seed=0, epoch=epoch, augmentation=Augmentation()
    )


def synthetic(batch_size: int, steps: int):
    """One batch of noise on the device, again and again."""
    import tensorflow as tf

    with tf.device("/GPU:0"):
        batch = (
            tf.random.uniform((batch_size, SIZE, SIZE, 1), 0, 255),
            tf.cast(tf.range(batch_size) % 2, tf.int64),
            tf.ones(batch_size),
        )
    return (batch for _ in range(steps))


def rate(model, batches, films: int, steps: int) -> float:
    """Films a second of one epoch."""
    start = time.perf_counter()
    model.fit(batches, steps_per_epoch=steps, verbose=0)
    return films / (time.perf_counter() - start)


def measure(options: argparse.Namespace, pixels, targets) -> list[Result]:
    """Both comparisons; the first epoch of each model only traces."""
    batch, steps = options.batch_size, len(pixels) // options.batch_size
    films = batch * steps
    half, full = training("mixed_float16"), training("float32")
    for model in (half, full):
        rate(model, real(pixels, targets, batch, 0), films, steps)
    shares, gains = [], []
    for epoch in range(1, options.repeats + 1):
        ready = rate(half, synthetic(batch, steps), films, steps)
        fed = rate(half, real(pixels, targets, batch, epoch), films, steps)
        plain = rate(full, real(pixels, targets, batch, epoch), films, steps)
        shares.append(fed / ready)
        gains.append(fed / plain)
    sizes = f"{films} films of {SIZE} × {SIZE}, batches of {batch}, whole ResNet50"
    return [
        Result(
            "gpu.py: films a second from the real pipeline", "the same step on synthetic tensors", sizes, shares, 0.9
        ),
        Result("gpu.py: fine-tuning in mixed_float16", "float32", sizes, gains, 2),
    ]


def main() -> None:
    options = parser(__doc__, films=4000)
    options.add_argument("--batch-size", type=int, default=64, metavar="B", help="films a step [64]")
    options = options.parse_args()
    quiet()
    import numpy as np
    import tensorflow as tf

    if not tf.config.list_physical_devices("GPU"):
        sys.exit("no GPU here")
    from keras_cxr.data.films import read_films
    from keras_cxr.data.preprocessing import Preprocessing

    found = small_films(options)[: options.films]
    pixels = np.stack([film.pixels for film in read_films(map(str, found), Preprocessing(SIZE))])
    targets = np.arange(len(pixels)) % 2
    results = measure(options, pixels, targets)
    print(machine())
    for result in results:
        publish(result, options)


if __name__ == "__main__":
    main()
