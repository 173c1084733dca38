"""How unlike the training films a film is: the distance of its numbers to theirs, 1 where the usual ends.

The numbers are what the network makes of the film, and plain statistics of its gray levels, as a network that was
trained on chest films alone may take anything for one; the larger of the two distances counts.

Each is Mahalanobis' distance in the training films' first principal components, together with what those leave out
(its length, standardised): a film may be odd in a direction in which the training films hardly differ. The distance is
that of Lee et al. (A simple unified framework for detecting out-of-distribution samples, NeurIPS 2018) without classes;
the two parts are Hotelling's T² and the residual of Jackson & Mudholkar (Technometrics 1979). It is divided by that
below which 95 % of the validation films lie.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

UNFAMILIARITY = "unfamiliarity"  # the column of a predictions table
COMPONENTS = 64
FILMS_A_COMPONENT = 10  # by fewer a variance is not known
USUAL = 0.95


@dataclasses.dataclass(frozen=True)
class Familiar:
    """What is kept of the training films: means, variances and directions, no vector of any film.

    Attributes:
        mean, scale: (width,) float32, by which vectors are standardised.
        components: (k, width) float32, orthonormal rows.
        variances: (k,) float32, of the training films along these.
        residual: (2,) float32, mean and deviation of the length of what the components leave out.
        unit: () float64, the distance below which 95 % of the validation films lie.
    """

    mean: np.ndarray
    scale: np.ndarray
    components: np.ndarray
    variances: np.ndarray
    residual: np.ndarray
    unit: np.ndarray


def fit_familiar(training: np.ndarray, validation: np.ndarray, components: int = COMPONENTS) -> Familiar:
    """Learn what is usual.

    Args:
        training: Vectors (n, width) float, n at least 10.
        validation: Vectors (m, width) float of films of other patients, m at least 1.
        components: At most; no more than a tenth of the training films.
    """
    training = np.asarray(training, np.float64)
    mean, scale = training.mean(axis=0), training.std(axis=0)
    varies = scale > 1e-6 * scale.max(initial=0)
    # A feature that no training film has would otherwise weigh without bound, or nothing.
    scale = np.where(varies, scale, np.median(scale[varies]) if varies.any() else 1.0)
    standardised = (training - mean) / scale
    directions = _principal_directions(standardised, min(components, len(training) // FILMS_A_COMPONENT))
    inside = standardised @ directions.T
    outside = _left_out(standardised, inside)
    fitted = Familiar(
        mean.astype(np.float32),
        scale.astype(np.float32),
        directions.astype(np.float32),
        inside.var(axis=0).astype(np.float32),
        np.array([outside.mean(), outside.std()], np.float32),
        np.array(1.0),
    )
    usual = np.quantile(unfamiliarity(fitted, validation), USUAL, method="higher")
    return dataclasses.replace(fitted, unit=np.array(max(usual, 1e-12)))


def unfamiliarity(familiar: Familiar, vectors: np.ndarray) -> np.ndarray:
    """Distances (n,) float64 of vectors (n, width), 0 and more; of validation films 95 % are at most 1.

    Raises:
        ValueError: Vectors of another width.
    """
    vectors = np.asarray(vectors, np.float64)
    if vectors.shape[1:] != familiar.mean.shape:
        raise ValueError(f"vectors must have the width {len(familiar.mean)}. Received: {vectors.shape[1:]}.")
    standardised = (vectors - familiar.mean) / familiar.scale
    inside = standardised @ familiar.components.T.astype(np.float64)
    squared = (inside**2 / familiar.variances).sum(axis=1)
    usual, deviation = familiar.residual
    # Where the components hold all of the training films, what they leave out of these is rounding.
    squared += ((_left_out(standardised, inside) - usual) / (deviation if deviation > 1e-4 else 1.0)) ** 2
    return np.sqrt(squared) / familiar.unit


def fit_both(
    training: tuple[np.ndarray, np.ndarray], validation: tuple[np.ndarray, np.ndarray]
) -> tuple[Familiar, Familiar]:
    """Learn what is usual in two respects, so that 95 % of the validation films are usual in both.

    Args:
        training, validation: Vectors (n, width) of either respect; see ``fit_familiar``.
    """
    both = [fit_familiar(*vectors) for vectors in zip(training, validation, strict=True)]
    usual = np.quantile(larger(both, validation), USUAL, method="higher")
    first, second = (dataclasses.replace(one, unit=one.unit * usual) for one in both)
    return first, second


def larger(both: Sequence[Familiar], vectors: Sequence[np.ndarray]) -> np.ndarray:
    """The larger distance (n,) float64 of films whose vectors (n, width) in each respect are given."""
    return np.maximum(*(unfamiliarity(one, own) for one, own in zip(both, vectors, strict=True)))


def _principal_directions(centred: np.ndarray, most: int) -> np.ndarray:
    """The first principal directions (k, width) of centred vectors (n, width), orthonormal; fewer where rank is short.

    By the eigenvectors of the smaller of the two products of the matrix with itself: many times faster than its SVD.
    """
    wide = centred.shape[1] > centred.shape[0]
    values, vectors = np.linalg.eigh(centred @ centred.T if wide else centred.T @ centred)
    first = np.argsort(-values, kind="stable")[:most]
    first = first[values[first] > 1e-10 * max(values.max(initial=0), 1e-30)]
    if not wide:
        return vectors[:, first].T
    return (centred.T @ vectors[:, first] / np.sqrt(values[first])).T


def _left_out(standardised: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """The length (n,) of what is left of vectors (n, width) beside their components (n, k)."""
    return np.sqrt(np.maximum((standardised**2).sum(axis=1) - (inside**2).sum(axis=1), 0))
