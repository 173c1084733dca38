import numpy as np
import pytest
import scipy.ndimage

from keras_cxr.explain.field import Axis, Grid
from keras_cxr.explain.normalise import normalise
from keras_cxr.explain.upsample import upsample


@pytest.mark.parametrize(
    ("have", "want"), [((7, 7), (224, 224)), ((3, 5), (97, 41)), ((1, 4), (30, 64)), ((9, 9), (9, 9))]
)
def test_equals_scipy_zoom(have, want):
    maps = np.random.default_rng(0).random((2, *have)).astype("float32")
    wanted = scipy.ndimage.zoom(maps, (1, want[0] / have[0], want[1] / have[1]), order=1)
    np.testing.assert_allclose(upsample(maps, want), wanted, atol=1e-6)
    np.testing.assert_allclose(upsample(maps[0], want), wanted[0], atol=1e-6)


@pytest.mark.parametrize("axis", [Axis(38.5, 16), Axis(0, 32), Axis(-3.5, 7), Axis(0, 1)])
def test_a_grid_puts_each_cell_on_its_centre_and_fades_beyond_the_outermost(axis):
    row = np.random.default_rng(0).random(10)
    cells = np.array([-1, -0.5, *range(10), 9.5, 10])
    values = [0, row[0], *row, row[-1], 0]
    wanted = np.interp(np.arange(224), axis.start + axis.step * cells, values)
    found = upsample(np.stack([row[None], 2 * row[None]]), (5, 224), Grid(Axis(2, 6), axis))
    np.testing.assert_allclose(found, np.broadcast_to([[wanted], [2 * wanted]], (2, 5, 224)), atol=1e-5)
    np.testing.assert_allclose(upsample(row[:, None], (224, 5), Grid(axis, Axis(2, 6))), found[0].T, atol=1e-6)


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ([[0, 0], [0, 0]], [[0, 0], [0, 0]]),
        ([[3, 3], [3, 3]], [[1, 1], [1, 1]]),
        ([[1, 2], [3, 5]], [[0, 0.25], [0.5, 1]]),
        ([[0, 1e-30], [0, 0]], [[0, 1], [0, 0]]),
        ([[0, 1e38], [0, 0]], [[0, 1], [0, 0]]),
    ],
)
def test_normalise(raw, wanted):
    np.testing.assert_allclose(normalise(np.array([raw, np.eye(2)])), [wanted, np.eye(2)])
