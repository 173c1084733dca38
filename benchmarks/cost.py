"""Cost against work: full-size films read and labelled by networks of this package, at N/8, N/4, N/2 and N films.

The value is the slope of log(seconds) over log(films): 1 where twice the films cost twice the time. The start (finding
and loading the network) is left out: it is done once, whatever the folder's size.
"""

import math
import pathlib
import tempfile
import time

from films import full_size_films, link
from measure import Result, machine, parser, publish, quiet
from networks import save_untrained


def slope(counts: list[int], times: list[float]) -> float:
    """Of the least-squares line through the logarithms."""
    xs, ys = [math.log(count) for count in counts], [math.log(seconds) for seconds in times]
    middle_x, middle_y = sum(xs) / len(xs), sum(ys) / len(ys)
    above = sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True))
    return above / sum((x - middle_x) ** 2 for x in xs)


def main() -> None:
    options = parser(__doc__, films=4000)
    options.add_argument("--architecture", default="lmap3", metavar="NAME", help="of the network [lmap3]")
    options = options.parse_args()
    quiet()
    from keras_cxr.models.forward import forward
    from keras_cxr.prediction.predict import predict

    weights = options.weights if options.architecture == "resnet50" else None
    with tempfile.TemporaryDirectory(prefix="keras-cxr-bench-") as scratch:
        scratch = pathlib.Path(scratch)
        model = save_untrained(scratch / "model", options.architecture, weights)
        run = forward(model.network())
        counts = [options.films // part for part in (8, 4, 2, 1)]
        found = full_size_films(options)
        folders = [link(found, count, scratch / f"{count}") for count in counts]
        predict(model, folders[0], scratch / "warm.csv", run=run)
        slopes = []
        for _ in range(options.repeats):
            times = []
            for folder in folders:
                start = time.perf_counter()
                predict(model, folder, scratch / "predictions.csv", run=run)
                times.append(time.perf_counter() - start)
            slopes.append(slope(counts, times))
            shown = ", ".join(
                f"{count:,}: {seconds / times[0]:.2f}" for count, seconds in zip(counts, times, strict=True)
            )
    print(machine())
    result = Result(
        benchmark="cost.py: cost of reading and labelling",
        against="the number of films",
        sizes=f"{', '.join(f'{count:,}' for count in counts)} full-size JPEGs, {options.architecture}",
        values=slopes,
        unit=" (slope in log-log)",
        note=f"times of the last round, in those of the smallest: {shown}",
    )
    publish(result, options)


if __name__ == "__main__":
    main()
