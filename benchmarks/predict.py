"""Labels for a folder of full-size films: keras_cxr.prediction.predict against two notebook ways with ResNet50.

(a) one film after another: load_img, img_to_array, model.predict; (b) model.predict on a tf.data pipeline of
image_dataset_from_directory. This package's side is the whole of ``keras-cxr predict`` in one process: runtime chosen
and loaded, films found, read and resized, rows written. First with what 'auto' takes of the files that ``train`` has
just written for a head trained on small films; then with OpenVINO in bfloat16 and int8, where they are installed.

Both sides have the same weights, the trained head included, and the note tells how many of their labels agree. They
need not be the same: the notebooks' resizing picks four pixels where this package's averages, and int8 rounds. Whether
``auto`` may use a lower precision is decided by ``keras-cxr optimize``.
"""

import contextlib
import functools
import pathlib
import statistics
import tempfile

from films import full_size_films, link, small_films
from measure import Clock, Result, Side, Timing, machine, parser, publish, quiet
from networks import notebook_resnet50, save_trained

SIZE = 224
LOOP = "(a) load_img + img_to_array + model.predict, film by film"
BATCHES = "(b) model.predict on image_dataset_from_directory"


def one_by_one(model, folder: pathlib.Path, count: int) -> None:
    import keras
    import numpy as np

    for path in sorted(folder.glob("*/*"))[:count]:
        film = keras.utils.img_to_array(keras.utils.load_img(path, target_size=(SIZE, SIZE)))
        model.predict(np.expand_dims(film, 0), verbose=0)


def pipeline(model, folder: pathlib.Path):
    """Probabilities (films,) in the order of the files' names."""
    import keras
    import tensorflow as tf

    films = keras.utils.image_dataset_from_directory(
        folder, labels=None, image_size=(SIZE, SIZE), batch_size=32, shuffle=False, verbose=False
    )
    return model.predict(films.prefetch(tf.data.AUTOTUNE), verbose=0)[:, 0]


def batches(model, folder: pathlib.Path) -> None:
    pipeline(model, folder)


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
    from keras_cxr.prediction.serving.choose import choose
    from keras_cxr.prediction.serving.runtimes import find

    found = {f"{choose(model).name} (default)": lambda: choose(model).run}
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
    """The part of ``seconds`` of processor time a film that the network takes by itself."""
    import numpy as np

    from keras_cxr.models.forward import forward

    run = load() or forward(model.network())
    films = np.zeros((32, SIZE, SIZE, 1), np.uint8)
    run(films)
    clock = Clock()
    run(films), run(films), run(films)
    share = clock.read().processor / 96 / seconds
    return f"processor time goes to the network {share:.0%}, start, reading films and all else {max(0, 1 - share):.0%}"


def same_labels(notebook, folder: pathlib.Path, csv: pathlib.Path, card) -> str:
    """The share of films that the notebook's network, calibrated alike, and this package's last run label alike."""
    import pandas as pd
    from scipy.special import expit, logit

    table = pd.read_csv(csv).sort_values("image")
    theirs = expit(logit(pipeline(notebook, folder)) / card.temperature)
    ours = table[table.columns[table.columns.str.startswith("p_")][-1]].to_numpy()
    return f"{((theirs >= card.threshold) == (ours >= card.threshold)).mean():.1%} same labels"


def result(name: str, against: str, bar: float, rounds: list[dict[str, Timing]], sizes: str, told: dict) -> Result:
    """A line of the table."""
    ratios = [times[against].processor / times[name].processor for times in rounds]
    return Result(
        benchmark=f"predict.py: keras-cxr predict, {name}",
        against=against,
        sizes=sizes,
        values=[times[against].wall / times[name].wall for times in rounds],
        bar=bar,
        note=f"processor time {statistics.median(ratios):.3g}×; {told[name][0]}",
        parts=told[name][1],
    )


def main() -> None:
    options = parser(__doc__, films=1000)
    options.add_argument("--train", type=int, default=300, metavar="N", help="films that the head is trained on [300]")
    options = options.parse_args()
    quiet()
    with tempfile.TemporaryDirectory(prefix="keras-cxr-bench-") as scratch:
        scratch = pathlib.Path(scratch)
        found = full_size_films(options)
        model = save_trained(scratch / "model", small_films(options)[: options.train], options.weights)
        ways = runtimes(model, found)
        folder, warm = link(found, options.films, scratch / "films"), link(found, 64, scratch / "warm")
        notebook = notebook_resnet50(options.weights, model.network() if options.weights else None)
        few = max(10, options.films // 10)
        one_by_one(notebook, warm, 5), pipeline(notebook, warm)
        sides = {
            LOOP: Side(functools.partial(one_by_one, notebook, folder, few), few),
            BATCHES: Side(functools.partial(batches, notebook, folder), options.films),
        }
        for name, load in ways.items():
            package(model, warm, load)
            sides[name] = Side(functools.partial(package, model, folder, load), options.films)
        rounds = [{name: side.time() for name, side in sides.items()} for _ in range(options.repeats)]
        told = {}
        for name, load in ways.items():
            package(model, warm, load)
            agree = same_labels(notebook, warm, scratch / "predictions.csv", model.card)
            seconds = statistics.median(times[name].processor for times in rounds)
            told[name] = (agree, network_share(model, load, seconds))
        print(machine())
        default, *lower = ways
        held = [(default, LOOP, 4), (default, BATCHES, 1.5)]
        held += [(name, BATCHES, {"bfloat16": 2.5, "int8": 4}[name.split()[-1]]) for name in lower]
        for name, against, bar in held:
            number = f" ({few} film by film)" if against == LOOP else ""
            sizes = f"{options.films} full-size JPEGs{number}, ResNet50"
            publish(result(name, against, bar, rounds, sizes, told), options)


if __name__ == "__main__":
    main()
