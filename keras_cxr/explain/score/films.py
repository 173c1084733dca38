"""Heatmaps measured: every method on every film, then tables and figures of what the maps are worth."""

import dataclasses
import pathlib
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from keras_cxr.errors import UsageError
from keras_cxr.evaluation.map_scores import MAP_SCORES_COLUMNS, MEASURES
from keras_cxr.evaluation.task import MULTI_LABEL
from keras_cxr.explain.explainer import Explainer
from keras_cxr.explain.fast_explainer import fast_explainers
from keras_cxr.explain.folder import TABLE, Explained
from keras_cxr.explain.pictures import Pictures
from keras_cxr.explain.ready import explainable
from keras_cxr.explain.request import Request
from keras_cxr.explain.score.checks import agreement_rows, control_rows, faithfulness_rows, sanity_rows
from keras_cxr.explain.score.localisation import baseline_rows, localisation_rows, uniform_scores
from keras_cxr.explain.score.methods import MethodMaps, explain_by
from keras_cxr.explain.score.places import Places
from keras_cxr.files import write_csv
from keras_cxr.lungs.source import masks_for
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.serving.choose import choose
from keras_cxr.prediction.serving.quiet import one_by_one
from keras_cxr.report.map_scores import map_scores_figure, randomisation_figure

SCORES, FIGURE = "map_scores.csv", "map_scores.png"
DEPTHS, DEPTHS_FIGURE = "randomisation.csv", "randomisation.png"
CONTROL = "control"


@dataclasses.dataclass(frozen=True)
class ScoreOptions:
    """What is measured, and on how many films.

    Attributes:
        groups: Of ``map_scores.MEASURES``.
        tolerance: Of the pointing game, pixels of the film.
        films: At most so many, drawn at random; None: all.
        checked: How many of them are shown to the network again, for everything but the localisation.
        seed: Of the draws.
    """

    groups: tuple[str, ...] = tuple(MEASURES)
    tolerance: float = 0
    films: int | None = None
    checked: int = 24
    seed: int = 0


@dataclasses.dataclass
class Scored:
    """What was measured and written.

    Attributes:
        scores: The table of map scores.
        explained: What was written of each method.
        files: The tables and figures.
    """

    scores: pd.DataFrame
    explained: list[Explained]
    files: list[pathlib.Path]


@one_by_one()
def score_films(
    model: SavedModel,
    places: Places,
    output: pathlib.Path,
    requests: Sequence[Request],
    options: ScoreOptions | None = None,
    control: SavedModel | None = None,
    lung_masks: str | pathlib.Path | None = None,
    advance: Callable[[int], None] | None = None,
    pictures: Pictures | None = None,
    runtime: str = "auto",
) -> Scored:
    """Explain films by several methods, write the overlays, and measure the maps.

    Where the finding is marked, maps are for the class of the request, by default a two-class model's positive one;
    else by default for each film's own label.

    Args:
        model: The saved model.
        places: The films and what is known of them, of ``find_places``.
        output: Written: a folder of overlays a method, ``maps.csv``, ``map_scores.csv`` and ``.png``, of the sanity
            check ``randomisation.csv`` and ``.png``; the control's overlays in ``control/``.
        requests: One a method, each method once.
        options: What to measure.
        control: A model to hold beside, such as one trained on permuted labels.
        lung_masks, advance, pictures: See ``folder.explain_films``; ``advance`` is told of every method's films.
        runtime: What labels films and their changed copies, of ``serving.choose``, and makes the maps that it can,
            unless their sanity is measured: then all maps are Keras's.

    Raises:
        UsageError: What a method does not take, or a class that is to be named.
        CxrError: No film can be read.
    """
    options = options or ScoreOptions()
    random = np.random.default_rng(options.seed)
    drawn = sorted(random.permutation(len(places.paths))[: options.films])
    places = dataclasses.replace(places, paths=[places.paths[at] for at in drawn])
    checked = {places.paths[at] for at in random.permutation(len(drawn))[: options.checked]}
    # Both models may have one name; what one of them cannot do is told before the films are explained.
    models = [(model, model.card.name, output)]
    if control is not None:
        models.append((control, f"{control.card.name}, {CONTROL}", output / CONTROL))
    # The sanity check gives the network other weights, which only Keras can.
    by_keras = "sanity" in options.groups
    explainers = [_explainers(saved, requests, places, runtime, by_keras) for saved, _, _ in models]
    maps = []
    for (saved, name, folder), by_method in zip(models, explainers, strict=True):
        how = {"tolerance": options.tolerance, "masks": masks_for(saved, lung_masks)}
        how |= {"advance": advance, "pictures": pictures}
        maps.append(
            [
                explain_by(name, method, explainer, places, folder / method, checked, **how)
                for method, explainer in by_method.items()
            ]
        )
    scores, depths = _measure(maps, places, options)
    files = _write(scores, depths, _films(maps, places, output), output)
    return Scored(scores, [method.explained for methods in maps for method in methods], files)


def _explainers(
    model: SavedModel, requests: Sequence[Request], places: Places, runtime: str, by_keras: bool
) -> dict[str, Explainer]:
    own = [_for_the_finding(request, model, places) for request in requests]
    fast = [None] * len(own) if by_keras else [explainer for explainer, _ in fast_explainers(model, own, runtime)]
    if all(fast):
        return {request.method: explainer for request, explainer in zip(own, fast, strict=True)}
    network, run = explainable(model.network()), choose(model, runtime).run
    return {
        request.method: explainer or Explainer(model, request, network, run)
        for request, explainer in zip(own, fast, strict=True)
    }


def _for_the_finding(request: Request, model: SavedModel, places: Places) -> Request:
    if request.against is not None:
        raise UsageError("--score measures maps of one class. Leave --against out.")
    if not places.marked or request.class_name is not None or not request.entry().class_specific:
        return request
    classes = model.card.classes
    if len(classes) > 2 or model.card.task == MULTI_LABEL:
        raise UsageError(f"Name the class that is marked on the films: --class {' or '.join(classes)}.")
    return dataclasses.replace(request, class_name=classes[1])


def _measure(maps: list[list[MethodMaps]], places: Places, options: ScoreOptions) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table of map scores, and that of the randomisation by depth."""
    rows, depths, groups = [], [], options.groups

    def add(model: str, found: dict[str, list[dict]]) -> None:
        rows.extend({"model": model, "method": method} | row for method, some in found.items() for row in some)

    for methods in maps:
        name = methods[0].model
        if "localisation" in groups:
            add(name, _localisation(methods, places, options.tolerance, with_baselines=methods is maps[0]))
        # The few films that were drawn to be checked may all be unreadable.
        if "faithfulness" in groups and methods[0].checked:
            add(name, faithfulness_rows(methods, places))
        if "agreement" in groups and methods[0].checked and len(methods) > 1:
            add(name, agreement_rows(methods, places))
    own = maps[0] if "sanity" in groups and maps[0][0].checked else []
    for method in own:
        found, by_depth, placed = sanity_rows(method, places, options.tolerance)
        add(method.model, {method.name: found})
        depths += by_depth
        if "localisation" in groups:
            uniform = uniform_scores({path: method.sizes[path] for path in placed}, places)
            random = localisation_rows(list(placed.values()), places.clusters(placed), uniform, options.tolerance)[0]
            add(f"{method.model}, random weights", {method.name: random})
    for method, other in zip(own, maps[1] if len(maps) > 1 else (), strict=False):
        add(method.model, {method.name: control_rows(method, other, places)})
    return pd.DataFrame(rows, columns=MAP_SCORES_COLUMNS), pd.DataFrame(depths)


def _localisation(
    methods: list[MethodMaps], places: Places, tolerance: float, with_baselines: bool
) -> dict[str, list[dict]]:
    clusters = places.clusters(methods[0].placed)
    uniform = uniform_scores(methods[0].sizes, places)
    rows = {}
    for method in methods:
        rows[method.name], overlap = localisation_rows(list(method.placed.values()), clusters, uniform, tolerance)
        for (path, placed), iou in zip(method.placed.items(), overlap, strict=True):
            method.columns[path] |= placed.scores | {"iou": iou}
    if with_baselines and uniform:
        rows |= baseline_rows(methods[0].sizes, places, clusters, tolerance, uniform)
    return rows


def _films(maps: list[list[MethodMaps]], places: Places, output: pathlib.Path) -> pd.DataFrame:
    """The table of films: a row a film, method and model."""
    rows = []
    for methods in maps:
        for method in methods:
            made, folder = method.explained, method.folder.relative_to(output).as_posix()
            common = {"model": methods[0].model, "method": method.name}
            for path, row in zip(method.columns, made.rows, strict=True):
                files = {name: f"{folder}/{row[name]}" if row[name] else "" for name in ("picture", "map")}
                rows.append(common | row | files | {"patient": places.patients[path]} | method.columns[path])
            rows += [common | {"image": name, "error": reason} for name, reason in made.failures]
    return pd.DataFrame(rows)


def _write(scores: pd.DataFrame, depths: pd.DataFrame, films: pd.DataFrame, output: pathlib.Path) -> list[pathlib.Path]:
    write_csv(output / SCORES, scores)
    write_csv(output / TABLE, films)
    written = [output / SCORES, output / TABLE]
    if len(scores):
        map_scores_figure(scores, output / FIGURE)
        written.append(output / FIGURE)
    if len(depths):
        write_csv(output / DEPTHS, depths)
        randomisation_figure(depths, output / DEPTHS_FIGURE)
        written += [output / DEPTHS, output / DEPTHS_FIGURE]
    return written
