"""One method's maps of the films to score: the overlays are written, and what the scores need is kept."""

import dataclasses
import pathlib
from collections.abc import Callable, Collection

from keras_cxr.data.lungs import LungMasks
from keras_cxr.explain.explainer import Explainer
from keras_cxr.explain.folder import Explained, Seen, picture_films, write_page
from keras_cxr.explain.pictures import Pictures
from keras_cxr.explain.score.localisation import Placed, place
from keras_cxr.explain.score.places import Places


@dataclasses.dataclass
class MethodMaps:
    """A method's maps on one model; films in their own order, those that cannot be read left out.

    Attributes:
        model: What the model is called in tables.
        name: The method's, in the registry.
        explainer: The method on the model.
        folder: Of the overlays.
        explained: What was written.
        placed: Path → where the map lies.
        sizes: Path → (height, width) of the film.
        checked: Path → film and map on the canvas, of the films to be checked.
        columns: Path → further columns of the table of films.
    """

    model: str
    name: str
    explainer: Explainer
    folder: pathlib.Path
    explained: Explained
    placed: dict[str, Placed]
    sizes: dict[str, tuple[int, int]]
    checked: dict[str, Seen]
    columns: dict[str, dict]


def explain_by(
    model: str,
    name: str,
    explainer: Explainer,
    places: Places,
    folder: pathlib.Path,
    checked: Collection[str],
    tolerance: float = 0,
    masks: LungMasks | None = None,
    advance: Callable[[int], None] | None = None,
    pictures: Pictures | None = None,
) -> MethodMaps:
    """Explain films by one method, write the overlays and their page, and keep what is to be measured.

    Args:
        model, name: What the model and the method are called in tables.
        explainer: The method on the model.
        places: The films.
        folder: Of the overlays.
        checked: The paths of the films whose maps are kept.
        tolerance: Of the pointing game, pixels.
        masks: The lungs, for a model that sees them alone.
        advance, pictures: See ``folder.explain_films``.

    Raises:
        CxrError: No film can be read.
    """
    placed, sizes, kept = {}, {}, {}

    def see(seen: Seen) -> None:
        path = seen.film.path
        placed[path], sizes[path] = place(seen.heatmap, path, places, tolerance), seen.heatmap.shape
        if path in checked:
            kept[path] = dataclasses.replace(seen, heatmap=None)

    explained = picture_films(explainer, places.paths, places.root, folder, pictures, masks, advance, see)
    write_page(explained, explainer.card.name, folder)
    # The threads end in any order.
    paths = [path for path in places.paths if path in placed]
    return MethodMaps(
        model,
        name,
        explainer,
        folder,
        explained,
        {path: placed[path] for path in paths},
        {path: sizes[path] for path in paths},
        {path: kept[path] for path in paths if path in kept},
        {path: {} for path in paths},
    )
