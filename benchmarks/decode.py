"""Full-size JPEG films to 224 × 224: keras_cxr.data.films.read_films against a parallel tf.data map.

The other side is what TensorFlow's guides write: decode_jpeg to three channels, then resize, which picks four pixels
and so turns ribs and noise into patterns. A second line compares with resize(antialias=True), which averages the
covered pixels as this package does. All sides use all cores.
"""

import functools
import hashlib
import os
import statistics
import time

from films import full_size_films
from measure import Result, Side, machine, parser, publish, quiet, ratios

SIZE = 224


def notebook(paths: list[str], antialias: bool = False) -> None:
    import tensorflow as tf

    def load(path):
        film = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
        return tf.image.resize(film, (SIZE, SIZE), antialias=antialias)

    films = tf.data.Dataset.from_tensor_slices(paths).map(load, num_parallel_calls=tf.data.AUTOTUNE)
    for _ in films.batch(32).prefetch(tf.data.AUTOTUNE):
        pass


def package(paths: list[str]) -> None:
    from keras_cxr.data.films import read_films
    from keras_cxr.data.preprocessing import Preprocessing

    for film in read_films(paths, Preprocessing(SIZE)):
        if film.error:
            raise SystemExit(f"{film.path}: {film.error}")


def parts(paths: list[str]) -> str:
    """The shares of this package's steps, in processor time of one thread."""
    from keras_cxr.data.geometry import to_canvas
    from keras_cxr.data.images import decode, read_bytes
    from keras_cxr.data.preprocessing import Preprocessing

    spent = dict.fromkeys(("read", "decode", "resize", "SHA-256"), 0.0)

    def step(name, work):
        start = time.thread_time()
        found = work()
        spent[name] += time.thread_time() - start
        return found

    for path in paths:
        content = step("read", lambda path=path: read_bytes(path))
        gray, own = step("decode", lambda content=content: decode(content, at_least=2 * SIZE))
        step("resize", lambda gray=gray, own=own: to_canvas(gray, Preprocessing(SIZE), own))
        step("SHA-256", lambda content=content: hashlib.sha256(content).digest())
    whole, least = sum(spent.values()), entropy(paths)
    shares = ", ".join(f"{name} {share / whole:.0%}" for name, share in spent.items())
    return (
        f"goes to {shares}; reading the JPEG's entropy code, which no decoder of it can leave out, {least / whole:.0%}"
    )


def entropy(paths: list[str]) -> float:
    """Processor seconds of decoding to an eighth: the entropy code is read, and hardly any pixel is computed."""
    import cv2
    import numpy as np

    contents = [np.fromfile(path, np.uint8) for path in paths]
    start = time.thread_time()
    for content in contents:
        cv2.imdecode(content, cv2.IMREAD_REDUCED_GRAYSCALE_8)
    return time.thread_time() - start


def main() -> None:
    options = parser(__doc__, films=600, repeats=5).parse_args()
    quiet()
    found = full_size_films(options)
    paths = [str(found[i % len(found)]) for i in range(options.films)]
    smooth = functools.partial(notebook, antialias=True)
    for way in (notebook, smooth, package):  # Warm: files in memory, graphs traced.
        way(paths[: len(found)])
    print(machine())
    for way, named in ((notebook, ""), (smooth, ", antialias=True")):
        theirs, ours = (Side(functools.partial(one, paths), len(paths)) for one in (way, package))
        wall, processor = ratios(theirs, ours, options.repeats)
        result = Result(
            benchmark="decode.py: read_films to 224 × 224",
            against=f"tf.io.decode_jpeg(channels=3) + tf.image.resize{named} in a parallel tf.data map",
            sizes=f"{len(paths)} full-size JPEGs, {len(found)} different, {os.cpu_count()} threads",
            values=wall,
            bar=2,
            note=f"processor time {statistics.median(processor):.3g}×",
            parts=parts(paths[: len(found)]),
        )
        publish(result, options)


if __name__ == "__main__":
    main()
