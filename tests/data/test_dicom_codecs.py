import io

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("pydicom")

from pydicom import uid
from pydicom.encaps import encapsulate

from keras_cxr.data.dicom.pixels import dicom_gray
from keras_cxr.errors import CxrError

# The package mutes pydicom's warnings; pytest lets them through again.
pytestmark = pytest.mark.filterwarnings("ignore")

SMOOTH = np.cumsum(np.random.default_rng(3).integers(-40, 44, (40, 56)), axis=1)
DEEP = np.clip(SMOOTH + 1800, 0, 4095).astype(np.uint16)
SIGNED = (DEEP.astype(np.int16) - 2048).astype(np.int16)
FLAT = (DEEP >> 4).astype(np.uint8)


def jpeg(pixels, **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95, **options)
    return file.getvalue()


def compressed():
    codecs = pytest.importorskip("imagecodecs")
    lossless = {"lossless": True}
    yield "lossless 8", FLAT, uid.JPEGLosslessSV1, codecs.jpeg8_encode(FLAT, **lossless, predictor=1), 0
    for bits in (10, 12, 14, 16):
        deep = (DEEP >> max(0, 12 - bits)) << max(0, bits - 12)
        code = codecs.jpeg8_encode(deep, **lossless, predictor=1, bitspersample=bits)
        yield f"lossless SV1 {bits}", deep, uid.JPEGLosslessSV1, code, 0
    for predictor in (2, 5, 7):
        code = codecs.jpeg8_encode(DEEP, **lossless, predictor=predictor, bitspersample=12)
        yield f"lossless predictor {predictor}", DEEP, uid.JPEGLossless, code, 0
    yield "extended 12", DEEP, uid.JPEGExtended12Bit, codecs.jpeg8_encode(DEEP, level=99, bitspersample=12), 3
    yield "extended 8", FLAT, uid.JPEGExtended12Bit, jpeg(FLAT), 12
    yield "baseline", FLAT, uid.JPEGBaseline8Bit, jpeg(FLAT), 12
    yield "ls", DEEP, uid.JPEGLSLossless, codecs.jpegls_encode(DEEP), 0
    yield "ls near", DEEP, uid.JPEGLSNearLossless, codecs.jpegls_encode(DEEP, level=2), 4
    for name, syntax in (("2000", uid.JPEG2000Lossless), ("2000 lossy syntax", uid.JPEG2000)):
        yield name, DEEP, syntax, codecs.jpeg2k_encode(DEEP, codecformat="j2k", reversible=True, level=0), 0
    signed = codecs.jpeg2k_encode(SIGNED, codecformat="j2k", reversible=True, level=0)
    yield "2000 signed", SIGNED, uid.JPEG2000Lossless, signed, 0
    yield "high throughput", DEEP, uid.HTJ2KLossless, codecs.htj2k_encode(DEEP), 0


COMPRESSED = list(compressed())


@pytest.mark.parametrize(
    ("name", "stored", "syntax", "frame", "tolerance"), COMPRESSED, ids=[row[0] for row in COMPRESSED]
)
def test_compressed_films(dicom_film, name, stored, syntax, frame, tolerance):
    bits = {"BitsStored": 12, "HighBit": 11} if stored.itemsize == 2 and stored.max() < 4096 else {}
    plain, _ = dicom_gray(dicom_film(stored, **bits))
    gray, _ = dicom_gray(dicom_film(stored, syntax, [frame], **bits))
    assert np.abs(gray.astype(int) - plain).max() <= tolerance
    with pytest.raises(CxrError, match=r"^damaged or cut-short DICOM file \(.*\)$"):
        dicom_gray(dicom_film(stored, syntax, [frame[: len(frame) // 2]], **bits))


@pytest.mark.parametrize("name", ["jpegls", "jpeg2k", "jpeg8"])
def test_a_frame_of_another_size_is_not_decoded(dicom_film, name, monkeypatch):
    codecs = pytest.importorskip("imagecodecs")
    syntax = {"jpegls": uid.JPEGLSLossless, "jpeg2k": uid.JPEG2000, "jpeg8": uid.JPEGLossless}[name]
    options = {"lossless": True} if name == "jpeg8" else {"codecformat": "j2k"} if name == "jpeg2k" else {}
    frame = getattr(codecs, f"{name}_encode")(np.zeros((300, 200), np.uint8), **options)
    monkeypatch.setattr(codecs, f"{name}_decode", None)
    with pytest.raises(CxrError, match="holds 200 × 300 pixels, not 56 × 40"):
        dicom_gray(dicom_film(FLAT, syntax, [frame]))


def test_a_frame_for_pillow_is_held_against_the_header_too(dicom_film, monkeypatch):
    monkeypatch.setattr("keras_cxr.data.dicom.codecs._by_pillow", None)
    scans = jpeg(FLAT, progressive=True)
    scans = scans[:-2] + scans[scans.rindex(b"\xff\xda") : -2] * 100 + scans[-2:]
    for frame, reason in (
        (jpeg(np.zeros((300, 200), np.uint8)), "holds 200 × 300 pixels, not 56 × 40"),
        (jpeg(np.dstack([FLAT] * 3)), "holds 56 × 40 pixels of 3 samples, not 56 × 40 pixels"),
        (scans, r"JPEG of 1\d\d scans, over the limit of 100"),
    ):
        with pytest.raises(CxrError, match=reason):
            dicom_gray(dicom_film(FLAT, uid.JPEGBaseline8Bit, [frame]))


def test_an_unknown_compression_is_refused(dicom_film):
    with pytest.raises(CxrError, match=r"compression is not read .*MPEG2"):
        dicom_gray(dicom_film(FLAT, uid.MPEG2MPML, [b"\0\0\1\xb3"]))


def test_without_imagecodecs_the_reason_says_what_to_install(dicom_film, monkeypatch):
    monkeypatch.setattr("keras_cxr.data.dicom.codecs._have_imagecodecs", lambda: False)
    with pytest.raises(CxrError, match=r"JPEG-LS.*pip install keras-cxr\[dicom\]"):
        dicom_gray(dicom_film(FLAT, uid.JPEGLSLossless, [b"\xff\xd8"]))


@pytest.mark.parametrize("seed", range(4))
def test_no_bytes_bring_an_exception(dicom_film, seed):
    rng = np.random.default_rng(seed)
    films = [(DEEP, uid.ExplicitVRLittleEndian, None), (FLAT, uid.ImplicitVRLittleEndian, None)]
    films += [(stored, syntax, [frame]) for _, stored, syntax, frame, _ in COMPRESSED]
    for stored, syntax, frame in films:
        whole = dicom_film(stored, syntax, frame, WindowCenter=900, WindowWidth=1200, PatientAge="045Y")
        for trial in range(12):
            content = bytearray(whole)
            if trial % 3 == 0:
                del content[rng.integers(132, len(content)) :]
            for place in rng.integers(132, len(content), 4) if len(content) > 140 else []:
                content[place] = rng.integers(256)
            try:
                gray, _ = dicom_gray(bytes(content))
            except CxrError as fault:
                assert str(fault).isprintable(), fault  # noqa: PT017
            else:
                assert gray.dtype == np.uint8
                assert gray.ndim == 2


def test_encapsulated_frames_in_pieces(dicom_film):
    codecs = pytest.importorskip("imagecodecs")
    frame = codecs.jpegls_encode(DEEP)
    whole = dicom_film(DEEP, uid.JPEGLSLossless, [frame])
    pieces = dicom_film(DEEP, uid.JPEGLSLossless, [frame], PixelData=encapsulate([frame], fragments_per_frame=3))
    assert np.array_equal(dicom_gray(pieces)[0], dicom_gray(whole)[0])
