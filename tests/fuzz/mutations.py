"""Ways to damage a film file: blindly, by the rules of its format so that the damage reaches the decoder, and bombs."""

import functools
import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pydicom
from originals import dicom_file
from PIL import Image
from pydicom import uid

ODD = (0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 127, 128, 255, 256, 1000, 32767, 32768, 65500, 65535)
HUGE = (0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, 100_000_000, 0x10000000)


def truncate(content: bytes, rng: np.random.Generator) -> bytes:
    return content[: rng.integers(len(content))]


def flip_bits(content: bytes, rng: np.random.Generator) -> bytes:
    changed = np.frombuffer(content, np.uint8).copy()
    places = rng.integers(0, len(changed), rng.integers(1, 30))
    np.bitwise_xor.at(changed, places, (1 << rng.integers(0, 8, len(places))).astype(np.uint8))
    return changed.tobytes()


def odd_head(content: bytes, rng: np.random.Generator) -> bytes:
    """Bytes and lengths of the first kilobyte set to odd and huge values."""
    changed = bytearray(content)
    for _ in range(rng.integers(1, 5)):
        order, value = rng.choice(["<", ">"]), int(rng.choice(ODD + HUGE))
        kind = "I" if value > 65535 or rng.random() < 0.3 else "H" if value > 255 or rng.random() < 0.5 else "B"
        place = rng.integers(0, max(1, min(1500, len(changed) - 4)))
        struct.pack_into(order + kind, changed, place, value)
    return bytes(changed)


def swap_blocks(content: bytes, rng: np.random.Generator) -> bytes:
    first, second, third = sorted(rng.integers(0, len(content), 3))
    return content[:first] + content[second:third] + content[first:second] + content[third:]


def repeat_block(content: bytes, rng: np.random.Generator) -> bytes:
    start = rng.integers(len(content))
    block = content[start : start + rng.integers(1, 2000)]
    return content[:start] + block * int(rng.choice([2, 3, 50])) + content[start:]


def cut_out(content: bytes, rng: np.random.Generator) -> bytes:
    start = rng.integers(len(content))
    return content[:start] + content[start + rng.integers(1, 1000) :]


def blank(content: bytes, rng: np.random.Generator) -> bytes:
    start, length = rng.integers(len(content)), rng.integers(1, 4000)
    return (
        content[:start] + (bytes([rng.choice([0, 255])]) * length)[: len(content) - start] + content[start + length :]
    )


def insert(content: bytes, rng: np.random.Generator) -> bytes:
    place = rng.integers(len(content))
    return content[:place] + rng.bytes(rng.integers(1, 300)) + content[place:]


def splice(content: bytes, rng: np.random.Generator, other: bytes) -> bytes:
    """This film's beginning before another's end."""
    place = rng.integers(1, min(2000, len(content)))
    return content[:place] + other[rng.integers(len(other)) if rng.random() < 0.5 else place :]


# PNG ----------------------------------------------------------------------------------------------------------------


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    chunks, place = [], 8
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        chunks.append((content[place + 4 : place + 8], content[place + 8 : place + 8 + length]))
        place += 12 + length
    return chunks


def png_rules(content: bytes, rng: np.random.Generator) -> bytes:
    """Chunks damaged, dropped, doubled or swapped, their checksums right again."""
    chunks = png_chunks(content)
    at = 0 if rng.random() < 0.4 else int(rng.integers(len(chunks)))
    kind, data = chunks[at]
    choice = rng.random()
    if kind == b"IHDR" and choice < 0.8:
        head = list(struct.unpack(">IIBBBBB", data))
        field = int(rng.integers(7))
        head[field] = int(rng.choice(ODD + HUGE)) if field < 2 else int(rng.choice([0, 1, 2, 3, 4, 6, 8, 16, 255]))
        chunks[at] = kind, struct.pack(">IIBBBBB", *head)
    elif kind == b"IDAT" and choice < 0.4:
        chunks[at] = kind, zlib.compress(rng.bytes(rng.integers(0, 50_000)))
    elif data and choice < 0.7:
        chunks[at] = kind, flip_bits(data, rng)
    elif choice < 0.8:
        del chunks[at]
    elif choice < 0.9:
        chunks.insert(int(rng.integers(len(chunks))), chunks[at])
    else:
        text = zlib.compress(bytes(int(rng.choice([1000, 30_000_000]))))
        extra = [(b"zTXt", b"k\0\0" + text), (b"iCCP", b"p\0\0" + text), (b"tRNS", rng.bytes(6)), (b"eXIf", b"MM\0*")]
        chunks.insert(1, extra[rng.integers(len(extra))])
    return content[:8] + b"".join(png_chunk(*chunk) for chunk in chunks)


# JPEG ---------------------------------------------------------------------------------------------------------------


def jpeg_rules(content: bytes, rng: np.random.Generator) -> bytes:
    """Segments damaged, dropped, doubled or swapped; another size, another process; scans again and again."""
    parts, place = [], 2
    while place + 4 <= len(content) and content[place] == 0xFF and content[place + 1] != 0xDA:
        length = 2 + struct.unpack_from(">H", content, place + 2)[0]
        parts.append(bytearray(content[place : place + length]))
        place += length
    scans = content[place:]
    frames = [part for part in parts if 0xC0 <= part[1] <= 0xCF and part[1] not in (0xC4, 0xC8, 0xCC)]
    choice = rng.random()
    if frames and choice < 0.25:
        for offset in rng.choice([5, 7], rng.integers(1, 3), replace=False):
            struct.pack_into(">H", frames[0], int(offset), int(rng.choice([*ODD, 2000, 9000])))
    elif frames and choice < 0.4:
        frames[0][1] = int(rng.choice([0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC9, 0xCA]))
    elif frames and choice < 0.55:
        frames[0][int(rng.integers(4, len(frames[0])))] = int(rng.choice([0, 1, 2, 3, 4, 8, 12, 16, 17, 34, 68, 255]))
    elif choice < 0.6:
        scans = scans[:-2] * int(rng.choice([2, 30])) + scans[-2:]
    elif parts:
        at = int(rng.integers(len(parts)))
        if choice < 0.8:
            parts[at][4:] = flip_bits(bytes(parts[at][4:]) or b"\0", rng)
        elif choice < 0.9:
            del parts[at]
        else:
            parts.insert(int(rng.integers(len(parts))), parts[at])
    return content[:2] + b"".join(parts) + scans


# TIFF ---------------------------------------------------------------------------------------------------------------

TIFF_TAGS = (256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 292, 317, 320, 322, 323, 324, 325, 338, 339, 347)


def tiff_rules(content: bytes, rng: np.random.Generator) -> bytes:
    """Entries of the directory with another tag, type, count or value; directories in a circle."""
    order = "<" if content[:2] == b"II" else ">"
    changed = bytearray(content)
    large = struct.unpack_from(order + "H", content, 2)[0] == 43
    (start,) = struct.unpack_from(order + ("Q" if large else "I"), content, 8 if large else 4)
    (count,) = struct.unpack_from(order + ("Q" if large else "H"), content, start)
    head, size, wide = (8, 20, "Q") if large else (2, 12, "I")
    for _ in range(rng.integers(1, 4)):
        entry = start + head + size * int(rng.integers(count))
        choice = rng.random()
        if choice < 0.1:
            struct.pack_into(order + "H", changed, entry, int(rng.choice(TIFF_TAGS)))
        elif choice < 0.25:
            struct.pack_into(order + "H", changed, entry + 2, int(rng.integers(0, 20)))
        elif choice < 0.4:
            struct.pack_into(order + wide, changed, entry + 4, int(rng.choice(ODD + HUGE)))
        elif choice < 0.95:
            value = int(rng.choice([*ODD, 5, 6, 9, 12, 32, 64, 9000, 32773, 34712, 50000, 34676, 34925]))
            kind = struct.unpack_from(order + "H", changed, entry + 2)[0]
            struct.pack_into(order + ("H" if kind == 3 else "I"), changed, entry + (12 if large else 8), value)
        else:
            end = start + head + size * count
            struct.pack_into(order + wide, changed, end, int(rng.choice([start, 4, 0xFFFFFFF0])))
    return bytes(changed)


# DICOM --------------------------------------------------------------------------------------------------------------

NUMBERS = (
    "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "SamplesPerPixel", "PixelRepresentation",
    "PlanarConfiguration", "PixelPaddingValue", "PixelPaddingRangeLimit",
)  # fmt: skip
TEXTS = (
    "NumberOfFrames", "WindowCenter", "WindowWidth", "RescaleSlope", "RescaleIntercept", "PatientAge", "PixelSpacing",
    "PhotometricInterpretation", "VOILUTFunction", "PatientID", "ViewPosition", "SpecificCharacterSet",
)  # fmt: skip
WORDS = (
    "", "0", "1", "-1", "1e308", "-1e308", "nan", "inf", "1e-320", "2\\3", "99999999999", "a\nb", "\0", "SIGMOID",
    "LINEAR_EXACT", "MONOCHROME1", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT", "PALETTE COLOR", "RGB", "ARGB",
    "ISO 2022 IR 87", "x" * 3000, "\xe4\xf6",
)  # fmt: skip
SYNTAXES = (
    uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian, uid.RLELossless, uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit,
    uid.JPEGLossless, uid.JPEGLSLossless, uid.JPEG2000, uid.HTJ2K, uid.MPEG2MPML, "1.2.3", "",
)  # fmt: skip


def dicom_rules(content: bytes, rng: np.random.Generator, frame: Callable) -> bytes:
    """Elements with values that a header may hold and no film does, another syntax, or the frame damaged inside."""
    stream = io.BytesIO(content)
    dataset = pydicom.dcmread(stream, force=True)
    choice = rng.random()
    if choice < 0.35 and "PixelData" in dataset:
        data = bytearray(dataset.PixelData)
        start = 16 if dataset.file_meta.get("TransferSyntaxUID", uid.ImplicitVRLittleEndian).is_compressed else 0
        changed = frame(bytes(data[start:]), rng)
        dataset.PixelData = bytes(data[:start]) + changed + b"\0" * (len(changed) % 2)
    elif choice < 0.5 and "TransferSyntaxUID" in dataset.file_meta:
        syntax = str(dataset.file_meta.TransferSyntaxUID)
        other = str(rng.choice(SYNTAXES))
        place = content.index(syntax.encode())
        padded = other.encode()[: len(syntax) + 1].ljust(len(syntax) + len(syntax) % 2, b"\0")
        return content[:place] + padded + content[place + len(padded) :]
    for _ in range(rng.integers(1, 4)):
        if rng.random() < 0.6:
            tag = pydicom.tag.Tag(str(rng.choice(NUMBERS)))
            value = struct.pack("<H", int(rng.choice(ODD)))
            vr = "US"
        else:
            tag, value, vr = pydicom.tag.Tag(str(rng.choice(TEXTS))), str(rng.choice(WORDS)).encode("latin-1"), "UN"
        if rng.random() < 0.1 and tag in dataset:
            del dataset[tag]
        else:
            dataset[tag] = pydicom.dataelem.RawDataElement(
                tag, vr, len(value), value, 0, dataset.original_encoding[0], True
            )
    saved = io.BytesIO()
    try:
        dataset.save_as(saved)
    except Exception:  # What cannot be written is damaged otherwise.
        return flip_bits(content, rng)
    return saved.getvalue()


# Bombs --------------------------------------------------------------------------------------------------------------


@functools.cache
def _zeros(count: int) -> bytes:
    squeezer = zlib.compressobj(9)
    parts = [squeezer.compress(bytes(1 << 20)) for _ in range(count >> 20)]
    return b"".join([*parts, squeezer.compress(bytes(count & 0xFFFFF)), squeezer.flush()])


def png_bomb(rng: np.random.Generator) -> bytes:
    side = int(rng.choice([5000, 9999, 13_000, 60_000, 2**31 - 1]))
    bits, colour, samples = [(1, 0, 1), (8, 0, 1), (16, 0, 1), (8, 2, 3), (8, 3, 1), (8, 6, 4), (16, 6, 4)][
        rng.integers(7)
    ]
    data = _zeros(min(side, 13_000) * (min(side, 13_000) * bits * samples // 8 + 1))
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, bits, colour, 0, 0, 0))
    palette = png_chunk(b"PLTE", bytes(6)) if colour == 3 else b""
    return b"\x89PNG\r\n\x1a\n" + head + palette + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def tiff_bomb(rng: np.random.Generator) -> bytes:
    side = int(rng.choice([5000, 9999, 13_000, 60_000]))
    bits, samples, kind = [(8, 1, 1), (16, 1, 1), (8, 3, 1), (32, 1, 3), (64, 1, 3), (32, 3, 3), (16, 4, 1)][
        rng.integers(7)
    ]
    data = _zeros(min(side, 13_000) ** 2 * bits * samples // 8)
    tags = [
        (256, 4, 1, side),
        (257, 4, 1, side),
        (258, 3, 1, bits),
        (259, 3, 1, 8),
        (262, 3, 1, 2 if samples > 1 else 1),
    ]
    tags += [(273, 4, 1, 8), (277, 3, 1, samples), (278, 4, 1, side), (279, 4, 1, len(data)), (339, 3, 1, kind)]
    if samples > 1:
        tags[2] = (258, 3, samples, 8 + len(data))
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + b"\0" * 4
    depths = struct.pack(f"<{samples}H", *[bits] * samples)
    return b"II*\0" + struct.pack("<I", 8 + len(data) + len(depths)) + data + depths + directory


def jpeg_bomb(rng: np.random.Generator) -> bytes:
    """A gray progressive JPEG of one flat block a component, large by its header, with very many scans."""
    stream = io.BytesIO()
    Image.new("L", (16, 16)).save(stream, "JPEG", progressive=True)
    content = stream.getvalue()
    scan = content.rindex(b"\xff\xda")
    frame = content.index(b"\xff\xc2")
    size = struct.pack(">HH", *[(9990, 9990), (65500, 1500), (65500, 65500), (3000, 3000)][rng.integers(4)])
    head = content[: frame + 5] + size + content[frame + 9 : scan]
    return head + content[scan:-2] * int(rng.choice([1, 90, 5000, 50_000])) + content[-2:]


def dicom_bomb(rng: np.random.Generator) -> bytes:
    """Deflated zeros; a small frame that declares a large picture; sequences nested by the thousand; tiny elements."""
    choice = int(rng.integers(5))
    small = np.zeros((64, 64), np.uint8)
    if choice == 0:
        plain = dicom_file(small, uid.DeflatedExplicitVRLittleEndian, Rows=9990, Columns=9990)
        start = 144 + struct.unpack_from("<I", plain, 140)[0]
        head = zlib.decompress(plain[start:], -15)
        head = bytearray(head[: head.index(b"\xe0\x7f\x10\0")])
        depth = int(rng.choice([8, 16, 32]))
        for tag, value in ((b"\x28\0\0\x01", depth), (b"\x28\0\x01\x01", depth), (b"\x28\0\x02\x01", depth - 1)):
            struct.pack_into("<H", head, head.index(tag) + 8, value)
        length = int(rng.choice([9990 * 9990 * depth // 8, 900_000_000]))
        squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
        parts = [squeezer.compress(bytes(head) + b"\xe0\x7f\x10\0OW\0\0" + struct.pack("<I", length))]
        parts += [squeezer.compress(bytes(1 << 20)) for _ in range(length >> 20)]
        return plain[:start] + b"".join(parts) + squeezer.compress(bytes(length & 0xFFFFF)) + squeezer.flush()
    if choice == 1:
        frame = jpeg_bomb(rng)
        rows, columns = struct.unpack_from(">HH", frame, frame.index(b"\xff\xc2") + 5)
        told = {"Rows": rows, "Columns": columns} if rng.random() < 0.7 else {}
        return dicom_file(small, uid.JPEGBaseline8Bit, frame, **told)
    plain = dicom_file(small, uid.ExplicitVRLittleEndian)
    place = plain.index(b"\x28\0\x02\0")
    if choice == 2:
        depth = int(rng.choice([100, 3000, 60_000]))
        opening = b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff"
        ending = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0" if rng.random() < 0.5 else b""
        return plain[:place] + opening * depth + ending * depth + plain[place:]
    if choice == 3:
        return (
            plain[:place]
            + b"".join(b"\x09\0" + struct.pack("<H", n) + b"LO\0\0" for n in range(60_000))
            + plain[place:]
        )
    return _rle_bomb()


@functools.cache
def _rle_bomb() -> bytes:
    """Zeros, run-length encoded: 100 million pixels of 16 bits."""
    rows = columns = 9990
    run = b"\x81\0" * -(-rows * columns // 128)
    frame = struct.pack("<16I", 2, 64, 64 + len(run), *[0] * 13) + run + run
    content = dicom_file(np.zeros((64, 64), np.uint16), uid.JPEGLSLossless, frame, Rows=rows, Columns=columns)
    name = uid.JPEGLSLossless.encode()
    return content.replace(name + b"\0" * (len(name) % 2), uid.RLELossless.encode().ljust(22, b"\0"), 1)


BLIND = (truncate, flip_bits, flip_bits, odd_head, odd_head, swap_blocks, repeat_block, cut_out, blank, insert)
RULES = {"PNG": png_rules, "JPEG": jpeg_rules, "TIFF": tiff_rules}
BOMBS = {"PNG": png_bomb, "JPEG": jpeg_bomb, "TIFF": tiff_bomb, "DICOM": dicom_bomb}
BOMB_SHARE = 0.01


def mutate(name: str, films: dict[str, bytes], rng: np.random.Generator) -> tuple[str, bytes]:
    """Damage the film ``name`` of ``films``: what was done, and the bytes."""
    form, content = name.split()[0], films[name]
    choice = rng.random()
    if form in BOMBS and choice < BOMB_SHARE:
        return "bomb", BOMBS[form](rng)
    if choice < 0.08:
        return "splice", splice(content, rng, films[str(rng.choice(list(films)))])
    rules = RULES.get(form)
    if form == "DICOM":
        blind = BLIND[rng.integers(len(BLIND))]
        is_jpeg = name.split()[1] in ("baseline", "extended", "lossless", "real")
        rules = functools.partial(dicom_rules, frame=jpeg_rules if is_jpeg and rng.random() < 0.5 else blind)
    if rules and choice < 0.5:
        return "rules", rules(content, rng)
    way = BLIND[rng.integers(len(BLIND))]
    return way.__name__, way(content, rng)
