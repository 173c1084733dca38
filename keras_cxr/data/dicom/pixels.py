"""A DICOM film to gray levels 0–255, as a radiologist's viewer opens it. Overlays and burned-in borders stay."""

import numpy as np
from pydicom import FileDataset
from pydicom.pixels import apply_color_lut, get_decoder
from pydicom.uid import UID_dictionary

from keras_cxr.data.dicom.codecs import decoder_name
from keras_cxr.data.dicom.display import modality_values, number, voi_values
from keras_cxr.data.dicom.files import damaged, faults_in_one_line, read_dicom
from keras_cxr.data.levels import check_size, counts_of, gray_type, levels_of, percentile_range, spread
from keras_cxr.errors import CxrError

LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as Pillow

NEEDED = ("Rows", "Columns", "BitsAllocated", "BitsStored", "SamplesPerPixel", "PhotometricInterpretation")


def dicom_gray(content: bytes, depth: int = 8) -> tuple[np.ndarray, list[str]]:
    """Read a DICOM film: modality table or rescaling, VOI table or the first window, MONOCHROME1 inverted.

    Without a window, films of up to 8 bits are shown as they are, deeper ones between their 0.5 and 99.5 percentile.
    Padding is black and does not count. Colour becomes its luminance. Of several frames the first is taken.

    Args:
        content: The file's bytes.
        depth: Bits of the gray levels, 8 or 16.

    Returns:
        Gray levels (height, width) uint8 (uint16 with 16 bits), air dark, and notes: a line each.

    Raises:
        CxrError: No pixels in it, damaged, cut short, too small or too large, or of a kind that is not read.
    """
    notes: list[str] = []
    with faults_in_one_line():
        dataset = read_dicom(content)
        if "PixelData" not in dataset:
            raise CxrError(f"is a DICOM file without pixels ({_kind(dataset)})")
        lacking = [name for name in NEEDED if dataset.get(name) in (None, "")]
        if lacking:
            raise damaged(f"its header lacks {', '.join(lacking)}")
        check_size(dataset.Columns, dataset.Rows, dataset.SamplesPerPixel * -(-dataset.BitsAllocated // 8))
        frames = number(dataset, "NumberOfFrames") or 1
        if frames > 1:
            notes.append(f"holds {frames:.0f} frames; the first is taken")
        pixels, space, bits = _first_frame(dataset)
        if space in ("MONOCHROME1", "MONOCHROME2"):
            return _monochrome(pixels, dataset, notes, depth), notes
        if space == "PALETTE COLOR":
            pixels = apply_color_lut(pixels, dataset)[..., :3]
            bits = 8 * pixels.dtype.itemsize
        elif space != "RGB":
            raise CxrError(f"its colour space {space[:16]!r} is not read; convert it to MONOCHROME2 or RGB first")
        return spread(pixels.astype(np.float32) @ LUMINANCE, 0, 2**bits - 1, depth), notes


def _kind(dataset: FileDataset) -> str:
    kind = dataset.get("SOPClassUID") or dataset.file_meta.get("MediaStorageSOPClassUID")
    return UID_dictionary[kind][0] if kind in UID_dictionary else "of unknown kind"


def _first_frame(dataset: FileDataset) -> tuple[np.ndarray, str, int]:
    """Stored values (height, width) or (height, width, samples), their colour space and bits."""
    syntax = dataset.file_meta.TransferSyntaxUID
    name = decoder_name(syntax, dataset.BitsStored)
    try:
        pixels, facts = get_decoder(syntax).as_array(dataset, index=0, decoding_plugin=name, view_only=True)
    except RuntimeError as fault:
        # pydicom lists the decoders it has tried, a line each; there was one.
        raise damaged(str(fault).rpartition(f"{name}: ")[2]) from fault
    return pixels, str(facts["photometric_interpretation"]), dataset.BitsStored


def _monochrome(stored: np.ndarray, dataset: FileDataset, notes: list[str], depth: int) -> np.ndarray:
    levels, where = levels_of(stored)
    values = modality_values(levels, dataset)
    padding = _is_padding(levels, dataset)
    shown = voi_values(values, dataset, notes, depth)
    if shown is None:
        shown = spread(values, *_range(levels, values, where, padding, dataset), depth)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        shown = gray_type(depth)[1] - shown
    shown[padding] = 0
    return shown[where]


def _range(levels, values, where, padding, dataset: FileDataset) -> tuple[float, float]:
    """The modality values to be shown black and white where the file has no window."""
    bits = dataset.BitsStored
    if bits <= 8 and not dataset.get("ModalityLUTSequence"):
        lowest = -(2 ** (bits - 1)) if dataset.PixelRepresentation else 0
        ends = modality_values(np.array([lowest, lowest + 2**bits - 1]), dataset)
        return float(ends.min()), float(ends.max())
    counts = counts_of(where, len(levels))
    tissue = np.where(padding, 0, counts)
    return percentile_range(values, tissue if tissue.any() else counts)


def _is_padding(levels: np.ndarray, dataset: FileDataset) -> np.ndarray:
    """Which stored values stand for no tissue (PS3.3 C.7.5.1.1.2)."""
    first = number(dataset, "PixelPaddingValue")
    if first is None:
        return np.zeros(levels.shape, bool)
    last = number(dataset, "PixelPaddingRangeLimit")
    ends = [first, first if last is None else last]
    if dataset.PixelRepresentation:
        # Some writers store a negative value as unsigned.
        ends = [end - 65536 if end >= 32768 else end for end in ends]
    return (levels >= min(ends)) & (levels <= max(ends))
