"""Films that are there more than once: the same bytes, or the same picture rescaled, recompressed or slightly cut."""

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from keras_cxr.audit.alignment import detail_similarity
from keras_cxr.audit.hashing import near_pairs, perceptual_hashes

IDENTICAL, NEAR = "identical", "near"
# Measured on planted copies of real films: see docs/audit.md.
HASH_SHARE, NEIGHBOURS, ALIKE = 0.28, 8, 0.96


def find_duplicates(sha256: pd.Series, thumbnails: np.ndarray, usable: np.ndarray) -> pd.DataFrame:
    """Every pair of films with the same picture.

    Args:
        sha256: Of each film's bytes, '' where it cannot be read.
        thumbnails: Gray levels (films, 64, 64) uint8.
        usable: (films,) bool; films that cannot be read or show nothing are compared by their bytes alone.

    Returns:
        ``first`` and ``second`` (row numbers), ``kind`` ('identical' bytes or 'near'), ``similarity`` (of the details,
        1 for identical bytes), the most alike first. Identical films are paired with the first of them only, which
        alone is compared with other films.
    """
    known = sha256.reset_index(drop=True)
    leader = known.index.to_series().groupby(known).transform("first")
    second = known.index[(known != "") & (leader != known.index)].to_numpy()
    identical = pd.DataFrame({"first": leader[second].to_numpy(), "second": second, "kind": IDENTICAL})
    rows = np.flatnonzero(usable & (leader == known.index).to_numpy())
    candidates = rows[near_pairs(perceptual_hashes(thumbnails[rows]), HASH_SHARE, NEIGHBOURS)]
    similarity = detail_similarity(thumbnails, candidates)
    alike = similarity >= ALIKE
    near = pd.DataFrame(candidates[alike], columns=["first", "second"])
    near = near.assign(kind=NEAR, similarity=similarity[alike].astype(float))
    near = near.sort_values("similarity", ascending=False, kind="stable")
    parts = [part for part in (identical.assign(similarity=1.0), near) if len(part)]
    return pd.concat(parts or [near], ignore_index=True)


def duplicate_groups(pairs: pd.DataFrame, films: int) -> np.ndarray:
    """The group (films,) int of each film, from 1 in the order of the films; 0 for a film that is there once."""
    edges = coo_matrix((np.ones(len(pairs)), (pairs["first"], pairs["second"])), shape=(films, films))
    component = pd.Series(connected_components(edges, directed=False)[1])
    shared = component.duplicated(keep=False)
    numbers = np.zeros(films, np.int64)
    numbers[shared] = pd.factorize(component[shared])[0] + 1
    return numbers
