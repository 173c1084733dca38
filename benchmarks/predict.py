"""Labels for a folder of full-size films: keras_cxr.prediction.predict against two notebook ways with ResNet50.

(a) one film after another: load_img, img_to_array, model.predict; (b) model.predict on a tf.data pipeline of
image_dataset_from_directory. This package's side is the whole of ``keras-cxr predict`` in one process: runtime chosen
and loaded, films found, read and resized, rows written. First with the runtime that 'auto' takes where no lower
precision agrees with Keras to 0.01; then with OpenVINO in bfloat16 and int8, where they are installed. The head is
random: the labels are to be timed, not to be believed, and ``keras-cxr optimize`` decides what a real model may use.
"""

import contextlib
import functools
import pathlib
import tempfile

from films import full_size_films, link
from measure import Clock, Result, Side, machine, parser, publish, quiet
from networks import notebook_resnet50, save_untrained, write_default_runtime

SIZE = 224
LOOP = "(a) load_img + img_to_array + model.predict, film by film"
BATCHES = "(b) model.predict on image_dataset_from_directory"


def one_by_one(model, folder: pathlib.Path, count: int) -> None:
    import keras
    import numpy as np

    for path in sorted(folder.glob("*/*"))[:count]:
        film = keras.utils.img_to_array(keras.utils.load_img(path, target_size=(SIZE, SIZE)))
        model.predict(np.expand_dims(film, 0), verbose=0)


def pipeline(model, folder: pathlib.Path) -> None:
    import keras
    import tensorflow as tf

    films = keras.utils.image_dataset_from_directory(
        folder, labels=None, image_size=(SIZE, SIZE), batch_size=32, shuffle=False, verbose=False
    )
    model.predict(films.prefetch(tf.data.AUTOTUNE), verbose=0)


def package(model, folder: pathlib.Path, load) -> None:
    from keras_cxr.prediction.predict import predict

    summary = predict(model, folder, model.folder.parent / "predictions.csv", run=load())
    if summary.failures:
        raise SystemExit(summary.failures[0])


def runtimes(model, films: list[pathlib.Path]) -> dict:
    """By name, what loads a runtime: that of 'auto', and OpenVINO in bfloat16 and int8."""
    import numpy as np

    from keras_cxr.data.films import read_films
    from keras_cxr.data.preprocessing import Preprocessing
    from keras_cxr.prediction.choose import choose
    from keras_cxr.prediction.runtimes import find

    found = {f"{write_default_runtime(model)} (default)": lambda: choose(model).run}
    openvino, folder = find("openvino"), model.folder.parent / "lower"
    folder.mkdir()
    pixels = np.stack([film.pixels for film in read_films(map(str, films[:64]), Preprocessing(SIZE))])
    for precision in ("bfloat16", "int8"):
        if reason := openvino.exportable(precision):
            print(f"Not installed: {reason}")
            continue
        with contextlib.redirect_stdout(None):
            openvino.export(model.network(), folder, precision, pixels[..., np.newaxis])
        found[f"openvino {precision}"] = functools.partial(openvino.load, folder, precision, SIZE)
    return found


def network_share(model, load, seconds: float) -> str:
    """The part of ``seconds`` a film that the network takes by itself."""
    import numpy as np

    from keras_cxr.models.forward import forward

    run = load() or forward(model.network())
    films = np.zeros((32, SIZE, SIZE, 1), np.uint8)
    run(films)
    clock = Clock()
    run(films), run(films), run(films)
    share = clock.read().wall / 96 / seconds
    return f"goes to the network {share:.0%}, reading films and all else {max(0, 1 - share):.0%}"


def main() -> None:
    options = parser(__doc__, films=1000).parse_args()
    quiet()
    with tempfile.TemporaryDirectory(prefix="keras-cxr-bench-") as scratch:
        scratch = pathlib.Path(scratch)
        found = full_size_films(options)
        model = save_untrained(scratch / "model", weights=options.weights)
        ways = runtimes(model, found)
        folder, warm = link(found, options.films, scratch / "films"), link(found, 64, scratch / "warm")
        notebook, few = notebook_resnet50(options.weights), max(10, options.films // 10)
        one_by_one(notebook, warm, 5), pipeline(notebook, warm)
        sides = {
            LOOP: Side(functools.partial(one_by_one, notebook, folder, few), few),
            BATCHES: Side(functools.partial(pipeline, notebook, folder), options.films),
        }
        for name, load in ways.items():
            package(model, warm, load)
            sides[name] = Side(functools.partial(package, model, folder, load), options.films)
        rounds = [{name: side.time().wall for name, side in sides.items()} for _ in range(options.repeats)]
        print(machine())
        default, *lower = ways
        held = [(default, LOOP, 4), (default, BATCHES, 1.5)]
        held += [(name, BATCHES, {"bfloat16": 2.5, "int8": 4}[name.split()[-1]]) for name in lower]
        for name, against, bar in held:
            times = sorted(times[name] for times in rounds)
            result = Result(
                benchmark=f"predict.py: keras-cxr predict, {name}",
                against=against,
                sizes=f"{options.films} full-size JPEGs{f' ({few} film by film)' if against == LOOP else ''}, ResNet50",
                values=[times[against] / times[name] for times in rounds],
                bar=bar,
                parts=network_share(model, ways[name], times[len(times) // 2]),
            )
            publish(result, options)


if __name__ == "__main__":
    main()
