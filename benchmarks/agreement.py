"""Does decoding large JPEGs at a half, a quarter or an eighth of their size change a score?

A head is trained on features of small films, and real full-size films are then labelled twice by it: decoded whole and
resized by the mean of the covered pixels, and decoded as ``keras-cxr predict`` does. None of the labelled films is
among those trained on. The small films of this data set were stretched to squares, so all are squeezed here.
"""

import pathlib
import tempfile

from films import full_size_films, small_films
from measure import SHARED, Result, machine, parser, publish, quiet
from networks import save_trained

SIZE = 224
OTHER = SHARED / "data" / "nih512"


def both_ways(paths: list[pathlib.Path], preprocessing):
    """Films (n, size, size, 1) uint8 decoded whole, and as this package does."""
    import numpy as np

    from keras_cxr.data.films import read_films
    from keras_cxr.data.geometry import to_canvas
    from keras_cxr.data.images import decode, read_bytes

    whole = [to_canvas(decode(read_bytes(path))[0], preprocessing) for path in paths]
    scaled = [film.pixels for film in read_films(map(str, paths), preprocessing)]
    return np.stack(whole)[..., None], np.stack(scaled)[..., None]


def compare(name: str, paths: list[pathlib.Path], sick, model) -> Result:
    """AUROC both ways, and what the gray levels differ by."""
    import numpy as np

    from keras_cxr.data.preprocessing import Preprocessing
    from keras_cxr.evaluation.auroc import auroc
    from keras_cxr.models.forward import forward

    films = both_ways(paths, Preprocessing(**model.card.preprocessing))
    run = forward(model.network())
    scores = [np.concatenate([run(way[at : at + 32]) for at in range(0, len(way), 32)])[:, 0] for way in films]
    areas = [auroc(np.array(sick), score) for score in scores]
    likely = [1 / (1 + np.exp(-score / model.card.temperature)) for score in scores]
    levels = np.abs(films[0].astype(float) - films[1]).mean()
    return Result(
        benchmark=f"agreement.py: AUROC from films decoded smaller, {name}",
        against="the same films decoded whole, then resized",
        sizes=f"{len(paths)} films to {SIZE} × {SIZE}",
        values=[abs(areas[0] - areas[1])],
        bar=0.001,
        most=True,
        unit=" difference",
        note=f"AUROC {areas[0]:.5f} whole, {areas[1]:.5f} smaller; gray levels differ by {levels:.2f} in the mean, "
        f"probabilities by {np.abs(likely[0] - likely[1]).max():.3f} at most",
    )


def main() -> None:
    options = parser(__doc__, films=1000, repeats=1).parse_args()
    quiet()
    import pandas as pd

    large = full_size_films(options)
    held_out = {film.stem for film in large}
    with tempfile.TemporaryDirectory(prefix="keras-cxr-bench-") as scratch:
        small = [film for film in small_films(options) if film.stem not in held_out]
        model = save_trained(pathlib.Path(scratch) / "model", small[: options.films], options.weights, runtimes=False)
        positive = model.card.classes[1]
        sick = [film.parent.name == positive for film in large]
        results = [compare("full-size films", large, sick, model)]
        if OTHER.is_dir() and not options.data:
            table = pd.read_csv(OTHER / "labels.csv")
            paths = [OTHER / "images" / image for image in table["image"]]
            results.append(compare("another hospital's, 512 × 512", paths, table["label"] == positive, model))
    print(machine())
    for result in results:
        publish(result, options)


if __name__ == "__main__":
    main()
