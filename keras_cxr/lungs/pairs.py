"""Films and their lung masks, paired by base name, as a dataset table with a ``mask`` column."""

import collections
import os
import pathlib
import re

import cv2
import numpy as np

from keras_cxr.data.folders import existing_folder, is_film_name, no_films, walk_films
from keras_cxr.data.images import decode, read_bytes
from keras_cxr.data.patients import patients_from_names
from keras_cxr.data.table import Dataset, dataset_table, relative_name
from keras_cxr.errors import CxrError, UsageError
from keras_cxr.files import natural_key

# Published masks are called as their film, or CHNCXR_0001_0_mask beside CHNCXR_0001_0.
MASK_ENDING = re.compile(r"[_-]mask$", re.IGNORECASE)
# Below this the gray levels are numbers of parts (1 the right lung, 2 the left), not brightness.
PART_NUMBERS = 16


def find_pairs(images: str | os.PathLike, masks: str | os.PathLike, patient_pattern: str | None = None) -> Dataset:
    """Pair the films below ``images`` with the masks below ``masks``.

    A mask belongs to the film of its base name, whatever the suffix; where several masks have it, to the film in the
    folder of the same relative name.

    Returns:
        Dataset table with ``mask`` (absolute path); ``label`` is the film's folder below ``images``, for splits of
        equal composition. Films without a mask are left out with a note.

    Raises:
        CxrError: A folder is missing, or no film has a mask.
        UsageError: Both folders are the same.
    """
    root, mask_root = existing_folder(images, "The image folder"), existing_folder(masks, "The mask folder")
    if root.resolve() == mask_root.resolve():
        raise UsageError(f"The films and their masks must lie in two folders. Received twice: {images}.")
    known = _masks_by_name(mask_root)
    rows, without = [], []
    for path in walk_films(root):
        relative = pathlib.Path(relative_name(path, root))
        found = known.get(relative.stem, [])
        if len(found) > 1:
            found = [mask for mask in found if mask.parent == mask_root / relative.parent]
        if len(found) == 1:
            rows.append({"path": path, "label": relative.parent.as_posix(), "mask": str(found[0])})
        else:
            without.append(relative.as_posix())
    if not rows and not without:
        raise no_films(root)
    if not rows:
        raise CxrError(
            f"No film in '{images}' has a mask in '{masks}': a mask must have its film's base name, such as "
            f"{pathlib.Path(without[0]).stem}.png."
        )
    table = dataset_table(rows).assign(mask=[row["mask"] for row in rows])
    table["patient"] = patients_from_names(table["path"].map(os.path.basename), patient_pattern)
    dataset = Dataset(root, table, f"masks in {mask_root}")
    _note(dataset, without)
    return dataset


def _masks_by_name(folder: pathlib.Path) -> dict[str, list[pathlib.Path]]:
    # Not walk_films, which passes folders called "masks" over.
    files = (path for path in folder.rglob("*") if is_film_name(path.name) and path.is_file())
    known = collections.defaultdict(list)
    for path in sorted(files, key=lambda path: natural_key(str(path))):
        known[MASK_ENDING.sub("", path.stem)].append(path)
    return known


def _note(dataset: Dataset, without: list[str]) -> None:
    if without:
        shown = ", ".join(without[:3]) + (" …" if len(without) > 3 else "")
        films = len(without) + len(dataset.table)
        dataset.notes.append(f"{len(without)} of {films} films have no mask, or several, and are left out: {shown}")
    unknown = int((dataset.table["patient"] == "").sum())
    if unknown:
        dataset.notes.append(f"{unknown} films of unknown patient; each is taken for a patient of its own.")


def read_mask(path: str | os.PathLike, width: int, height: int) -> np.ndarray:
    """A mask at its film's size: uint8 (height, width), 0 outside, 255 inside the lungs.

    A mask of another size than its film is resized to it, nearest pixel. Gray levels above 127 are inside; in masks
    that number their parts (1, 2, …), all but 0.

    Raises:
        CxrError: The file cannot be read, or nothing is inside.
    """
    gray, _ = decode(read_bytes(path))
    inside = gray > (127 if gray.max() >= PART_NUMBERS else 0)
    if not inside.any():
        raise CxrError("the mask is empty")
    mask = np.where(inside, np.uint8(255), np.uint8(0))
    if mask.shape == (height, width):
        return mask
    return cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
