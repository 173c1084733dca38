"""ConvNeXt-Tiny by Keras on a CPU: a model of this package against the same file loaded by ``keras.models.load_model``.

Its depthwise convolutions are written as convolutions with groups, which Keras has XLA compile; ``keras-cxr`` runs them
as depthwise convolutions. Labels of a batch by ``predict_on_batch``, and the gradient by the films, of which integrated
gradients and SmoothGrad are made. The weights are random: they do not matter to the time.
"""

import functools
import pathlib
import statistics
import tempfile

from films import small_films
from measure import Result, Side, machine, parser, publish, quiet, ratios

SIZE = 224


def gradient(network):
    import tensorflow as tf

    @tf.function
    def run(films):
        with tf.GradientTape() as tape:
            tape.watch(films)
            total = tf.reduce_sum(network(films, training=False))
        return tape.gradient(total, films)

    return lambda films: run(tf.constant(films)).numpy()


def once(run, films) -> None:
    run(films)


def main() -> None:
    options = parser(__doc__, films=8, repeats=5).parse_args()
    quiet()
    import keras
    import numpy as np

    from keras_cxr.data.films import read_films
    from keras_cxr.data.preprocessing import Preprocessing
    from keras_cxr.models import build
    from keras_cxr.models.saved_model import SavedModel

    found = map(str, small_films(options)[: options.films])
    films = np.stack([film.pixels for film in read_films(found, Preprocessing(SIZE))])[..., np.newaxis].astype(
        "float32"
    )
    print(machine())
    with tempfile.TemporaryDirectory(prefix="keras-cxr-bench-") as scratch:
        file = pathlib.Path(scratch, "model.keras")
        build("convnexttiny", 2, size=SIZE, weights="none").save(file)
        ours, theirs = SavedModel(file.parent, None).network(), keras.models.load_model(file, compile=False)
    for name, of in (("labels", lambda network: network.predict_on_batch), ("gradient by the films", gradient)):
        run, reference = of(ours), of(theirs)
        wanted = reference(films)
        apart = np.abs(run(films) - wanted).max() / np.abs(wanted).max()
        sides = [Side(functools.partial(once, one, films), len(films)) for one in (reference, run)]
        values, processor = ratios(*sides, options.repeats)
        result = Result(
            benchmark=f"depthwise.py: ConvNeXt-Tiny by Keras, {name}",
            against="the same file loaded by keras.models.load_model",
            sizes=f"{len(films)} films at {SIZE} pixels in one call",
            values=values,
            bar=2,
            note=f"processor time {statistics.median(processor):.3g}×; apart by {apart:.1g} of the largest",
        )
        publish(result, options)


if __name__ == "__main__":
    main()
