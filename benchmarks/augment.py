"""Rotation, zoom and flip of training films: this package's pipeline against Keras' layers in a tf.data map.

Both start from decoded films (uint8, one gray channel) in memory and end at shuffled float32 batches of 32. With the
three channels that image_dataset_from_directory gives by default the other side would take two to three times longer.
"""

import statistics

from films import small_films
from measure import Result, Side, machine, parser, publish, quiet, ratios

SIZE, BATCH = 224, 32


def notebook(pixels, targets):
    import keras
    import tensorflow as tf

    varied = keras.Sequential(
        [
            keras.layers.RandomFlip("horizontal"),
            keras.layers.RandomRotation(0.05, fill_mode="constant"),
            keras.layers.RandomZoom(0.05, fill_mode="constant"),
        ]
    )
    films = tf.data.Dataset.from_tensor_slices((pixels[..., None], targets))
    films = films.shuffle(len(pixels)).batch(BATCH)
    films = films.map(lambda films, target: (varied(films, training=True), target), num_parallel_calls=tf.data.AUTOTUNE)
    return films.prefetch(tf.data.AUTOTUNE)


def package(pixels, targets, epoch: int):
    import numpy as np

    from keras_cxr.data.augment import Augmentation
    from keras_cxr.data.pipeline import training_batches

    rows, weights = np.arange(len(pixels)), np.ones(len(pixels), np.float32)
    varied = Augmentation(rotation=18, zoom=0.05, flip=True)
    return training_batches(pixels, rows, targets, weights, batch_size=BATCH, seed=0, epoch=epoch, augmentation=varied)


def main() -> None:
    options = parser(__doc__, films=1000, repeats=5).parse_args()
    quiet()
    import numpy as np

    from keras_cxr.data.films import read_films
    from keras_cxr.data.preprocessing import Preprocessing

    found = small_films(options)[: options.films]
    pixels = np.stack([film.pixels for film in read_films(map(str, found), Preprocessing(SIZE))])
    targets = np.zeros(len(pixels), np.int64)
    theirs = notebook(pixels, targets)  # Made once: each pass over it shuffles and draws anew.

    def through(batches):
        for _ in batches:
            pass

    through(theirs), through(package(pixels, targets, 0))
    sides = Side(lambda: through(theirs)), Side(lambda: through(package(pixels, targets, 1)))
    wall, processor = ratios(*sides, options.repeats)
    print(machine())
    result = Result(
        benchmark="augment.py: one warp in the training pipeline",
        against="keras RandomFlip + RandomRotation + RandomZoom in a tf.data map",
        sizes=f"{len(pixels)} films of {SIZE} × {SIZE}, one channel, batches of {BATCH}",
        values=wall,
        bar=2.2,
        note=f"processor time {statistics.median(processor):.3g}×",
    )
    publish(result, options)


if __name__ == "__main__":
    main()
