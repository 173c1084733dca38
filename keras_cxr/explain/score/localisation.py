"""Films' maps to numbers: where each points, and how much of it lies in the marked places and in the lungs."""

import dataclasses

import numpy as np

from keras_cxr.evaluation.baseline_maps import average_region, centred_gaussian, small_region
from keras_cxr.evaluation.cross_fit import cross_fitted, halves
from keras_cxr.evaluation.localisation import (
    THRESHOLDS,
    average_precision,
    iou_curve,
    level_counts,
    pointing_hit,
    share_inside,
)
from keras_cxr.evaluation.map_scores import mean_row, pooled_row
from keras_cxr.explain.normalise import normalise
from keras_cxr.explain.score.places import Places

# The measure, and the column of the table of films that holds each film's part of it.
FILM_COLUMNS = {
    "pointing game": "hit",
    "AUPRC": "auprc",
    "share in marked places": "share_marked",
    "share in lungs": "share_lungs",
}


@dataclasses.dataclass(frozen=True)
class Placed:
    """One map held against its film's places; the scores are NaN and None where the places are not known.

    Attributes:
        scores: By the names of `FILM_COLUMNS`.
        overlap: IoU at each of ``THRESHOLDS``.
        counts: Of ``level_counts``.
    """

    scores: dict[str, float]
    overlap: np.ndarray | None
    counts: np.ndarray | None


def place(heatmap: np.ndarray, path: str, places: Places, tolerance: float = 0) -> Placed:
    """Hold a map (height, width), ≥ 0, at its film's own size against the marked places and the lungs."""
    heatmap = normalise(heatmap)
    scores, overlap, counts = dict.fromkeys(FILM_COLUMNS.values(), np.nan), None, None
    region = places.finding(path, *heatmap.shape)
    if region is not None:
        scores["hit"] = pointing_hit(heatmap, region, tolerance)
        scores["auprc"] = average_precision(heatmap, region)
        scores["share_marked"] = share_inside(heatmap, region)
        overlap, counts = iou_curve(heatmap, region), level_counts(heatmap, region)
    lungs = places.lung_fields(path, *heatmap.shape)
    if lungs is not None:
        scores["share_lungs"] = share_inside(heatmap, lungs)
    return Placed(scores, overlap, counts)


def localisation_rows(
    placed: list[Placed], clusters: np.ndarray, uniform: dict[str, float] | None = None, tolerance: float = 0
) -> tuple[list[dict], np.ndarray]:
    """Rows of the table of map scores, and each film's IoU (NaN where nothing is marked).

    Args:
        placed: One a film.
        clusters: (n,) integers, the same for the films of one patient.
        uniform: What a uniform map scores on these films, by measure.
        tolerance: Of the pointing game, for its meaning.
    """
    chance = uniform or {}
    rows = [
        mean_row(measure, [one.scores[column] for one in placed], clusters, chance.get(measure, np.nan))
        for measure, column in FILM_COLUMNS.items()
    ]
    if tolerance:
        rows[0]["meaning"] += f", or within {tolerance:g} pixels of one"
    marked = np.array([one.overlap is not None for one in placed])
    overlap = np.full(len(placed), np.nan)
    if marked.any():
        own = np.unique(clusters[marked], return_inverse=True)[1]
        curves = np.array([one.overlap for one in placed if one.overlap is not None])
        overlap[marked], chosen = cross_fitted(curves, own)
        rows.insert(1, mean_row("mIoU", overlap, clusters, chance.get("mIoU", np.nan)))
        if chosen:
            rows[1]["meaning"] += " (" + " and ".join(f"{THRESHOLDS[index]:.2f}" for index in chosen) + ")"
        counts = np.array([one.counts for one in placed if one.counts is not None])
        rows.insert(3, pooled_row(counts, own, chance.get("AUPRC, pixels pooled", np.nan)))
    return [row for row in rows if row["n"]], overlap


def uniform_scores(sizes: dict[str, tuple[int, int]], places: Places) -> dict[str, float]:
    """What a map that is the same everywhere scores, by measure: the share of the film that the places take up.

    Args:
        sizes: (height, width) of each film's path.
        places: Theirs.
    """
    regions = [(places.finding(path, *size), places.lung_fields(path, *size)) for path, size in sizes.items()]
    shares = [region.mean() for region, _ in regions if region is not None]
    lungs = [region.mean() for _, region in regions if region is not None]
    found = {"share in lungs": float(np.mean(lungs))} if lungs else {}
    if shares:
        pixels = [region.size for region, _ in regions if region is not None]
        found |= dict.fromkeys(("pointing game", "mIoU", "AUPRC", "share in marked places"), float(np.mean(shares)))
        found["AUPRC, pixels pooled"] = float(np.average(shares, weights=pixels))
    return found


def baseline_rows(
    sizes: dict[str, tuple[int, int]], places: Places, clusters: np.ndarray, tolerance: float, uniform: dict
) -> dict[str, list[dict]]:
    """Rows of maps that know nothing of the film: a bell in the middle, and the mean place of other patients' marks.

    Arguments as ``uniform_scores``, its result, and those of ``localisation_rows``.
    """
    bell = [place(centred_gaussian(*size), path, places, tolerance) for path, size in sizes.items()]
    rows = {"centred Gaussian": localisation_rows(bell, clusters, uniform, tolerance)[0]}
    regions = [places.finding(path, *size) for path, size in sizes.items()]
    marked = np.array([region is not None for region in regions])
    if not marked.any():
        return rows
    small = np.array([small_region(region) for region in regions if region is not None])
    own = np.unique(clusters[marked], return_inverse=True)[1]
    second = halves(own)
    if not second.any():
        return rows
    means = {half: small[second == half] for half in (False, True)}
    known = [item for item, has in zip(sizes.items(), marked, strict=True) if has]
    average = [
        place(average_region(means[not half], *size), path, places, tolerance)
        for (path, size), half in zip(known, second.tolist(), strict=True)
    ]
    rows["average marked place"] = localisation_rows(average, clusters[marked], uniform, tolerance)[0]
    return rows
