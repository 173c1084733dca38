"""Which films a command was given, and that no picture of a film can take the place of the film."""

import os
import pathlib

import pytest

from keras_cxr.data.film_paths import PictureNames, film_paths
from keras_cxr.errors import CxrError, UsageError


@pytest.fixture
def films(tmp_path, monkeypatch):
    for name in ("films/1.jpg", "films/sub/1.png", "films/maps/1.png", "work/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "films"


@pytest.mark.parametrize("given", ["../films", "../work/../films/", "{}", "{}/sub/.."])
def test_every_spelling_of_a_folder_gives_names_below_it(films, given):
    root, paths = film_paths(given.format(films))
    names = [os.path.relpath(path, root) for path in paths]
    assert names == ["1.jpg", "maps/1.png", "sub/1.png"]
    pictures = PictureNames(root)
    for path in film_paths(given.format(films))[1]:
        picture = pictures.picture(path)
        assert not picture.is_absolute()
        assert ".." not in picture.parts


def test_a_single_film_named_from_elsewhere(films):
    root, paths = film_paths("../films/1.jpg")
    assert root == films
    assert PictureNames(root).picture(next(paths)) == pathlib.PurePosixPath("1.png")


def test_pictures_of_an_earlier_run_are_no_films(films):
    _, paths = film_paths("../films", "../films/maps")
    assert [pathlib.Path(path).name for path in paths] == ["1.jpg", "1.png"]
    with pytest.raises(UsageError, match="another folder"):
        film_paths("../films", films)
    with pytest.raises(CxrError, match="No film"):
        film_paths("../films/maps", "../films/maps/out") if (films / "maps/1.png").unlink() is None else None


def test_names_do_not_collide_in_any_order(tmp_path):
    names = PictureNames(tmp_path)
    given = ["a.jpg", "a.png.jpg", "a.png", "a.tif", "b/a.png", "/elsewhere/a.png"]
    pictures = [names.picture(str(tmp_path / name)) for name in given]
    assert len(set(pictures)) == len(given)
    assert pictures[:2] == [pathlib.PurePosixPath("a.png"), pathlib.PurePosixPath("a.png.png")]
    assert not pictures[-1].is_absolute()
