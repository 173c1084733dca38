import io
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

pydicom = pytest.importorskip("pydicom")

from pydicom import uid  # noqa: E402
from pydicom.encaps import get_frame  # noqa: E402
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut, pixel_array  # noqa: E402

from keras_cxr.data.dicom.pixels import dicom_gray  # noqa: E402
from keras_cxr.data.images import decode  # noqa: E402
from keras_cxr.data.preprocessing import Preprocessing  # noqa: E402
from keras_cxr.errors import CxrError  # noqa: E402

# The package mutes pydicom's warnings; pytest lets them through again.
pytestmark = pytest.mark.filterwarnings("ignore")

TEST_FILES = pathlib.Path(pydicom.__file__).parent / "data/test_files"
NOT_PIXELS = {
    "ExplVR_BigEndNoMeta.dcm": "without pixels .RT Ion Plan Storage",
    "ExplVR_LitEndNoMeta.dcm": "without pixels .RT Ion Plan Storage",
    "JPEG2000-embedded-sequence-delimiter.dcm": "damaged or cut-short",
    "MR_truncated.dcm": "damaged or cut-short .*8130 vs 8192",
    "UN_sequence.dcm": "without pixels",
    "empty_charset_LEI.dcm": "without pixels .of unknown kind",
    "badVR.dcm": "damaged or cut-short",
    "meta_missing_tsyntax.dcm": "lacks Rows, Columns",
    "nested_priv_SQ.dcm": "lacks Rows, Columns",
    "no_meta.dcm": "not a DICOM file",
    "no_meta_group_length.dcm": "without pixels",
    "priv_SQ.dcm": "without pixels",
    "reportsi.dcm": "without pixels .Basic Text SR",
    "reportsi_with_empty_number_tags.dcm": "without pixels .Basic Text SR",
    "rtplan.dcm": "without pixels .RT Plan",
    "rtplan_truncated.dcm": "without pixels .RT Plan",
    "rtstruct.dcm": "without pixels .RT Structure",
    "test-SR.dcm": "without pixels .Comprehensive SR",
    "waveform_ecg.dcm": "without pixels .12-lead ECG",
}
RNG = np.random.default_rng(3)
SMOOTH = np.cumsum(RNG.integers(-40, 44, (40, 56)), axis=1)
DEEP = np.clip(SMOOTH + 1800, 0, 4095).astype(np.uint16)
SIGNED = (DEEP.astype(np.int16) - 2048).astype(np.int16)
FLAT = (DEEP >> 4).astype(np.uint8)


def scaled(values, low, high):
    return np.clip((values.astype(np.float64) - low) / (high - low), 0, 1) * 255


def by_pydicom(content):
    """The first frame through pydicom's own tables, its output range scaled to 0–255."""
    dataset = pydicom.dcmread(io.BytesIO(content), force=True)
    pixels = pixel_array(dataset, index=0)
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        pixels = apply_color_lut(pixels, dataset)
    if pixels.ndim == 3:
        return pixels.astype(np.float64) @ [0.299, 0.587, 0.114] * (255 / (256.0**pixels.dtype.itemsize - 1))
    values = apply_modality_lut(pixels, dataset)
    ends = apply_modality_lut(stored_ends(dataset), dataset)
    if dataset.get("VOILUTSequence"):
        shown = scaled(
            apply_voi_lut(values.astype(int), dataset), 0, 2 ** dataset.VOILUTSequence[0].LUTDescriptor[2] - 1
        )
    elif dataset.get("WindowWidth"):
        if dataset.get("ModalityLUTSequence"):
            ends = np.array([0, 2 ** dataset.ModalityLUTSequence[0].LUTDescriptor[2] - 1])
        shown = scaled(apply_voi_lut(values, dataset), *ends)
    elif dataset.BitsStored <= 8:
        shown = scaled(values, *sorted(ends))
    else:
        padding = dataset.get("PixelPaddingValue")
        shown = scaled(values, *np.percentile(values[pixels != padding], (0.5, 99.5)))
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        shown = 255 - shown
    return np.where(pixels == dataset.get("PixelPaddingValue"), 0, shown)


def stored_ends(dataset):
    lowest = -(1 << (dataset.BitsStored - 1)) if dataset.PixelRepresentation else 0
    return np.array([lowest, lowest + (1 << dataset.BitsStored) - 1])


def assert_as_pydicom(content):
    gray, _ = dicom_gray(content)
    assert gray.dtype == np.uint8
    assert np.abs(gray - by_pydicom(content)).max() <= 0.51


@pytest.mark.parametrize("name", sorted(path.name for path in TEST_FILES.glob("*.dcm")))
def test_pydicoms_own_files(name, monkeypatch):
    monkeypatch.setattr("keras_cxr.data.levels.MIN_SIDE", 1)
    content = (TEST_FILES / name).read_bytes()
    if name in NOT_PIXELS:
        with pytest.raises(CxrError, match=NOT_PIXELS[name]) as caught:
            dicom_gray(content)
        assert "\n" not in str(caught.value)
    else:
        assert_as_pydicom(content)


def test_rsna_and_nih_films(shared_data):
    paths = sorted((shared_data / "dicom").glob("*.dcm"))
    assert len(paths) == 6
    for path in paths:
        content = path.read_bytes()
        gray, own = decode(content)
        dataset = pydicom.dcmread(path)
        if dataset.file_meta.TransferSyntaxUID == uid.JPEGBaseline8Bit:
            expected = np.asarray(Image.open(io.BytesIO(get_frame(dataset.PixelData, 0, number_of_frames=1))))
        else:
            expected = np.frombuffer(content[-(1024**2) :], np.uint8).reshape(1024, 1024)
        assert own == (1024, 1024)
        assert np.array_equal(gray, expected)


@pytest.mark.parametrize("stored", [DEEP, SIGNED, FLAT], ids=["unsigned", "signed", "8bit"])
@pytest.mark.parametrize("rescale", [{}, {"RescaleSlope": "2.5", "RescaleIntercept": "-1024"}])
@pytest.mark.parametrize(
    "window",
    [
        {"WindowCenter": 900, "WindowWidth": 1300},
        {"WindowCenter": [300, 60], "WindowWidth": [700, 10]},
        {"WindowCenter": 100, "WindowWidth": 1},
        {"WindowCenter": 900, "WindowWidth": 1300, "VOILUTFunction": "LINEAR"},
        {"WindowCenter": 900, "WindowWidth": 1300, "VOILUTFunction": "LINEAR_EXACT"},
        {"WindowCenter": 900, "WindowWidth": 0.5, "VOILUTFunction": "LINEAR_EXACT"},
        {"WindowCenter": 900, "WindowWidth": 1300, "VOILUTFunction": "SIGMOID"},
        {"WindowCenter": 1e9, "WindowWidth": 1e-3, "VOILUTFunction": "SIGMOID"},
    ],
)
@pytest.mark.parametrize("space", ["MONOCHROME1", "MONOCHROME2"])
def test_windows(dicom_film, stored, rescale, window, space):
    assert_as_pydicom(dicom_film(stored, **rescale, **window, PhotometricInterpretation=space))


def lookup(first, bits, data):
    item = pydicom.Dataset()
    item.LUTDescriptor = [len(data) % 65536, first, bits]
    item.add_new("LUTDescriptor", "US", [len(data) % 65536, first % 65536, bits])
    item.add_new("LUTData", "US", [int(entry) for entry in data])
    return [item]


def dark_to_bright(entries, bits):
    return np.rint(np.linspace(0, 1, entries) ** 2 * (2**bits - 1)).astype(int)


@pytest.mark.parametrize(
    "tables",
    [
        {"VOILUTSequence": lookup(0, 16, dark_to_bright(4096, 16))},
        {"VOILUTSequence": lookup(1200, 12, dark_to_bright(900, 12))},
        {"VOILUTSequence": lookup(0, 12, dark_to_bright(4096, 12)), "WindowCenter": 5, "WindowWidth": 9},
        {"VOILUTSequence": lookup(0, 10, dark_to_bright(4096, 10)), "RescaleSlope": 1, "RescaleIntercept": 0},
        {"ModalityLUTSequence": lookup(500, 16, dark_to_bright(3000, 16))},
        {"ModalityLUTSequence": lookup(0, 16, dark_to_bright(4096, 16)), "WindowCenter": 30000, "WindowWidth": 20000},
        {
            "ModalityLUTSequence": lookup(0, 16, dark_to_bright(4096, 12)),
            "VOILUTSequence": lookup(0, 16, dark_to_bright(4096, 16)),
        },
    ],
)
@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian, uid.ImplicitVRLittleEndian])
def test_lookup_tables(dicom_film, tables, syntax):
    assert_as_pydicom(dicom_film(DEEP, syntax, **tables))


def test_tables_that_pydicom_does_not_read(dicom_film):
    straight = np.arange(4096)
    expected = np.rint(DEEP / 4095 * 255)
    # 8-bit entries for 12-bit values: pydicom's index wraps around.
    eight = dicom_film(DEEP, VOILUTSequence=lookup(0, 8, straight >> 4))
    assert np.array_equal(dicom_gray(eight)[0], DEEP >> 4)
    # A modality table of 12 bits: pydicom makes it an array of "uint12".
    twelve = dicom_film(DEEP, ModalityLUTSequence=lookup(0, 12, straight), WindowCenter=2048, WindowWidth=4096)
    assert np.abs(dicom_gray(twelve)[0] - expected).max() <= 1
    # A negative first value in a descriptor without sign.
    signed = dicom_film(SIGNED, VOILUTSequence=lookup(-2048, 12, straight))
    assert np.array_equal(dicom_gray(signed)[0], expected)
    # 8-bit entries packed into bytes, the order of the file's own.
    packed = lookup(0, 8, straight >> 4)
    packed[0].add_new("LUTData", "OW", (straight >> 4).astype(np.uint8).tobytes())
    assert np.array_equal(dicom_gray(dicom_film(DEEP, VOILUTSequence=packed))[0], DEEP >> 4)
    # More bits in the entries than the descriptor owns up to.
    modest = dicom_film(DEEP, VOILUTSequence=lookup(0, 10, straight))
    assert np.array_equal(dicom_gray(modest)[0], np.rint(DEEP / straight.max() * 255))


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({}, FLAT),
        ({"PhotometricInterpretation": "MONOCHROME1"}, 255 - FLAT),
        ({"RescaleSlope": 1, "RescaleIntercept": -1000}, FLAT),
        ({"RescaleSlope": -1, "RescaleIntercept": 0}, 255 - FLAT),
        ({"WindowCenter": "", "WindowWidth": "", "RescaleSlope": "", "RescaleIntercept": ""}, FLAT),
        ({"PixelPaddingValue": int(FLAT[3, 3])}, np.where(FLAT[3, 3] == FLAT, 0, FLAT)),
    ],
)
def test_eight_bits_without_window_are_shown_as_they_are(dicom_film, elements, expected):
    assert np.array_equal(dicom_gray(dicom_film(FLAT, **elements))[0], expected)


def test_a_window_that_cannot_be_is_passed_over_and_said(dicom_film):
    gray, notes = dicom_gray(dicom_film(FLAT, WindowCenter=5, WindowWidth=0))
    assert np.array_equal(gray, FLAT)
    assert notes == ["its window of width 0 is passed over"]


@pytest.mark.parametrize("stored", [DEEP, SIGNED])
def test_bits_beyond_bits_stored_are_ignored(dicom_film, stored):
    clean = dicom_gray(dicom_film(stored, BitsStored=12, HighBit=11))[0]
    dirty = (stored.view(np.uint16) & 0x0FFF | 0x5000).view(stored.dtype)
    assert np.array_equal(dicom_gray(dicom_film(dirty, BitsStored=12, HighBit=11))[0], clean)


@pytest.mark.parametrize("space", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(
    ("padding", "elements"),
    [
        ([0], {"PixelPaddingValue": 0}),
        ([4095], {"PixelPaddingValue": 4095}),
        ([4000, 4050, 4095], {"PixelPaddingValue": 4095, "PixelPaddingRangeLimit": 4000}),
    ],
)
def test_padding_is_black_and_does_not_count(dicom_film, space, padding, elements):
    tissue = np.clip(DEEP, 900, 3900)
    padded = tissue.copy()
    padded[:, :9] = np.resize(padding, (40, 9))
    gray, _ = dicom_gray(dicom_film(padded, PhotometricInterpretation=space, **elements))
    alone, _ = dicom_gray(dicom_film(np.ascontiguousarray(tissue[:, 9:]), PhotometricInterpretation=space))
    assert not gray[:, :9].any()
    assert np.array_equal(gray[:, 9:], alone)


def test_signed_padding_written_without_sign(dicom_film):
    padded = SIGNED.copy()
    padded[:, :9] = -2000
    film = dicom_film(padded, PixelPaddingValue=-2000)
    written = film.replace(b"\x28\x00\x20\x01SS", b"\x28\x00\x20\x01US")
    assert written != film
    assert not dicom_gray(written)[0][:, :9].any()


def test_nothing_but_padding(dicom_film):
    assert not dicom_gray(dicom_film(np.full((20, 20), 7, np.uint16), PixelPaddingValue=7))[0].any()


@pytest.mark.parametrize(
    "elements",
    [
        {},
        {"PlanarConfiguration": 1},
        {"PhotometricInterpretation": "YBR_FULL"},
    ],
)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colour_becomes_its_luminance(dicom_film, elements, dtype):
    colour = np.stack([FLAT, 255 - FLAT, np.roll(FLAT, 9, 0)], axis=-1).astype(dtype)
    if dtype == np.uint16:
        colour = colour * 257
    content = dicom_film(colour, **elements)
    if dtype == np.uint8 or "PhotometricInterpretation" not in elements:
        assert_as_pydicom(content)
    if not elements:
        expected = np.asarray(Image.fromarray((colour >> (8 * (dtype == np.uint16))).astype(np.uint8)).convert("L"))
        assert np.abs(dicom_gray(content)[0].astype(int) - expected).max() <= 1


def test_an_unknown_colour_space_is_refused(dicom_film):
    with pytest.raises(CxrError, match="HSV"):
        dicom_gray(dicom_film(np.zeros((20, 20, 3), np.uint8), PhotometricInterpretation="HSV"))


def test_of_several_frames_the_first(dicom_film):
    content = dicom_film(FLAT, NumberOfFrames=3, PixelData=FLAT.tobytes() + bytes(2 * FLAT.size))
    gray, notes = dicom_gray(content)
    assert np.array_equal(gray, FLAT)
    assert notes == ["holds 3 frames; the first is taken"]


def test_every_plain_transfer_syntax_gives_the_same(dicom_film):
    plain, _ = dicom_gray(dicom_film(DEEP))
    for syntax in (uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian, uid.DeflatedExplicitVRLittleEndian):
        assert np.array_equal(dicom_gray(dicom_film(DEEP, syntax))[0], plain)
    dataset = pydicom.dcmread(io.BytesIO(dicom_film(DEEP)))
    dataset.compress(uid.RLELossless)
    file = io.BytesIO()
    dataset.save_as(file)
    assert np.array_equal(dicom_gray(file.getvalue())[0], plain)


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian])
def test_a_file_that_is_only_its_data_set(dicom_film, syntax):
    content = dicom_film(DEEP, syntax)
    mark = b"\0\x08\0\x16" if syntax == uid.ExplicitVRBigEndian else b"\x08\0\x16\0"
    assert np.array_equal(decode(content[content.index(mark, 132) :])[0], dicom_gray(content)[0])


def test_the_size_is_checked_before_anything_is_decoded(dicom_film, monkeypatch):
    def never(*_):
        raise AssertionError("decoded")

    monkeypatch.setattr("keras_cxr.data.dicom.pixels.get_decoder", never)
    with pytest.raises(CxrError, match="65000 × 60000 pixels is over the limit of 100 million"):
        dicom_gray(dicom_film(FLAT, Rows=60000, Columns=65000))
    with pytest.raises(CxrError, match="9000 × 9000 pixels of 4 bytes is over the limit of 200 MB decoded"):
        dicom_gray(dicom_film(FLAT, Rows=9000, Columns=9000, BitsAllocated=32))
    with pytest.raises(CxrError, match="15 × 40 pixels is too small"):
        dicom_gray(dicom_film(FLAT, Columns=15))


def test_what_inflates_without_end_is_refused(dicom_film, monkeypatch):
    monkeypatch.setattr("keras_cxr.data.dicom.files.HEADER_ROOM", 10**6)
    monkeypatch.setattr("keras_cxr.data.levels._megapixels", 1)
    content = dicom_film(np.zeros((2000, 2000), np.uint8), uid.DeflatedExplicitVRLittleEndian)
    assert len(content) < 10**5
    with pytest.raises(CxrError, match="inflates to more than 3 MB; shrink it or raise --max-megapixels"):
        dicom_gray(content)


def test_without_pydicom_the_reason_says_what_to_install(dicom_film, monkeypatch):
    content = dicom_film(FLAT)
    for name in [name for name in sys.modules if name.startswith("keras_cxr.data.dicom")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(CxrError, match=r"^is a DICOM film; to read these: pip install keras-cxr\[dicom\]$"):
        decode(content)


def test_reading_prints_nothing():
    script = (
        "import pathlib, sys\n"
        "from keras_cxr.data.films import read_films\n"
        "from keras_cxr.data.preprocessing import Preprocessing\n"
        "paths = sorted(map(str, pathlib.Path(sys.argv[1]).glob('*.dcm')))\n"
        f"films = list(read_films(paths, {Preprocessing(size=32)!r}))\n"
        "assert len(films) == len(paths) and sum(not film.error for film in films) > 40\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(TEST_FILES)], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
