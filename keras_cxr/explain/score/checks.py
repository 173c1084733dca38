"""Maps held up to the network again, and against one another: rows of the table of map scores."""

import cv2
import numpy as np

from keras_cxr.data.geometry import to_film
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.evaluation.baseline_maps import centred_gaussian
from keras_cxr.evaluation.findings import SEPARATOR
from keras_cxr.evaluation.map_scores import mean_row
from keras_cxr.evaluation.map_similarity import rank_correlation, top_overlap
from keras_cxr.explain.folder import Seen
from keras_cxr.explain.score.faithfulness import FILM_COLUMNS, faithfulness
from keras_cxr.explain.score.localisation import Placed, place
from keras_cxr.explain.score.methods import MethodMaps
from keras_cxr.explain.score.places import Places
from keras_cxr.explain.score.sanity import likeness, map_similarities

BELL = "centred Gaussian"


def faithfulness_rows(methods: list[MethodMaps], places: Places) -> dict[str, list[dict]]:
    """Rows by method, and of a bell in the film's middle; each film's scores go into the methods' ``columns``.

    Films whose map is for another class than the model's label are left out: there is little confidence to lose. The
    chance of deletion and insertion is that of pixels taken in random order.
    """
    rows: dict[str, list[dict]] = {}
    nothing: dict[tuple[str, int], tuple[dict, dict]] = {}
    for method in methods:
        films = {path: seen for path, seen in method.checked.items() if _is_own_label(method, seen)}
        for path, seen in films.items():
            method.columns[path] |= faithfulness(method.explainer, seen.film, seen.canvas, seen.index)
            if (path, seen.index) not in nothing:
                nothing[path, seen.index] = _know_nothing(method, seen)
        blind = [nothing[path, seen.index] for path, seen in films.items()]
        chance = {name: np.mean([random[name] for _, random in blind]) for name in ("deletion", "insertion") if blind}
        clusters = places.clusters(films)
        rows[method.name] = _means([method.columns[path] for path in films], clusters, chance)
        if BELL not in rows:
            rows[BELL] = _means([bell for bell, _ in blind], clusters, chance)
    return rows


def _is_own_label(method: MethodMaps, seen: Seen) -> bool:
    # Multi-label, the label names every finding of the film.
    return method.explainer.card.classes[seen.index] in seen.label.split(SEPARATOR)


def _know_nothing(method: MethodMaps, seen: Seen) -> tuple[dict, dict]:
    """The scores of a bell in the middle, and of pixels in random order."""
    bell = centred_gaussian(*seen.canvas.shape)
    maps = bell, np.zeros_like(bell)
    return tuple(faithfulness(method.explainer, seen.film, one, seen.index) for one in maps)


def _means(films: list[dict], clusters: np.ndarray, chance: dict[str, float]) -> list[dict]:
    rows = [
        mean_row(measure, [film[column] for film in films], clusters, chance.get(column, np.nan))
        for measure, column in FILM_COLUMNS.items()
    ]
    return [row for row in rows if row["n"]]


def sanity_rows(
    method: MethodMaps, places: Places, tolerance: float
) -> tuple[list[dict], list[dict], dict[str, Placed]]:
    """Rows of the method, rows of its similarity by depth, and where the maps of the random network lie, by path.

    The chance is the similarity of maps of different films by the trained network, as Arun et al. 2021 take it: what
    maps have in common that are of the same kind but show nothing of each other.
    """
    films = list(method.checked.values())
    maps = np.stack([seen.canvas for seen in films])
    index, clusters = np.array([seen.index for seen in films]), places.clusters(method.checked)
    others = likeness(maps, np.roll(maps, 1, axis=0))
    chance = {name: values.mean() if len(films) > 1 else np.nan for name, values in others.items()}
    rows, depths = [], []
    walk = list(map_similarities(method.explainer, [seen.film for seen in films], maps, index))
    for step, (layer, _, found) in enumerate(walk, start=1):
        for name, values in found.items():
            what = "last layer" if step == 1 else "all layers"
            row = mean_row(f"{name}, {what} random", values, clusters, chance[name])
            depths.append({"method": method.name, "step": step, "layer": layer, "measure": name} | _numbers(row))
            if step in (1, len(walk)):
                rows.append(row)
    preprocessing = Preprocessing(**method.explainer.card.preprocessing)
    placed = {}
    for seen, canvas in zip(films, walk[-1][1], strict=True):
        heatmap = to_film(canvas, seen.film.width, seen.film.height, preprocessing, seen.film.region)
        placed[seen.film.path] = place(heatmap, seen.film.path, places, tolerance)
    return rows, depths, placed


def _numbers(row: dict) -> dict:
    return {name: row[name] for name in ("value", "low", "high", "n", "chance")}


def control_rows(method: MethodMaps, control: MethodMaps, places: Places) -> list[dict]:
    """Rows of how like a method's maps are to those of the control model, chance as in ``sanity_rows``."""
    paths = [path for path in method.checked if path in control.checked]
    if not paths:
        return []
    maps = np.stack([method.checked[path].canvas for path in paths])
    size = maps.shape[1:]
    others = np.stack([cv2.resize(control.checked[path].canvas, size[::-1]) for path in paths])
    found, chance = likeness(maps, others), likeness(maps, np.roll(maps, 1, axis=0))
    clusters = places.clusters(paths)
    return [
        mean_row(f"{name}, control", values, clusters, chance[name].mean() if len(paths) > 1 else np.nan)
        for name, values in found.items()
    ]


def agreement_rows(methods: list[MethodMaps], places: Places) -> dict[str, list[dict]]:
    """Rows by method: how like its maps are to the other methods' of the film; chance: to those of another."""
    maps = {method.name: [seen.canvas for seen in method.checked.values()] for method in methods}
    clusters = places.clusters(methods[0].checked)
    rows: dict[str, list[dict]] = {}
    for name, like in (("agreement, rank correlation", rank_correlation), ("agreement, top 10 %", top_overlap)):
        same, other = _pairs(maps, like, 0), _pairs(maps, like, 1)
        for method in maps:
            chance = other[method].mean() if len(clusters) > 1 else np.nan
            rows.setdefault(method, []).append(mean_row(name, same[method], clusters, chance))
    return rows


def _pairs(maps: dict[str, list[np.ndarray]], like, shift: int) -> dict[str, np.ndarray]:
    """Each method's mean likeness, (films,), to the other methods' maps of the film ``shift`` places on."""
    found: dict[str, list] = {name: [] for name in maps}
    names = list(maps)
    for at, one in enumerate(names):
        for two in names[at + 1 :]:
            moved = maps[two][shift:] + maps[two][:shift]
            values = [like(first, second) for first, second in zip(maps[one], moved, strict=True)]
            found[one].append(values)
            found[two].append(values)
    return {name: np.mean(values, axis=0) for name, values in found.items()}
