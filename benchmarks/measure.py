"""Two ways to do the same work, timed in turn (A B A B …): what counts is the ratio within a pair, not the seconds."""

import argparse
import dataclasses
import importlib.metadata
import json
import os
import pathlib
import platform
import resource
import statistics
import time
from collections.abc import Callable

SHARED = pathlib.Path(__file__).resolve().parents[2] / "shared"
WEIGHTS = SHARED / "weights" / "resnet50_imagenet_conv4.weights.h5"
PARTS = ("tensorflow", "keras", "numpy", "opencv-python-headless", "openvino", "nncf")


@dataclasses.dataclass
class Timing:
    """Seconds by the clock on the wall, and processor seconds of all threads and child processes."""

    wall: float
    processor: float

    def __add__(self, other: "Timing") -> "Timing":
        return Timing(self.wall + other.wall, self.processor + other.processor)

    def __mul__(self, factor: float) -> "Timing":
        return Timing(self.wall * factor, self.processor * factor)


@dataclasses.dataclass
class Side:
    """One of the two ways.

    Attributes:
        run: Does the work; may return its own Timing where only a part of it is to count.
        films: How many films it handles: sides that handle different numbers are compared by the film.
    """

    run: Callable[[], Timing | None]
    films: int = 1

    def time(self) -> Timing:
        """Seconds a film."""
        clock = Clock()
        found = self.run() or clock.read()
        return found * (1 / self.films)


class Clock:
    """Running since it was made."""

    def __init__(self):
        self._start = _now()

    def read(self) -> Timing:
        """The time since."""
        now = _now()
        return Timing(now.wall - self._start.wall, now.processor - self._start.processor)


def _now() -> Timing:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return Timing(time.perf_counter(), sum(one.ru_utime + one.ru_stime for one in used))


@dataclasses.dataclass
class Result:
    """What a benchmark found, one value a pair.

    Attributes:
        benchmark, against, sizes: What was measured, what a user would write instead, and on how much, in words.
        values: One a pair.
        bar: What the median is held against, or None.
        most: Whether the bar is an upper one.
        unit: Of the values; '×' for a ratio.
        note: What else is to be known.
        parts: What the time of this package's side goes to, in words.
    """

    benchmark: str
    against: str
    sizes: str
    values: list[float]
    bar: float | None = None
    most: bool = False
    unit: str = "×"
    note: str = ""
    parts: str = ""

    @property
    def median(self) -> float:
        """The middle one of the values."""
        return statistics.median(self.values)

    @property
    def reached(self) -> bool | None:
        """Whether the median keeps the bar; None without one."""
        if self.bar is None:
            return None
        return self.median <= self.bar if self.most else self.median >= self.bar

    def __str__(self) -> str:
        spread = f"{min(self.values):.3g} to {max(self.values):.3g}"
        bar = "" if self.bar is None else f"; bar {'≤' if self.most else '≥'} {self.bar:g}{self.unit}: "
        bar += {None: "", True: "reached", False: "NOT reached"}[self.reached]
        lines = [
            f"{self.benchmark}, against {self.against} ({self.sizes})",
            f"  {self.median:.3g}{self.unit}, median of {len(self.values)} ({spread}){bar}",
            *(f"  {line}" for line in (self.note, self.parts) if line),
        ]
        return "\n".join(lines)


def ratios(theirs: Side, ours: Side, repeats: int) -> tuple[list[float], list[float]]:
    """``theirs`` ÷ ``ours`` in seconds a film, one a pair: by the wall clock, and in processor time."""
    pairs = [(theirs.time(), ours.time()) for _ in range(repeats)]
    return (
        [their.wall / our.wall for their, our in pairs],
        [their.processor / our.processor for their, our in pairs],
    )


def parser(description: str | None, films: int, repeats: int = 3) -> argparse.ArgumentParser:
    """The options that every benchmark has."""
    options = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    options.add_argument("--films", type=int, default=films, metavar="N", help=f"films [{films}]")
    options.add_argument("--repeats", type=int, default=repeats, metavar="R", help=f"pairs [{repeats}]")
    options.add_argument("--data", type=pathlib.Path, metavar="DIR", help="films in a folder a class [real or drawn]")
    found = WEIGHTS if WEIGHTS.is_file() else None
    options.add_argument("--weights", type=pathlib.Path, default=found, metavar="FILE", help="of ResNet50 [random]")
    options.add_argument("--json", type=pathlib.Path, metavar="FILE", help="append the result as a line of JSON")
    return options


def publish(result: Result, options: argparse.Namespace) -> None:
    """Print the result, and append it to ``--json``."""
    print(result)
    if options.json:
        with open(options.json, "a", encoding="utf-8") as stream:
            stream.write(json.dumps(dataclasses.asdict(result)) + "\n")


def machine() -> str:
    """This machine and the versions on it, in a line."""
    versions = [f"Python {platform.python_version()}"]
    for name in PARTS:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{name} not installed")
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    state = f"{os.cpu_count()} cores, {memory:.0f} GiB, load {os.getloadavg()[0]:.1f}, niceness {os.nice(0)}"
    return f"{_processor()}, {state}; {', '.join(versions)}"


def _processor() -> str:
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    facts: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        facts.setdefault(name.strip(), value.strip())
    wide = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_int8") if flag in facts["flags"]]
    return f"{facts['model name']} ({', '.join(wide)})"


def quiet() -> None:
    """Load TensorFlow without its lines about the machine, and Keras without its progress bars."""
    from keras_cxr.cli.tensorflow import load_tensorflow

    load_tensorflow()
    import warnings

    import keras

    # Keras warns that a tf.data pipeline shuffles itself, as it should.
    warnings.filterwarnings("ignore", message=".*shuffle=True")
    keras.utils.disable_interactive_logging()
