"""Where readers marked the finding, and where the lungs lie: what heatmaps are held against."""

import dataclasses
import pathlib
from collections.abc import Iterable

import numpy as np
import pandas as pd

from keras_cxr.data.images import SUFFIXES
from keras_cxr.data.layouts.csv_files import read_csv
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.layouts.published import Box, boxes_of
from keras_cxr.data.lungs import LungMasks, masks_by_file, masks_in_folder
from keras_cxr.data.source import patient_groups, read_dataset
from keras_cxr.data.table import relative_name
from keras_cxr.errors import CxrError, UsageError

# The column that names the film, and those of the box, as data sets call them.
_NAMES = ("image", "path", "file", "patientId", "Image Index", "image_id")
_SIDES = (("x", "y", "width", "height"), ("x", "y", "w", "h"), ("Bbox [x", "y", "w", "h]"))


@dataclasses.dataclass
class Places:
    """Films to score, and what is known of them.

    Attributes:
        root: The folder that films are named below.
        paths: The films.
        patients: Of each path: a name, the same for films of one patient.
        boxes: Of each path that has any: (x, y, width, height) in the film's pixels.
        masks: Masks of the finding, in place of boxes; None: none.
        lungs: Masks of the lungs; None: none.
    """

    root: pathlib.Path
    paths: list[str]
    patients: dict[str, str]
    boxes: dict[str, list[Box]]
    masks: LungMasks | None = None
    lungs: LungMasks | None = None

    @property
    def marked(self) -> bool:
        """Whether readers marked the finding."""
        return bool(self.boxes) or self.masks is not None

    def clusters(self, paths: Iterable[str]) -> np.ndarray:
        """(n,) integers, the same for the films of one patient."""
        return pd.factorize(np.array([self.patients[path] for path in paths], dtype=object))[0]

    def finding(self, path: str, height: int, width: int) -> np.ndarray | None:
        """The marked places of a film, bool (height, width); None where nothing of it is marked."""
        if self.masks is not None:
            return _region(self.masks, path, height, width)
        if path not in self.boxes:
            return None
        region = box_region(self.boxes[path], height, width)
        return region if region.any() else None

    def lung_fields(self, path: str, height: int, width: int) -> np.ndarray | None:
        """The lungs of a film, bool (height, width); None where they are not known."""
        return None if self.lungs is None else _region(self.lungs, path, height, width)


def find_places(
    images: pathlib.Path,
    output: pathlib.Path,
    boxes: pathlib.Path | None = None,
    finding_masks: pathlib.Path | None = None,
    lung_masks: str | pathlib.Path | None = None,
    patient_pattern: str | None = None,
) -> Places:
    """Read the films below ``images`` that can be scored: those that are marked, else those with lung masks, else all.

    Patients, boxes and lung masks are taken from the data set's own files where its layout has them.

    Args:
        images: A folder in any known layout, or of films alone.
        output: A folder whose pictures are no films.
        boxes: CSV file with a film's name, x, y, width and height a row, in pixels of the film.
        finding_masks, lung_masks: Folders of masks with the films' base names.
        patient_pattern: Regular expression with a group ``patient`` for file names.

    Raises:
        UsageError: Not a folder, or boxes and masks.
        CxrError: No film, or none that is marked where marks were given.
    """
    if boxes is not None and finding_masks is not None:
        raise UsageError("The marked places come from --boxes or from --finding-masks. Leave one out.")
    if not images.is_dir():
        raise UsageError(f"--score needs a folder of films. Received: '{images}'.")
    dataset = read_dataset(images, LabelOptions(patient_pattern=patient_pattern), labelled=False)
    inside = pathlib.Path(output).resolve()
    table = dataset.table
    table = table[[not pathlib.Path(path).is_relative_to(inside) for path in table["path"]]].reset_index(drop=True)
    paths = list(table["path"])
    places = Places(dataset.root, paths, dict(zip(paths, patient_groups(table), strict=True)), _own_boxes(table))
    if boxes is not None:
        places.boxes = _read_boxes(boxes, dataset.root, paths)
    if finding_masks is not None:
        places.masks, places.boxes = masks_in_folder(finding_masks), {}
    places.lungs = masks_in_folder(lung_masks) if lung_masks is not None else _own_masks(table)
    _keep_known(places)
    return places


def box_region(boxes: list[Box], height: int, width: int) -> np.ndarray:
    """The union of boxes (x, y, width, height), bool (height, width): pixels whose centres lie in one."""
    region = np.zeros((height, width), bool)
    rows, columns = np.arange(height) + 0.5, np.arange(width) + 0.5
    for x, y, across, down in boxes:
        region |= np.outer((rows >= y) & (rows < y + down), (columns >= x) & (columns < x + across))
    return region


def _region(masks: LungMasks, path: str, height: int, width: int) -> np.ndarray | None:
    try:
        region = masks(path, np.empty((height, width), "uint8")) > 127
    except CxrError:
        return None
    return region if region.any() else None


def _own_boxes(table: pd.DataFrame) -> dict[str, list[Box]]:
    if "boxes" not in table:
        return {}
    return {path: boxes for path, boxes in zip(table["path"], table["boxes"], strict=True) if boxes}


def _own_masks(table: pd.DataFrame) -> LungMasks | None:
    known = dict(zip(table["path"], table["mask"], strict=True)) if "mask" in table else {}
    return masks_by_file(known) if any(known.values()) else None


def _keep_known(places: Places) -> None:
    """Leave only films that are marked; where nothing is, those with lungs."""
    masks = places.masks if places.marked else places.lungs
    if not places.boxes and masks is None:
        return
    # The size does not matter here: one pixel tells whether there is a file.
    kept = [path for path in places.paths if path in places.boxes or (masks and _readable(masks, path))]
    if not kept:
        raise CxrError(f"None of the {len(places.paths)} films in '{places.root}' has a mask with its base name.")
    places.paths = kept


def _readable(masks: LungMasks, path: str) -> bool:
    try:
        masks(path, np.empty((1, 1), "uint8"))
    except CxrError:
        return False
    return True


def _read_boxes(file: pathlib.Path, root: pathlib.Path, paths: list[str]) -> dict[str, list[Box]]:
    marks = read_csv(file, "file of boxes")
    name = next((column for column in _NAMES if column in marks), None)
    sides = next((columns for columns in _SIDES if set(columns) <= set(marks)), None)
    if name is None or sides is None:
        raise CxrError(
            f"The file of boxes '{file}' needs the columns image, x, y, width, height. It has: {', '.join(marks)}."
        )
    by_name, by_stem = {relative_name(path, root): path for path in paths}, {}
    for path in paths:
        by_stem.setdefault(pathlib.Path(path).stem, []).append(path)
    found = {}
    for image, boxes in boxes_of(marks, name, sides).items():
        path = by_name.get(image) or _only(by_stem.get(_stem(image), []), image, file)
        if path:
            found.setdefault(path, []).extend(boxes)
    if not found:
        raise CxrError(f"None of the films named in '{file}' lies below '{root}'. First name there: {marks[name][0]}")
    return found


def _stem(name: str) -> str:
    name = name.replace("\\", "/").rpartition("/")[2]
    return name.rpartition(".")[0] if name.lower().endswith(SUFFIXES) else name


def _only(paths: list[str], image: str, file: pathlib.Path) -> str | None:
    if len(paths) > 1:
        raise CxrError(f"'{file}' names '{image}', and {len(paths)} films have that name. Name their folders too.")
    return paths[0] if paths else None
