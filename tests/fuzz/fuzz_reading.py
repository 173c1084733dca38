"""Damage films in every format and read them: each gives a film or one line, soon and within memory.

python tests/fuzz/fuzz_reading.py --mutants 20000 --seed 0 --shared DIR        (or: make fuzz)

Every mutant is read in a worker process, so that a crash or a hang costs the worker alone. Mutants that break the
promise are kept in a folder, the rest are not. Exit code 1 where there were any.
"""

import argparse
import collections
import dataclasses
import multiprocessing
import os
import pathlib
import resource
import sys
import tempfile
import time
import warnings

import numpy as np

SIZE = 64
SECONDS = 5.0  # of processor time
HANGS = 60.0  # seconds by the clock until the worker is ended
MEMORY = 1_000_000_000  # bytes, the worker's whole resident set
ADDRESS_SPACE = 8 * MEMORY  # a guard for the machine; the promise is MEMORY
LONGEST_REASON = 400  # characters


@dataclasses.dataclass
class Reading:
    """What became of a mutant; ``fault`` is how it broke the promise, or ''."""

    film: bool = False
    fault: str = ""
    seconds: float = 0.0
    memory: int = 0


def work(pipe, noise: str) -> None:
    """Read the mutants that come through ``pipe`` until None comes; what C libraries print goes to ``noise``."""
    os.dup2(os.open(noise, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from keras_cxr.data.dicom import header, pixels  # noqa: F401 (not to count for the first mutant)
    from keras_cxr.data.films import read_film  # noqa: F401

    pipe.send("ready")
    while (path := pipe.recv()) is not None:
        pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
        start = time.process_time()  # Others may be working on the machine.
        film, fault = _read(path)
        seconds = time.process_time() - start
        pipe.send(Reading(film, fault, seconds, _peak()))


def _peak() -> int:
    status = pathlib.Path("/proc/self/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def _read(path: str) -> tuple[bool, str]:
    from keras_cxr.data.dicom.header import dicom_facts
    from keras_cxr.data.films import read_film
    from keras_cxr.data.preprocessing import Preprocessing
    from keras_cxr.errors import CxrError

    try:
        film = read_film(path, Preprocessing(SIZE))
        if path.endswith(".dcm"):
            try:
                dicom_facts(path, b"salt")
            except CxrError as reason:
                if fault := _fault_of_reason(str(reason)):
                    return False, f"header: {fault}"
    except BaseException as fault:
        return False, f"{type(fault).__name__}: {fault}"
    if film.pixels is None:
        return False, _fault_of_reason(film.error)
    if film.error or film.pixels.shape != (SIZE, SIZE) or film.pixels.dtype != np.uint8:
        return False, f"a film of {film.pixels.shape} {film.pixels.dtype}, error '{film.error}'"
    return True, ""


def _fault_of_reason(reason: str) -> str:
    if not reason or len(reason) >= LONGEST_REASON or not reason.isprintable():
        return f"not one short line: {reason[:500]!r}"
    return ""


class Worker:
    """A process that reads; started again after a crash or a hang."""

    def __init__(self, noise: str) -> None:
        self._noise = noise
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, far = context.Pipe()
        self._process = context.Process(target=work, args=(far, self._noise), daemon=True)
        self._process.start()
        far.close()
        self._pipe.recv()

    def read(self, path: str) -> Reading:
        """Read a file; a crash or a hang is told, and the process replaced."""
        self._pipe.send(path)
        try:
            if self._pipe.poll(HANGS):
                return self._judged(self._pipe.recv())
            fault = "hangs"
        except EOFError:
            self._process.join()
            fault = f"crash, exit code {self._process.exitcode}"
        self._process.kill()
        self._process.join()
        self._start()
        return Reading(fault=fault, seconds=HANGS if fault == "hangs" else 0.0)

    def _judged(self, reading: Reading) -> Reading:
        if not reading.fault and reading.seconds > SECONDS:
            reading.fault = f"took {reading.seconds:.1f} s"
        if not reading.fault and reading.memory > MEMORY:
            reading.fault = f"took {reading.memory / 1e6:.0f} MB"
        return reading

    def stop(self) -> None:
        """End the process."""
        self._pipe.send(None)
        self._process.join()


@dataclasses.dataclass
class Row:
    """A line of the table."""

    films: int = 0
    reasons: int = 0
    faults: int = 0
    slowest: float = 0.0
    memory: int = 0

    def add(self, reading: Reading) -> None:
        """Count a mutant."""
        self.films += reading.film and not reading.fault
        self.reasons += not reading.film and not reading.fault
        self.faults += bool(reading.fault)
        self.slowest = max(self.slowest, reading.seconds)
        self.memory = max(self.memory, reading.memory)


def fuzz(mutants: int, seed: int, shared: pathlib.Path, kept: pathlib.Path) -> tuple[dict[str, Row], int]:
    """Read ``mutants`` damaged films: a row a format, and the bytes that C libraries printed."""
    from mutations import mutate
    from originals import originals

    films = originals(seed, shared)
    rows: dict[str, Row] = collections.defaultdict(Row)
    with tempfile.TemporaryDirectory() as folder:
        noise = os.path.join(folder, "noise")
        worker = Worker(noise)
        for number in range(-len(films), mutants):  # First every film as it is.
            name = list(films)[number % len(films)]
            rng = np.random.default_rng((seed, max(0, number)))
            way, content = ("whole", films[name]) if number < 0 else mutate(name, films, rng)
            form = name.split()[0]
            path = pathlib.Path(folder, "mutant.dcm" if form == "DICOM" else "mutant.png")
            path.write_bytes(content)
            reading = worker.read(str(path))
            if number < 0 and not reading.film:
                reading.fault = reading.fault or "is not read even whole"
            if number >= 0 or reading.fault:
                rows[form].add(reading)
            if reading.fault:
                kept.mkdir(parents=True, exist_ok=True)
                copy = kept / f"{seed}-{number}-{way}-{name.replace(' ', '-')}"
                copy.write_bytes(content)
                print(f"{copy}: {reading.fault}", flush=True)
        worker.stop()
        return rows, os.path.getsize(noise)


def main() -> int:
    """Run as a program."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--mutants", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shared", type=pathlib.Path, default=pathlib.Path(__file__).parents[3] / "shared")
    parser.add_argument("--keep", type=pathlib.Path, default=pathlib.Path("fuzz-faults"), help="folder of the faulty")
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # pydicom's, while mutants are made
    rows, noise = fuzz(given.mutants, given.seed, given.shared, given.keep)
    print(f"{'format':8}{'mutants':>9}{'films':>8}{'reasons':>9}{'faults':>8}{'slowest s':>11}{'peak MB':>9}")
    total = Row()
    for form, row in [*sorted(rows.items()), ("all", total)]:
        count = row.films + row.reasons + row.faults
        print(f"{form:8}{count:9}{row.films:8}{row.reasons:9}{row.faults:8}{row.slowest:11.2f}{row.memory / 1e6:9.0f}")
        if row is not total:
            total.films, total.reasons = total.films + row.films, total.reasons + row.reasons
            total.faults, total.slowest = total.faults + row.faults, max(total.slowest, row.slowest)
            total.memory = max(total.memory, row.memory)
    print(f"printed by C libraries: {noise} bytes")
    return 1 if total.faults else 0


if __name__ == "__main__":
    sys.exit(main())
