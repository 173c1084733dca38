import pytest

from keras_cxr.prediction.foreign.match_rows import match_rows


@pytest.mark.parametrize(
    ("first", "second", "rows"),
    [
        (["a.png", "b.png"], ["b.png", "a.png"], [1, 0]),
        (["/data/x/a.png"], ["films/a.png"], [0]),
        (["x\\a.png", "y\\a.png"], ["y/a.png", "x/a.png"], [1, 0]),
        (["x/1.png", "y/1.png"], ["1.png"], [-1, -1]),
        (["1.png"], ["x/1.png", "y/1.png"], [-1]),
        (["x/1.png", "y/1.png"], ["y/1.png", "z/1.png"], [-1, 0]),
        (["./a.dcm", "b"], ["a", "b.png"], [0, 1]),
        (["a.png"], ["a.jpg"], [0]),
        (["a.b"], ["a.c"], [-1]),
        ([], ["a.png"], []),
    ],
)
def test_films_are_found_by_path_else_by_a_name_that_is_theirs_alone(first, second, rows):
    assert list(match_rows(first, second)) == rows
