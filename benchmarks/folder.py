"""Predicting a large folder: what memory grows by, and how near the whole comes to the network alone.

Memory: a network that costs next to nothing labels many links to a few hundred small films; the resident memory of
this process after the last one, less that after the first thousand. Rate: full-size JPEGs through ResNet50, from the
first batch to the last, as a share of the same runtime on films that are ready in memory.
"""

import pathlib
import tempfile
import time

from films import full_size_films, link, small_films
from measure import Result, machine, parser, publish, quiet
from networks import save_tiny, save_trained

FIRST, LINKS, SIZE = 1000, 400, 224


def resident() -> float:
    """Megabytes of this process."""
    import os

    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def growth(folder: pathlib.Path, model) -> float:
    """Megabytes that the most memory lies above that after the first thousand films."""
    from keras_cxr.prediction.predict import predict

    done, seen = 0, []

    def advance(films: int) -> None:
        nonlocal done
        done += films
        if done >= FIRST:
            seen.append(resident())

    predict(model, folder, model.folder.parent / "tiny.csv", advance=advance)
    return max(seen) - seen[0]


def runtime(model):
    """What 'auto' takes after a ``train``; and its name."""
    from keras_cxr.models.forward import forward
    from keras_cxr.prediction.serving.choose import choose

    choice = choose(model)
    return choice.run or forward(model.network()), choice.name


def whole_rate(folder: pathlib.Path, model, run) -> float:
    """Films a second between the end of the first batch and that of the last."""
    from keras_cxr.prediction.predict import predict

    ends = []

    def advance(films: int) -> None:
        ends.append((time.perf_counter(), films))

    predict(model, folder, model.folder.parent / "rate.csv", advance=advance, run=run)
    return sum(films for _, films in ends[1:]) / (ends[-1][0] - ends[0][0])


def pure_rate(run, count: int) -> float:
    """Films a second of the network on batches that are ready."""
    import numpy as np

    films = np.random.default_rng(0).integers(0, 256, (32, SIZE, SIZE, 1), np.uint8)
    run(films)
    start = time.perf_counter()
    for _ in range(max(1, count // 32)):
        run(films)
    return max(1, count // 32) * 32 / (time.perf_counter() - start)


def main() -> None:
    options = parser(__doc__, films=20_000)
    options.add_argument("--full-size", type=int, default=320, metavar="N", help="full-size films [320]")
    options = options.parse_args()
    quiet()
    with tempfile.TemporaryDirectory(prefix="keras-cxr-bench-") as scratch:
        scratch = pathlib.Path(scratch)
        films = small_films(options)[:LINKS]
        found = growth(link(films, options.films, scratch / "many"), save_tiny(scratch / "tiny"))
        model = save_trained(scratch / "model", small_films(options)[:300], options.weights)
        folder = link(full_size_films(options), options.full_size, scratch / "films")
        run, name = runtime(model)
        whole_rate(folder, model, run)
        values = []
        for _ in range(options.repeats):
            alone = pure_rate(run, options.full_size)
            values.append(whole_rate(folder, model, run) / alone)
    print(machine())
    memory = Result(
        benchmark="folder.py: memory growth of predict",
        against=f"the memory after the first {FIRST:,} films",
        sizes=f"{options.films:,} links to {len(films)} films, a tiny network, one run",
        values=[found],
        bar=100,
        most=True,
        unit=" MB",
    )
    rate = Result(
        benchmark="folder.py: films a second of predict",
        against=f"the network alone ({name}) on films in memory",
        sizes=f"{options.full_size} full-size JPEGs, ResNet50, after the first batch",
        values=values,
        bar=0.9,
    )
    publish(memory, options), publish(rate, options)


if __name__ == "__main__":
    main()
