"""Rows of two CSV files that speak of the same film: by path, else by base name, else by the name without ending."""

import collections
import os
from collections.abc import Callable, Sequence

import numpy as np

from keras_cxr.data.images import SUFFIXES


def match_rows(first: Sequence[str], second: Sequence[str]) -> np.ndarray:
    """For each film named in ``first`` its row in ``second``, (n,) int64, -1 where there is none.

    Whole paths go first. What they leave is matched by base name, and then by base name without a film's ending, where
    that name is unique in each of the files: of two films '1.png' in different folders neither is guessed.
    """
    found, taken = np.full(len(first), -1), np.zeros(len(second), bool)
    for key in (_path, _base, _stem):
        rows, others = _unique(first, key), _unique(second, key)
        for name in rows.keys() & others.keys():
            if found[rows[name]] < 0 and not taken[others[name]]:
                found[rows[name]] = others[name]
                taken[others[name]] = True
    return found


def _unique(names: Sequence[str], key: Callable[[str], str]) -> dict[str, int]:
    keys = [key(name) for name in names]
    counts = collections.Counter(keys)
    return {name: row for row, name in enumerate(keys) if counts[name] == 1}


def _path(name: str) -> str:
    return os.path.normpath(name.strip().replace("\\", "/"))


def _base(name: str) -> str:
    return _path(name).rpartition("/")[2]


def _stem(name: str) -> str:
    base = _base(name)
    return os.path.splitext(base)[0] if base.lower().endswith(SUFFIXES) else base
