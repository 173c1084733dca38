"""Content hashes of files, by which a film is known again under any name."""

import concurrent.futures
import hashlib
import os
from collections.abc import Iterable


def content_hashes(paths: Iterable[str]) -> list[str]:
    """SHA-256 of each file's bytes as hexadecimal text, '' where the file cannot be read."""
    with concurrent.futures.ThreadPoolExecutor(max(2, os.cpu_count() or 1)) as pool:
        return list(pool.map(_content_hash, paths))


def _content_hash(path: str) -> str:
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""
