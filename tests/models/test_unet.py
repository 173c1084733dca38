import keras
import numpy as np
import pytest

from keras_cxr.errors import UsageError
from keras_cxr.models.unet import build_unet


def test_plain_keras_reads_it_back_bit_for_bit(tmp_path):
    network = build_unet(64, filters=4)
    network.save(tmp_path / "unet.keras")
    again = keras.models.load_model(tmp_path / "unet.keras", compile=False)
    films = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 1)).astype("float32")
    wanted = network.predict_on_batch(films)
    np.testing.assert_array_equal(again.predict_on_batch(films), wanted)
    assert wanted.shape == films.shape
    assert 0 <= wanted.min() <= wanted.max() <= 1
    assert [layer.name for layer in again.layers[-2:]] == ["logits", "probability"]


def test_parameters_counted_by_hand():
    widths = [4, 8, 12, 16, 16]
    count = 0
    for before, after in zip([1, *widths], widths, strict=False):
        count += 9 * before * after + 9 * after * after + 2 * 4 * after  # two convolutions, two normalisations
    for above, width in zip(widths[:0:-1], widths[-2::-1], strict=True):
        count += (above + 1) * width + 9 * 2 * width * width + 4 * width
    assert build_unet(32, filters=4).count_params() == count + widths[0] + 1


def test_exposure_does_not_matter():
    network = build_unet(32, filters=4)
    film = np.random.default_rng(0).uniform(60, 120, (1, 32, 32, 1)).astype("float32")
    other = 1.5 * film + 40
    np.testing.assert_allclose(network.predict_on_batch(film), network.predict_on_batch(other), atol=0.01)


def test_an_even_film_is_no_fault():
    assert np.isfinite(build_unet(32, filters=4).predict_on_batch(np.zeros((1, 32, 32, 1)))).all()


@pytest.mark.parametrize("size", [0, 16, 100, 130])
def test_sizes_that_cannot_be_halved(size):
    with pytest.raises(UsageError, match=f"multiple of 16.*Received: {size}"):
        build_unet(size)
