"""keras_cxr.audit: are planted copies of real films found, and nothing else; and how long does an audit take?

Each of N films is copied once, one way after another: rescaled, recompressed, cut by up to 2 % at each side, all of
them together, brightened. Precision and recall are of the pairs found among the films and their copies; a pair
of two originals counts as wrong unless their files are identical, and --pairs writes these pairs for a look. The
seconds are of the whole audit of --all films, with figures.
"""

import pathlib
import tempfile
import time

import cv2
import numpy as np
from films import link, small_films
from measure import Result, machine, parser, publish

SEED = 0


def rescaled(film, rng):
    factor = rng.uniform(0.5, 1.6)
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return cv2.resize(film, None, fx=factor, fy=factor, interpolation=way), 95


def recompressed(film, rng):
    return film, int(rng.integers(30, 80))


def cut(film, rng):
    height, width = film.shape
    top, bottom = (round(share * height) for share in rng.uniform(0, 0.02, 2))
    left, right = (round(share * width) for share in rng.uniform(0, 0.02, 2))
    return film[top : height - bottom, left : width - right], 95


def all_of_them(film, rng):
    return rescaled(cut(film, rng)[0], rng)[0], recompressed(film, rng)[1]


def brightened(film, rng):
    levels = 255 * np.linspace(0, 1, 256) ** rng.uniform(0.75, 1.33)
    return cv2.LUT(film, levels.astype(np.uint8)), 95


WAYS = (rescaled, recompressed, cut, all_of_them, brightened)


def plant(films: list[pathlib.Path], folder: pathlib.Path) -> tuple[list[str], list[str]]:
    """Write the copies; the paths of films and copies, in one list, and the way of each copy."""
    rng = np.random.default_rng(SEED)
    paths, ways = [str(film) for film in films], []
    for number, film in enumerate(films):
        way = WAYS[number % len(WAYS)]
        pixels, quality = way(cv2.imread(str(film), cv2.IMREAD_GRAYSCALE), rng)
        paths.append(str(folder / f"{number}.jpeg"))
        cv2.imwrite(paths[-1], pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        ways.append(way.__name__)
    return paths, ways


def found_pairs(paths: list[str]):
    """What an audit finds, and the thumbnails."""
    from keras_cxr.audit.duplicates import find_duplicates
    from keras_cxr.audit.measure import measure

    measured = measure(paths)
    usable = (measured.facts["error"] == "").to_numpy()
    return find_duplicates(measured.facts["sha256"], measured.thumbnails, usable), measured.facts["sha256"]


def planted(films: list[pathlib.Path], pairs_file: pathlib.Path | None) -> list[Result]:
    """Precision and recall on the planted copies."""
    with tempfile.TemporaryDirectory(prefix="keras-cxr-bench-") as scratch:
        paths, ways = plant(films, pathlib.Path(scratch))
        pairs, sha256 = found_pairs(paths)
    count = len(films)
    # Originals with the same bytes are one picture, whose copies are copies of each other.
    picture = np.array([*sha256[:count].factorize()[0]] * 2)
    same = picture[pairs["first"]] == picture[pairs["second"]]
    found = {(first, second) for first, second in zip(pairs["first"], pairs["second"], strict=True)}
    hit = np.array([(number, count + number) in found for number in range(count)])
    leaders = sha256[:count].duplicated()
    hit |= leaders.to_numpy()  # Of identical originals only the first is compared.
    ways = np.array(ways)
    by_way = ", ".join(f"{way.__name__} {hit[ways == way.__name__].mean():.3f}" for way in WAYS)
    wrong = pairs[~same]
    if pairs_file:
        lines = [f"{paths[row.first]},{paths[row.second]},{row.similarity:.3f}" for row in wrong.itertuples()]
        pairs_file.write_text("\n".join(["first,second,similarity", *lines, ""]))
    sizes = f"{count:,} films of 224 × 224 and {count:,} copies"
    shared = {"against": "the planted copies", "sizes": sizes, "bar": 0.95, "unit": ""}
    return [
        Result(benchmark="audit.py: recall of copies", values=[float(hit.mean())], note=by_way, **shared),
        Result(
            benchmark="audit.py: precision of pairs",
            values=[float(same.mean())],
            note=f"{len(wrong)} of {len(pairs)} pairs are not of one original",
            **shared,
        ),
    ]


def seconds(films: list[pathlib.Path]) -> Result:
    """Of a whole audit."""
    from keras_cxr.audit.audit import audit
    from keras_cxr.data.source import read_dataset

    with tempfile.TemporaryDirectory(prefix="keras-cxr-bench-") as scratch:
        folder = link(films, len(films), pathlib.Path(scratch) / "films")
        start = time.perf_counter()
        found = audit([read_dataset(folder)], pathlib.Path(scratch) / "audit")
        took = time.perf_counter() - start
    identical = found.films[found.films["sha256"] != ""].groupby("sha256").size()
    kinds = found.duplicates["kind"].value_counts().to_dict()
    return Result(
        benchmark="audit.py: seconds of an audit",
        against="a minute",
        sizes=f"{len(found.films):,} films of 224 × 224",
        values=[took],
        bar=60,
        most=True,
        unit=" s",
        note=f"{(identical > 1).sum()} groups of identical files; pairs: {kinds}",
    )


def main() -> None:
    options = parser(__doc__, films=1000)
    options.add_argument("--all", type=int, default=5000, metavar="N", help="films of the timed audit [5000]")
    options.add_argument("--pairs", type=pathlib.Path, metavar="FILE", help="write the pairs that count as wrong")
    options = options.parse_args()
    films = small_films(options)
    step = max(1, len(films) // options.films)
    print(machine())
    for result in (*planted(films[::step][: options.films], options.pairs), seconds(films[: options.all])):
        publish(result, options)


if __name__ == "__main__":
    main()
