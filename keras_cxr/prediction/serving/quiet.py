"""Silence for what converters, runtimes and TensorFlow print whatever one sets."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Within the block, what is written to the file descriptors 1 and 2 is thrown away."""
    _flush()
    with contextlib.ExitStack() as stack:
        silent = os.open(os.devnull, os.O_WRONLY)
        stack.callback(os.close, silent)
        for stream in (1, 2):
            kept = os.dup(stream)
            stack.callback(os.close, kept)
            stack.callback(os.dup2, kept, stream)
            os.dup2(silent, stream)
        stack.callback(_flush)
        yield


@contextlib.contextmanager
def one_by_one() -> Iterator[None]:
    """Within it TensorFlow does not warn that a function is compiled again: each network compiles its own, once."""

    def other(record: logging.LogRecord) -> bool:
        return "retracing" not in record.getMessage()

    logger = logging.getLogger("tensorflow")
    logger.addFilter(other)
    try:
        yield
    finally:
        logger.removeFilter(other)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
