"""Which runtime serves a saved model: the fastest that is there, is installed, and says what Keras says."""

import dataclasses
import glob
import os
import pathlib

from keras_cxr.errors import CxrError, UsageError, one_line
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.serving.agreement import LARGEST_DIFFERENCE, compare
from keras_cxr.prediction.serving.quiet import quiet
from keras_cxr.prediction.serving.runtime_record import (
    FOLDER,
    Entry,
    Record,
    network_fingerprint,
    read_record,
    read_reference,
)
from keras_cxr.prediction.serving.runtimes import ALL_PRECISIONS, Run, find

# A runtime is as fast as it labels a folder of this many films, and TensorFlow takes this many seconds to load.
FOLDER_OF, LOADING = 1000, 4.0
# Of Keras's measured rate: on a busy machine one rate may come out at half beside the other.
KERAS_WORTH = 0.5
# Reference films that a file is held to before it is used; all of them, and more, were looked at when it was written.
CHECKED = 4


@dataclasses.dataclass(frozen=True)
class Choice:
    """A runtime for a saved model.

    Attributes:
        name: Runtime and precision, for the user.
        run: Films to logits; None stands for Keras, which is loaded when it is needed.
        note: Why Keras, where something faster was looked for; else ''.
    """

    name: str
    run: Run | None = None
    note: str = ""


def choose(model: SavedModel, runtime: str = "auto", precision: str = "auto") -> Choice:
    """Find a runtime; TensorFlow is not imported.

    Args:
        model: The saved model.
        runtime: 'auto', the fastest that agrees with Keras on the reference films (same labels, probabilities
            within 0.01) or else Keras; or one by name.
        precision: 'auto', or one by name.

    Raises:
        UsageError: An unknown name, or a runtime that does not compute in that precision.
        CxrError: The runtime or precision asked for is not there, or no longer fits ``model.keras``.
    """
    if runtime != "auto" and precision not in ("auto", *find(runtime).PRECISIONS):
        able = ", ".join(("auto", *find(runtime).PRECISIONS))
        raise UsageError(f"The '--precision' option of {runtime} must be one of {able}. Received: {precision}.")
    if runtime == "keras":
        return Choice("keras")
    if precision not in ("auto", *ALL_PRECISIONS):
        raise UsageError(f"The '--precision' option must be one of {', '.join(ALL_PRECISIONS)}. Received: {precision}.")
    folder = model.folder / FOLDER
    record = read_record(folder)
    reason = _stale(model, record)
    if not reason:
        candidates = _candidates(record, runtime, precision)
        reasons = [] if candidates else [_no_candidate(record, runtime, precision)]
        for entry in candidates:
            if entry.runtime == "keras":
                return Choice("keras", note=f"Keras is used: {reasons[0]}" if reasons else "")
            run, fault = _open(model, folder, entry, strict=precision == "auto")
            if not fault:
                return Choice(entry.name, run)
            reasons.append(fault)
        reason = reasons[0]
    if runtime != "auto" or precision not in ("auto", "float32"):
        raise CxrError(reason[:1].upper() + reason[1:])
    return Choice("keras", note=f"Keras is used: {reason}")


def _stale(model: SavedModel, record: Record | None) -> str:
    write = f"'keras-cxr optimize {model.folder}' writes them"
    if record is None:
        return f"{model.card.name} has no files for faster runtimes; {write}."
    if record.network != network_fingerprint(model):
        return f"the files in {FOLDER}/ were made from another model.keras; {write} anew."
    return ""


def _candidates(record: Record, runtime: str, precision: str) -> list[Entry]:
    """The entries that may serve, the fastest first."""

    def fits(entry: Entry) -> bool:
        named = runtime in ("auto", entry.runtime) and precision in ("auto", entry.precision)
        return named and (entry.auto or precision != "auto")

    def rate(entry: Entry) -> float:
        if entry.runtime != "keras":
            return entry.films_per_second
        if record.gpu != _gpu_here():
            return float("inf") if _gpu_here() else 0.0
        keras = KERAS_WORTH * entry.films_per_second
        return FOLDER_OF * keras / (FOLDER_OF + LOADING * keras)

    return sorted(filter(fits, record.entries), key=rate, reverse=True)


def _no_candidate(record: Record, runtime: str, precision: str) -> str:
    wanted = " ".join(name for name in (runtime, precision) if name != "auto")
    before = next((line for line in record.refused if line.startswith(wanted)), None)
    return f"no file for {wanted} in {FOLDER}/" + (f" ({before})." if before else "; write it: 'keras-cxr optimize'.")


def _open(model: SavedModel, folder: pathlib.Path, entry: Entry, strict: bool) -> tuple[Run | None, str]:
    """Load an entry and hold it to a few reference films: the function, or the reason why it cannot serve."""
    if reason := find(entry.runtime).available():
        return None, reason
    reference = read_reference(folder)
    if reference is None:
        return None, f"the reference films in {FOLDER}/ are missing or damaged; run 'keras-cxr optimize' again."
    films, logits = (part[:: max(1, len(part) // CHECKED)][:CHECKED] for part in reference)
    try:
        with quiet():
            run = find(entry.runtime).load(folder, entry.precision, model.card.preprocessing["size"])
            near = compare(model.card, logits, run(films))
    except Exception as fault:
        # Each runtime raises kinds of its own for a file that is missing, damaged or too new.
        return None, f"{entry.name} cannot be loaded: {one_line(str(fault) or type(fault).__name__)}"
    allowed = LARGEST_DIFFERENCE if strict else max(LARGEST_DIFFERENCE, 1.5 * entry.largest_difference)
    if near.difference > allowed or (strict and not near.close):
        return None, (
            f"{entry.name} disagrees with Keras here ({near.labels:.1%} same labels, probabilities differ by up to "
            f"{near.difference:.4f})."
        )
    return run, ""


def _gpu_here() -> bool:
    """Whether the machine shows an NVIDIA GPU to this process, told without TensorFlow."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "0") in ("", "-1")
    return bool(glob.glob("/dev/nvidia[0-9]*")) and not hidden
