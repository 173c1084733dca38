"""Stored values to what a viewer shows: modality look-up table or rescaling, then value-of-interest table or window.

After DICOM PS3.3 C.11.1 (modality), C.11.2 (VOI) and PS3.4 N.2. All on one-dimensional tables of gray levels.
"""

import math

import numpy as np
from pydicom import Dataset
from pydicom.multival import MultiValue

from keras_cxr.data.levels import spread


def number(dataset: Dataset, keyword: str, place: int = 0) -> float | None:
    """An element's value, of several the one at ``place``, as a finite float; None where there is no such number."""
    try:
        value = dataset.get(keyword)
        value = float((value if isinstance(value, MultiValue) else [value])[place])
    except Exception:  # Reading a broken element raises much; to the film it is as good as missing.
        return None
    return value if math.isfinite(value) else None


def modality_values(stored: np.ndarray, dataset: Dataset) -> np.ndarray:
    """Stored values (n,) to modality values (n,): by look-up table, else rescaled, else unchanged."""
    if dataset.get("ModalityLUTSequence"):
        table, first, _ = _lookup_table(dataset.ModalityLUTSequence[0], dataset, stored)
        return _looked_up(stored, table, first)
    slope, intercept = number(dataset, "RescaleSlope"), number(dataset, "RescaleIntercept")
    if slope is None or intercept is None:
        return stored
    return stored * slope + intercept


def voi_values(values: np.ndarray, dataset: Dataset, notes: list[str], bits: int = 8) -> np.ndarray | None:
    """Modality values (n,) to gray levels (n,), 0–255 uint8 or of 16 bits, by the first VOI table or window, else None.

    A window that no viewer could apply is passed over with a line in ``notes``.
    """
    if dataset.get("VOILUTSequence"):
        table, first, peak = _lookup_table(dataset.VOILUTSequence[0], dataset, values)
        return spread(_looked_up(values, table, first), 0, peak, bits)
    center, width = number(dataset, "WindowCenter"), number(dataset, "WindowWidth")
    if center is None or width is None:
        return None
    function = str(dataset.get("VOILUTFunction") or "LINEAR").strip().upper()
    if width <= 0 or (width < 1 and function not in ("LINEAR_EXACT", "SIGMOID")):
        notes.append(f"its window of width {width:g} is passed over")
        return None
    return spread(windowed(values, center, width, function), 0, 1, bits)


def windowed(values: np.ndarray, center: float, width: float, function: str) -> np.ndarray:
    """Modality values to 0.0–1.0 by a window (PS3.3 C.11.2.1.2 and C.11.2.1.3); unknown functions are LINEAR."""
    if function == "SIGMOID":
        return 1 / (1 + np.exp(np.clip(-4 * (values - center) / width, -700, 700)))
    if function != "LINEAR_EXACT":
        center, width = center - 0.5, width - 1
    if width == 0:
        return (values > center).astype(np.float64)
    return np.clip((values - center) / width + 0.5, 0, 1)


def _lookup_table(item: Dataset, dataset: Dataset, values: np.ndarray) -> tuple[np.ndarray, int, int]:
    """The table's entries, the value that its first entry stands for, and its largest possible entry."""
    entries, first, bits = (int(part) for part in item.LUTDescriptor)
    entries = (entries & 0xFFFF) or 65536
    if first >= 32768 and values.min() < 0:
        first -= 65536  # The descriptor has no sign of its own.
    data = item.LUTData
    if isinstance(data, bytes):
        order = "<" if dataset.file_meta.TransferSyntaxUID.is_little_endian else ">"
        data = np.frombuffer(data, np.uint8 if len(data) < 2 * entries else f"{order}u2")
    table = np.atleast_1d(np.asarray(data, np.int64))[:entries] & 0xFFFF
    return table, first, max((1 << bits) - 1, int(table.max()))


def _looked_up(values: np.ndarray, table: np.ndarray, first: int) -> np.ndarray:
    return table[np.clip(np.rint(values).astype(np.int64) - first, 0, len(table) - 1)]
