"""The threshold that lets no more than a stated share of normal films pass for anomalous."""

import math

import numpy as np

from keras_cxr.errors import CxrError


def fewest_normals(false_alarms: float) -> int:
    """The fewest held-out normal films from which such a threshold can be told: 19 for 0.05, 99 for 0.01."""
    return math.ceil(1 / false_alarms - 1e-9) - 1


def threshold_of_normals(scores: np.ndarray, false_alarms: float) -> float:
    """The score above which a film is anomalous.

    By split conformal prediction (Bates et al., Testing for outliers with conformal p-values, Ann Stat 2023): of n
    held-out normal films, k = ⌊(n + 1) × ``false_alarms``⌋ less one lie above the threshold. A further normal film
    that is like them lies above it with a chance of at most k / (n + 1).

    Args:
        scores: (n,) of normal films that were not learnt from, higher where odder.
        false_alarms: Above 0, below 1.

    Raises:
        CxrError: Too few films.
    """
    allowed = math.floor((len(scores) + 1) * false_alarms + 1e-9)
    if not allowed:
        raise CxrError(
            f"A false-alarm rate of {false_alarms:g} needs {fewest_normals(false_alarms)} normal validation films or "
            f"more. Received: {len(scores)}. Give more films, or try --false-alarms {1 / (len(scores) + 1):.2g}."
        )
    return float(np.sort(scores)[len(scores) - allowed])
