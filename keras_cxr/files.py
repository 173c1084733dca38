"""Files as this package writes and orders them: whole or not at all, 2.png before 10.png."""

import contextlib
import json
import os
import pathlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@contextlib.contextmanager
def whole_file(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Yield a temporary name beside ``path``; rename it to ``path`` when the block ends well, else remove it.

    The temporary name keeps the suffix, because OpenCV, Keras and matplotlib choose the format by it.
    A kill at any moment leaves the old file or the new one, never half of one.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write ``text`` as UTF-8, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | os.PathLike, content: object) -> None:
    """Write ``content`` as indented JSON, whole or not at all."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def write_csv(path: str | os.PathLike, table: "pd.DataFrame") -> None:
    """Write ``table`` as CSV without its index, whole or not at all; floats keep every digit.

    File names that are no UTF-8 are written as the bytes that they are.
    """
    with whole_file(path) as temporary:
        table.to_csv(temporary, index=False, errors="surrogateescape")


def read_texts(path: str | os.PathLike) -> "pd.DataFrame":
    """Read a CSV file as ``write_csv`` writes it, every value as the text that it is, '' where empty."""
    import pandas as pd

    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding_errors="surrogateescape")


def natural_key(text: str) -> str:
    """Sort key that reads runs of digits as numbers: '2.png' before '10.png'."""
    # One text, not a list of parts: a folder of 200,000 names holds as many keys while it is sorted.
    return re.sub(r"\d+", _number_key, text.casefold())


def _number_key(digits: re.Match) -> str:
    number = str(int(digits.group()))
    return f"\0{len(number):04d}{number}"
