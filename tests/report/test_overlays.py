import cv2
import numpy as np
import pytest

from keras_cxr.errors import CxrError
from keras_cxr.report.index_page import write_index
from keras_cxr.report.overlays import LINES, blend, outline, overlay_figure

FILM = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (224, 200), dtype=np.uint8), (9, 9), 3)
MAP = np.outer(np.linspace(0, 1, 224), np.linspace(0, 1, 200)).astype("float32")


def written(path, film=FILM, heatmap=MAP, caption="Pneumonia 0.93", empty=False, **more):
    overlay_figure(film, heatmap, caption, empty, path, **more)
    return cv2.imread(str(path))[..., ::-1]


def test_film_left_covered_film_right_at_the_films_size(tmp_path):
    picture = written(tmp_path / "new" / "one.png")
    height, width = FILM.shape
    assert picture.shape[0] > height
    assert picture.shape[1] >= 2 * width
    np.testing.assert_array_equal(picture[:height, :width], np.repeat(FILM[..., None], 3, axis=2))
    np.testing.assert_array_equal(picture[:height, -width:], blend(FILM, MAP))


def test_blend_against_the_formula():
    import matplotlib

    level = np.round(MAP * 255) / 255
    cover = (0.6 * level**0.8)[..., None]
    wanted = (1 - cover) * FILM[..., None] + cover * matplotlib.colormaps["viridis"](level)[..., :3] * 255
    assert np.abs(blend(FILM, MAP) - wanted).max() < 2


def test_outlines_are_where_the_map_has_these_values(tmp_path):
    rows, columns = np.mgrid[:224, :200]
    distance = np.hypot(rows - 112, columns - 100)
    cone = np.clip(1 - distance / 90, 0, 1)
    drawn = outline(FILM, cone)
    coloured = np.ptp(drawn.astype(int), axis=2) > 20
    off = np.min([np.abs(distance - 90 * (1 - share)) for share in LINES], axis=0)
    assert off[coloured].max() < 4
    near = cv2.dilate(coloured.astype(np.uint8), np.ones((3, 3))) > 0
    assert all(near[np.abs(distance - 90 * (1 - share)) < 0.5].all() for share in LINES)
    # Beside the lines and their dark edges all of the film is there.
    np.testing.assert_array_equal(drawn[off > 6], np.repeat(FILM[..., None], 3, axis=2)[off > 6])
    figure = written(tmp_path / "one.png", heatmap=cone, contour=True)
    np.testing.assert_array_equal(figure[: len(FILM), -FILM.shape[1] :], drawn)
    np.testing.assert_array_equal(figure[: len(FILM), : FILM.shape[1]], np.repeat(FILM[..., None], 3, axis=2))


def test_weak_places_stay_the_film():
    np.testing.assert_array_equal(blend(FILM, MAP * 0), np.repeat(FILM[..., None], 3, axis=2))
    assert np.abs(blend(FILM, MAP * 0 + 0.05) - FILM[..., None].astype(int)).max() <= 0.06 * 255


def test_an_empty_map_shows_the_plain_film_and_says_so(tmp_path):
    height, width = FILM.shape
    empty, other = (
        written(tmp_path / "empty.png", heatmap=MAP * 0, empty=True, class_name=name) for name in ("COVID", "normal")
    )
    np.testing.assert_array_equal(empty[:height, -width:], empty[:height, :width])
    full = written(tmp_path / "full.png")
    # No colour bar: the strip is gray; and the class's name is in it.
    assert np.ptp(full[height:].astype(int), axis=2).max() > 50
    assert np.ptp(empty[height:].astype(int), axis=2).max() == 0
    assert (empty[height:] != other[height:]).any()


@pytest.mark.parametrize("size", [(224, 224), (40, 24), (300, 90), (2048, 2048)])
@pytest.mark.parametrize("caption", ["", "Lungenentzündung β пневмония 0.93", "long " * 200, "two\nlines\tand tabs"])
def test_any_caption_on_any_film(tmp_path, size, caption):
    film = np.zeros(size, np.uint8)
    picture = written(tmp_path / "x.png", film, film / 255, caption)
    # Nothing is written over the films.
    assert picture[: size[0], : size[1]].max() == 0
    plain = written(tmp_path / "x.png", film, film / 255, "")
    assert picture.shape == plain.shape
    if size[1] > 100:
        assert (picture != plain).any() == bool(caption)


@pytest.mark.parametrize(
    ("film", "heatmap"), [(FILM, MAP[:5]), (FILM / 255, MAP), (np.stack([FILM] * 3, axis=-1), MAP)]
)
def test_other_forms_are_refused(tmp_path, film, heatmap):
    with pytest.raises(CxrError, match="must be uint8"):
        overlay_figure(film, heatmap, "", False, tmp_path / "x.png")
    assert not list(tmp_path.iterdir())


def test_index_page_links_and_escapes(tmp_path):
    import html.parser
    import urllib.parse

    names = ["a b#1%.png", "ü/<b>.png"]
    rows = [(names[0], "<film> & 1", "Pneumonia", 0.9312, "note <i>"), (names[1], "two", "normal", float("nan"), "")]
    rows.append((None, "broken.png", "", None, "not an image"))
    write_index(tmp_path / "index.html", "A <title>", rows)
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    links, words = [], []

    class Reader(html.parser.HTMLParser):
        def handle_starttag(self, tag, attributes):
            assert tag not in {"film", "i", "script", "link"}
            if tag == "img":
                links.append(urllib.parse.unquote(dict(attributes)["src"]))

        def handle_data(self, data):
            words.append(data)

    Reader().feed(text)
    said = "".join(words)
    assert links == names
    for part in (
        "For research, not for diagnosis.",
        "keras-cxr explain --score",
        "<film> & 1",
        "Pneumonia 0.931",
        "note <i>",
        "broken.png",
        "3 films",
    ):
        assert part in said
    assert "nan" not in said
