"""Some films drawn as if they had been labelled, and the films of all other patients to score on."""

from collections.abc import Iterator

import numpy as np

COUNTS = tuple(digit * 10**power for power in range(1, 6) for digit in (1, 2, 5))
# Of each class, that must be left to score.
FEWEST_SCORED = 5


def film_counts(asked: int, truth: np.ndarray, classes: int) -> list[int]:
    """The numbers of labelled films to try: 10, 20, 50, 100, … up to the one asked for, and that one.

    Args:
        asked: At most so many films.
        truth: (n,) class indices of the films that are there.
        classes: k.

    Returns:
        Rising. Left out are fewer than two films a class, and those that would leave fewer than five films of a class
        to score.
    """
    rarest = np.bincount(truth, minlength=classes).min()
    wanted = sorted({count for count in (*COUNTS, asked) if 2 * classes <= count <= asked})
    return [count for count in wanted if rarest * (1 - count / len(truth)) >= FEWEST_SCORED]


def draw_labelled(
    truth: np.ndarray, cluster: np.ndarray, count: int, draws: int, seed: int = 0
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Draw ``count`` films, patient by patient, each class in its share where the patients allow it.

    A patient counts to the class of most of his films. Of the last patient drawn for a class some films may be left
    over; they are not scored either.

    Args:
        truth: (n,) class indices.
        cluster: (n,) integers from 0, the same for the films of one patient.
        count: Films to draw, fewer than n.
        draws: How often.
        seed: Fixes the draws.

    Yields:
        Row numbers of the drawn films, and of the films of all patients of whom none was drawn.
    """
    classes, patients = int(truth.max()) + 1, int(cluster.max()) + 1
    films = np.zeros((patients, classes), int)
    np.add.at(films, (cluster, truth), 1)
    own = films.argmax(axis=1)
    quotas = _quotas(np.bincount(own, weights=films.sum(axis=1), minlength=classes), count)
    random = np.random.default_rng(seed)
    for _ in range(draws):
        place = np.full(patients, -1)
        drawn = []
        for name, quota in enumerate(quotas):
            order = random.permutation(np.flatnonzero(own == name))
            reached = np.cumsum(films[order].sum(axis=1))
            order = order[: np.searchsorted(reached, quota) + 1] if quota else order[:0]
            place[order] = np.arange(len(order))
            rows = np.flatnonzero(np.isin(cluster, order))
            # Of the last patient the films of this class first.
            rows = rows[np.lexsort((truth[rows] != name, place[cluster[rows]]))]
            drawn.append(rows[:quota])
        yield np.sort(np.concatenate(drawn)), np.flatnonzero(place[cluster] < 0)


def _quotas(sizes: np.ndarray, count: int) -> np.ndarray:
    """``count`` in the proportion of ``sizes``, by largest remainders, at least one where there is any."""
    exact = count * sizes / sizes.sum()
    quotas = np.maximum(np.floor(exact), sizes > 0).astype(int)
    while quotas.sum() < count:
        quotas[np.argmax(exact - quotas)] += 1
    while quotas.sum() > count:
        quotas[np.argmax(quotas)] -= 1
    return quotas
