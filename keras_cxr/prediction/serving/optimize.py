"""A saved model to files for faster runtimes, each held to Keras before it is kept."""

import contextlib
import dataclasses
import importlib.metadata
import os
import pathlib
import shutil
import time
from collections.abc import Callable, Iterator

import numpy as np

from keras_cxr.errors import UsageError, one_line
from keras_cxr.files import write_json
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.serving.agreement import (
    AUROC_LOSS,
    LABELS_AGREE,
    LARGEST_DIFFERENCE,
    compare,
    validation_auroc,
)
from keras_cxr.prediction.serving.material import Material
from keras_cxr.prediction.serving.quiet import quiet
from keras_cxr.prediction.serving.runtime_record import (
    FOLDER,
    RECORD,
    Entry,
    Record,
    network_fingerprint,
    read_record,
    write_reference,
)
from keras_cxr.prediction.serving.runtimes import ALL_PRECISIONS, Run, find, runtimes

BATCH = 32
# What bfloat16 must gain over float32, whose file it shares, to be worth its rounding.
GAIN = 1.1


def combinations(runtime: str | None = None, precision: str | None = None) -> tuple[list[tuple[str, str]], list[str]]:
    """What can be written here: pairs of runtime and precision, and for each that cannot the reason, one line.

    Args:
        runtime: One of ``runtimes()``; None: all.
        precision: One of ``ALL_PRECISIONS``; None: all.

    Raises:
        UsageError: An unknown name, or a runtime that does not compute in that precision.
    """
    names = [runtime] if runtime else [name for name in runtimes() if name != "keras"]
    pairs, reasons = [], []
    for name in names:
        for one in find(name).PRECISIONS:
            if precision in (None, one):
                reason = find(name).available() or find(name).exportable(one)
                reasons += [reason] * bool(reason)
                pairs += [(name, one)] * (not reason)
    if not pairs and not reasons:
        able = ", ".join(find(runtime).PRECISIONS) if runtime else ", ".join(ALL_PRECISIONS)
        raise UsageError(f"The '--precision' option must be one of {able}. Received: {precision}.")
    return pairs, list(dict.fromkeys(reasons))


def write_runtimes(
    model: SavedModel,
    pairs: list[tuple[str, str]],
    films: Material,
    tell: Callable[[str], None] = lambda line: None,
) -> Record:
    """Write the files of ``pairs`` to ``runtimes/`` in the model's folder, whole or not at all.

    What is there already of other pairs stays if it was made from the same network. A file is kept if, on the
    reference films, it says what Keras says; one in bfloat16 or int8 if the validation AUROC falls by no more than
    0.002 and 99.5 % of the validation labels are the same.

    Args:
        model: The saved model.
        pairs: Runtimes and precisions, of ``combinations``.
        films: Films to calibrate and to judge by.
        tell: Called with a line before each pair.

    Raises:
        CxrError: ``model.keras`` is missing or damaged.
    """
    import tensorflow as tf

    from keras_cxr.models.forward import forward

    network = model.network()
    run = forward(network)
    judge = _Judge(model, films, run)
    gpu = bool(tf.config.list_physical_devices("GPU"))
    record = Record(network_fingerprint(model), films.source, gpu, [judge.entry("keras", "float32", run)], [])
    with _new_folder(model.folder / FOLDER) as folder:
        _keep_others(model.folder / FOLDER, folder, record, pairs)
        for name, precision in pairs:
            tell(f"{name} {precision}")
            _write_one(network, folder, name, precision, judge, record)
        for file in {path.name for path in folder.iterdir()} - {
            file for entry in record.entries for file in entry.files
        }:
            (folder / file).unlink()
        if any(hasattr(find(entry.runtime), "load_with_maps") for entry in record.entries):
            _write_shown_layer(network, folder)
        write_reference(folder, films.reference, judge.reference)
        write_json(folder / RECORD, dataclasses.asdict(record))
    return record


class _Judge:
    """Keras's answers, and what another runtime's are worth beside them."""

    def __init__(self, model: SavedModel, films: Material, run: Run):
        self.card, self.films, self.size = model.card, films, model.card.preprocessing["size"]
        self.reference, self.validation = run(films.reference), _in_batches(run, films.validation)
        self.auroc = validation_auroc(self.card, self.validation, films.targets)

    def entry(self, name: str, precision: str, run: Run) -> Entry:
        """Measure a runtime."""
        near = compare(self.card, self.reference, run(self.films.reference))
        logits = _in_batches(run, self.films.validation)
        wide = compare(self.card, self.validation, logits) if len(logits) else near
        return Entry(
            runtime=name,
            precision=precision,
            files=list(find(name).files(precision)),
            films_per_second=round(_films_per_second(run, self.films.reference), 1),
            largest_difference=max(near.difference, wide.difference),
            labels_agree=wide.labels,
            auroc_before=self.auroc,
            auroc_after=validation_auroc(self.card, logits, self.films.targets),
            auto=near.close,
            versions={package: importlib.metadata.version(package) for package in find(name).PACKAGES},
        )

    def refusal(self, entry: Entry, plain: Entry | None) -> str:
        """Why an entry must not be kept, '' where it may."""
        if entry.precision == "float32":
            near = entry.auto and entry.largest_difference <= LARGEST_DIFFERENCE
            return "" if near else f"its answers are not Keras's: {_figures(entry)}"
        fell = (entry.auroc_before or 0) - (entry.auroc_after or 0)
        if entry.labels_agree < LABELS_AGREE or fell > AUROC_LOSS or not np.isfinite(entry.largest_difference):
            return f"{_figures(entry)}; at least {LABELS_AGREE:.1%} and a fall of at most {AUROC_LOSS} are asked for"
        if plain and entry.precision == "bfloat16" and entry.films_per_second < GAIN * plain.films_per_second:
            return f"not faster than float32 here ({entry.films_per_second} and {plain.films_per_second} films/s)"
        return ""


def _write_one(network, folder: pathlib.Path, name: str, precision: str, judge: _Judge, record: Record) -> None:
    """Export one pair, measure it, and put it down as kept or refused."""
    runtime, what = find(name), f"{name} {precision}"
    needed = {"int8": judge.films.calibration, "bfloat16": judge.films.validation}.get(precision)
    if needed is not None and not (len(needed) and len(judge.films.validation)):
        record.refused.append(
            f"{what} is not written: it is judged by the model's own films; of them there are {judge.films.source}"
        )
        return
    try:
        with quiet():
            runtime.export(network, folder, precision, judge.films.calibration)
            entry = judge.entry(name, precision, runtime.load(folder, precision, judge.size))
    except Exception as fault:
        # Converters raise whatever they like; another runtime may do.
        record.refused.append(f"{what} is not written: {one_line(str(fault) or type(fault).__name__)}")
        return
    plain = next((one for one in record.entries if (one.runtime, one.precision) == (name, "float32")), None)
    if reason := judge.refusal(entry, plain):
        record.refused.append(f"{what} is not kept: {reason}")
        return
    record.entries.append(entry)
    if not entry.auto:
        record.refused.append(
            f"{what} is kept but 'auto' does not take it: {_figures(entry)}, more than {LARGEST_DIFFERENCE} or a label"
        )


def _write_shown_layer(network, folder: pathlib.Path) -> None:
    from keras_cxr.explain.shown_layer import shown_layer, write_shown_layer

    if shown := shown_layer(network):
        write_shown_layer(folder, shown)


def _figures(entry: Entry) -> str:
    auroc = ""
    if entry.auroc_before is not None and entry.auroc_after is not None:
        auroc = f", validation AUROC {entry.auroc_before:.4f} to {entry.auroc_after:.4f}"
    return f"{entry.labels_agree:.2%} same labels{auroc}, probabilities differ by up to {entry.largest_difference:.4f}"


def _in_batches(run: Run, films: np.ndarray) -> np.ndarray:
    parts = [run(films[start : start + BATCH]) for start in range(0, len(films), BATCH)]
    return np.concatenate(parts) if parts else np.empty((0, 1), np.float32)


def _films_per_second(run: Run, films: np.ndarray) -> float:
    """The best of three; the function has run before."""
    best = np.inf
    for _ in range(3):
        start = time.perf_counter()
        run(films)
        best = min(best, time.perf_counter() - start)
    return len(films) / best


def _keep_others(old: pathlib.Path, folder: pathlib.Path, record: Record, pairs: list[tuple[str, str]]) -> None:
    before = read_record(old)
    if before is None or before.network != record.network:
        return
    for entry in before.entries:
        there = all((old / file).is_file() for file in entry.files)
        if entry.files and there and (entry.runtime, entry.precision) not in pairs:
            for file in entry.files:
                shutil.copyfile(old / file, folder / file)
            record.entries.append(entry)


@contextlib.contextmanager
def _new_folder(final: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yield an empty folder beside ``final`` that takes its place when the block ends well."""
    temporary, old = (final.with_name(f".{final.name}.{part}") for part in ("part", "old"))
    for folder in (temporary, old):
        # Of a run that was killed.
        shutil.rmtree(folder, ignore_errors=True)
    temporary.mkdir()
    try:
        yield temporary
        if final.exists():
            os.replace(final, old)
        os.replace(temporary, final)
    finally:
        for folder in (temporary, old):
            shutil.rmtree(folder, ignore_errors=True)
