"""Grad-CAM of a folder of full-size films: ``keras-cxr gradcam`` against ``keras-cxr predict``, and tf-keras-vis.

(a) The films a second of the whole of ``gradcam`` as a share of those of ``predict`` on the same folder, both with what
'auto' takes of the files that ``train`` has just written: a Grad-CAM is a prediction, a map and a picture; the note
tells the same with pictures in the films' own size. (b) Maps alone, of films that are decoded already, against
tf-keras-vis on the same flat network in float32; its layer is named, for its own choice is another one. The note tells
how far the maps are apart.
"""

import functools
import pathlib
import shutil
import statistics
import tempfile

from films import full_size_films, link, small_films
from measure import Clock, Result, Side, machine, parser, publish, quiet, ratios
from networks import save_flat, save_trained, write_default_runtime

SIZE, BATCH = 224, 32


def predict(model, folder: pathlib.Path) -> None:
    from keras_cxr.prediction.familiarity import with_familiarity
    from keras_cxr.prediction.predict import predict
    from keras_cxr.prediction.serving.choose import choose

    run = with_familiarity(model, choose(model))[0].run
    summary = predict(model, folder, model.folder.parent / "predictions.csv", run=run)
    if summary.failures:
        raise SystemExit(summary.failures[0])


def gradcam(model, folder: pathlib.Path, full_size: bool = False) -> None:
    from keras_cxr.explain.fast_explainer import fast_explainer
    from keras_cxr.explain.folder import explain_films
    from keras_cxr.explain.pictures import Pictures
    from keras_cxr.explain.request import Request

    explainer, told = fast_explainer(model, Request())
    output = model.folder.parent / "heatmaps"
    shutil.rmtree(output, ignore_errors=True)
    result = explain_films(model, folder, output, explainer=explainer, pictures=Pictures(full_size=full_size))
    if explainer is None or result.failures:
        raise SystemExit(f"{told} {result.failures[:1]}")


def parts(model, films: list[pathlib.Path], seconds: float) -> str:
    """What the ``seconds`` of processor time a film of ``gradcam`` go to."""
    import numpy as np

    from keras_cxr.data.films import read_films
    from keras_cxr.data.geometry import to_film
    from keras_cxr.data.preprocessing import Preprocessing
    from keras_cxr.explain.fast_explainer import fast_explainer
    from keras_cxr.explain.pictures import Pictures
    from keras_cxr.explain.request import Request
    from keras_cxr.report.overlays import levels, overlay_figure

    preprocessing = Preprocessing(**model.card.preprocessing)
    found = list(read_films(map(str, films), preprocessing, picture_side=Pictures().side))
    explainer = fast_explainer(model, Request())[0]
    explainer.explain(found)
    spent = {}

    def measure(name: str, work) -> list:
        clock = Clock()
        result = work()
        spent[name] = clock.read().processor / len(films)
        return result

    measure("reading", lambda: list(read_films(map(str, films), preprocessing, picture_side=Pictures().side)))
    maps = measure("network and map", lambda: explainer.explain(found)).maps
    grays = [film.picture for film in found]
    large = measure(
        "enlarging the map",
        lambda: [to_film(levels(one), *gray.shape[::-1], preprocessing) for one, gray in zip(maps, grays, strict=True)],
    )
    file = model.folder.parent / "picture.jpg"
    measure(
        "picture",
        lambda: [overlay_figure(gray, one, "film", False, file) for gray, one in zip(grays, large, strict=True)],
    )
    spent["start and all else"] = max(0, seconds - sum(spent.values()))
    pixels = np.mean([film.width * film.height for film in found]) / 1e6
    shares = ", ".join(f"{name} {part / seconds:.0%}" for name, part in spent.items())
    return f"processor time goes to {shares}; films of {pixels:.1f} million pixels"


def against_predict(options, scratch: pathlib.Path, found: list[pathlib.Path]) -> Result:
    model = save_trained(scratch / "model", small_films(options)[: options.train], options.weights)
    folder, warm = link(found, options.films, scratch / "films"), link(found, BATCH, scratch / "warm")
    runs = predict, gradcam, functools.partial(gradcam, full_size=True)
    sides = [Side(functools.partial(one, model, folder), options.films) for one in runs]
    predict(model, warm), gradcam(model, warm)
    rounds = [tuple(side.time() for side in sides) for _ in range(options.repeats)]
    processor = statistics.median(theirs.processor / ours.processor for theirs, ours, _ in rounds)
    seconds = statistics.median(ours.processor for _, ours, _ in rounds)
    full_size = statistics.median(theirs.wall / ours.wall for theirs, _, ours in rounds)
    return Result(
        benchmark="gradcam.py: keras-cxr gradcam, films a second",
        against="keras-cxr predict",
        sizes=f"{options.films} full-size JPEGs, ResNet50",
        values=[theirs.wall / ours.wall for theirs, ours, _ in rounds],
        bar=0.8,
        note=f"processor time {processor:.3g}×; with --full-size {full_size:.3g}×",
        parts=parts(model, found[:BATCH], seconds),
    )


def against_tf_keras_vis(options, scratch: pathlib.Path, found: list[pathlib.Path]) -> Result:
    import numpy as np
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
    from tf_keras_vis.utils.scores import BinaryScore

    from keras_cxr.data.films import read_films
    from keras_cxr.data.preprocessing import Preprocessing
    from keras_cxr.explain.explainer import canvases_of
    from keras_cxr.explain.fast_explainer import fast_explainer
    from keras_cxr.explain.request import Request

    model = save_flat(scratch / "flat", options.weights)
    print(f"Maps by {write_default_runtime(model)}")
    explainer = fast_explainer(model, Request(settings={"corners": True}), precision="float32")[0]
    images = canvases_of(list(read_films(map(str, found[:BATCH]), Preprocessing(SIZE))))
    vis, index = Gradcam(model.network(), model_modifier=ReplaceToLinear(), clone=False), np.ones(len(images), int)
    layer = {"penultimate_layer": explainer.layer, "seek_penultimate_conv_layer": False}
    theirs = functools.partial(vis, BinaryScore([1.0] * BATCH), images, **layer)
    ours = functools.partial(explainer.maps, images, index)
    apart = np.abs(theirs() - ours()[0]).max()

    def thrice(run) -> None:
        run(), run(), run()

    sides = [Side(functools.partial(thrice, run), 3 * BATCH) for run in (theirs, ours)]
    values, processor = ratios(*sides, options.repeats)
    return Result(
        benchmark="gradcam.py: Grad-CAM maps",
        against="tf-keras-vis Gradcam on the same flat network",
        sizes=f"{BATCH} films at {SIZE} pixels in one call, ResNet50",
        values=values,
        bar=3,
        note=f"processor time {statistics.median(processor):.3g}×; maps differ by up to {apart:.2g} of their range",
    )


def main() -> None:
    options = parser(__doc__, films=300)
    options.add_argument("--train", type=int, default=300, metavar="N", help="films that the head is trained on [300]")
    options = options.parse_args()
    quiet()
    with tempfile.TemporaryDirectory(prefix="keras-cxr-bench-") as scratch:
        scratch = pathlib.Path(scratch)
        found = full_size_films(options)
        print(machine())
        publish(against_predict(options, scratch, found), options)
        publish(against_tf_keras_vis(options, scratch, found), options)


if __name__ == "__main__":
    main()
