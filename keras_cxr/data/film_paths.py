"""The films that a command was given, and the names of the pictures that it makes of them."""

import os
import pathlib
from collections.abc import Iterator

from keras_cxr.data.folders import existing_folder, no_films, walk_films
from keras_cxr.data.table import relative_name
from keras_cxr.errors import CxrError, UsageError


def film_paths(
    images: str | os.PathLike, output: str | os.PathLike | None = None
) -> tuple[pathlib.Path, Iterator[str]]:
    """The folder that names are relative to, and the films' absolute paths: of a folder, or one file.

    Args:
        images: A folder, read recursively in natural order, or one film.
        output: Where pictures of the films will be written; those of an earlier run are no films.

    Raises:
        CxrError: Nothing there, or no film in it.
        UsageError: The output is the films' own folder.
    """
    path = pathlib.Path(images)
    file = pathlib.Path(os.path.abspath(path))
    root = file.parent if path.is_file() else existing_folder(path, "The image folder")
    inside = None if output is None else pathlib.Path(output).resolve()
    if inside == root.resolve():
        raise UsageError(f"The output must be another folder than that of the films. Received: {output}.")
    if path.is_file():
        return root, iter([str(file)])
    if next(walk_films(root), None) is None:
        raise no_films(root)
    films = walk_films(root)
    if inside is None or not inside.is_relative_to(root.resolve()):
        return root, films
    own = os.path.join(root, inside.relative_to(root.resolve()), "")
    if next((film for film in walk_films(root) if not film.startswith(own)), None) is None:
        raise CxrError(f"No film in '{images}' but the pictures in '{output}', which is left out as the output folder.")
    return root, (film for film in films if not film.startswith(own))


class PictureNames:
    """Names of pictures made of films: the film's with another suffix; its whole name where two would share one.

    No two differ in their suffix alone, so that what else is made of a film may be named after its picture.
    """

    def __init__(self, root: pathlib.Path):
        self._root, self._taken = root, set()

    def picture(self, path: str, suffix: str = ".png") -> pathlib.PurePosixPath:
        """The picture's name, relative to the output folder also where the film lies outside of its folder."""
        relative = pathlib.PurePath(relative_name(path, self._root))
        relative = pathlib.PurePosixPath(relative.relative_to(relative.anchor).as_posix())
        name = relative.with_suffix(suffix)
        while name.with_suffix("") in self._taken:
            relative = relative.with_name(relative.name + suffix)
            name = relative
        self._taken.add(name.with_suffix(""))
        return name
