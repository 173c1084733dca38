import cv2
import numpy as np
import pytest

from keras_cxr.data.augment import Augmentation, affine, draw_transforms, film_transforms, warp

ONE = np.ones(1)
# Gray levels; OpenCV before 5 rounds positions to 1/32 pixel.
NEAR = 0.01 if int(cv2.__version__.partition(".")[0]) >= 5 else 0.5


def films(count=4, size=48, seed=0):
    noise = np.random.default_rng(seed).normal(128, 90, (count, size, size))
    return np.stack([cv2.GaussianBlur(film, (0, 0), 2) for film in noise]).astype(np.float32)[..., np.newaxis]


def warped(pixels, angle=0.0, scale=1.0, mirror=1.0):
    return warp(
        pixels, np.repeat(affine(angle * ONE, scale * ONE, mirror * ONE, pixels.shape[1]), len(pixels), 0)
    ).numpy()


@pytest.mark.parametrize("augmentation", [Augmentation(), Augmentation(90, 0.4, True), Augmentation(0, 0.3, False)])
def test_warp_as_opencv(augmentation):
    pixels = films(6)
    transforms = draw_transforms(augmentation, 6, 48, seed=1, epoch=2)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    for film, transform, result in zip(pixels, transforms, warp(pixels, transforms).numpy(), strict=True):
        reference = cv2.warpAffine(film, transform[:6].reshape(2, 3), (48, 48), flags=flags, borderValue=0)
        # OpenCV rounds positions to 1/32 pixel in some builds; a gray level is the most that makes here.
        assert np.abs(result[..., 0] - reference)[2:-2, 2:-2].max() < 1.0


@pytest.mark.parametrize("degrees", [0, 12, -30, 90])
def test_rotation_as_keras(degrees):
    from keras import layers

    keras_layer = layers.RandomRotation((degrees / 360, degrees / 360), fill_mode="constant", fill_value=0.0)
    reference = np.asarray(keras_layer(films(), training=True))
    assert np.abs(warped(films(), angle=np.deg2rad(degrees)) - reference)[:, 12:-12, 12:-12].max() < NEAR


@pytest.mark.parametrize("zoom", [0.2, 0.05, -0.3])
def test_zoom_as_keras(zoom):
    from keras import layers

    reference = np.asarray(
        layers.RandomZoom((zoom, zoom), fill_mode="constant", fill_value=0.0)(films(), training=True)
    )
    assert np.abs(warped(films(), scale=1 + zoom) - reference)[:, 8:-8, 8:-8].max() < NEAR


@pytest.mark.parametrize("size", [47, 48, 224])
def test_flip_and_nothing_are_exact(size):
    pixels = films(2, size)
    assert np.array_equal(warped(pixels, mirror=-1.0), pixels[:, :, ::-1])
    assert np.array_equal(warped(pixels), pixels)


def draw(seed=0, count=300, size=48, **ranges):
    still = Augmentation(rotation=0, zoom=0, flip=False, **ranges)
    return draw_transforms(still, count, size, seed=seed, epoch=0).astype(float)


def test_upside_down_is_numpys_flip():
    pixels = films(3)
    assert np.array_equal(warp(pixels, draw(count=3, vertical_flip=1.0).astype(np.float32)), pixels[:, ::-1])
    share = (draw(count=4000, vertical_flip=0.25)[:, 4] < 0).mean()
    assert 0.23 < share < 0.27


def test_shift_stays_in_its_range():
    rows = draw(translation=0.1)
    assert rows[:, [0, 4]] == pytest.approx(1)
    assert np.abs(rows[:, [2, 5]]).max() <= 0.1 * 48
    assert (np.ptp(rows[:, [2, 5]], axis=0) > 1.8 * 0.1 * 48).all()


def test_a_crop_keeps_its_share_and_lies_in_the_film():
    rows = draw(crop=0.35, vertical_flip=0.5)
    across, along = rows[:, 0], np.abs(rows[:, 4])
    assert across == pytest.approx(along)
    assert 0.35 <= (across**2).min() < 0.38 < 0.97 < (across**2).max() <= 1
    corners = np.array([[0, 0], [47, 47]])
    for index in (0, 1):
        ends = rows[:, [0, 4][index], None] * corners[:, index] + rows[:, [2, 5][index], None]
        assert ends.min() >= -1e-4
        assert ends.max() <= 47 + 1e-4


def test_outside_is_black():
    white = np.full((1, 32, 32, 1), 255, np.float32)
    result = warped(white, angle=np.pi / 4)[0, ..., 0]
    assert result[[0, 0, -1, -1], [0, -1, 0, -1]].max() == 0
    assert result[8:-8, 8:-8].min() > 254.9


def test_row_i_depends_on_seed_epoch_and_i_alone():
    many = draw_transforms(Augmentation(), 50, 64, seed=3, epoch=7)
    assert np.array_equal(draw_transforms(Augmentation(), 9, 64, seed=3, epoch=7), many[:9])
    assert len(np.unique(many, axis=0)) == 50
    for seed, epoch in [(3, 8), (4, 7), (7, 3)]:
        other = draw_transforms(Augmentation(), 50, 64, seed=seed, epoch=epoch)
        assert not (other == many).all(axis=1).any()


def test_a_film_keeps_its_transform_in_any_set():
    hashes = [f"{number:064x}" for number in (7, 2**255, 0, 12345)]
    rows = film_transforms(Augmentation(), hashes, 64, view=1)
    assert np.array_equal(film_transforms(Augmentation(), hashes[::-1][:2], 64, view=1), rows[::-1][:2])
    assert len(np.unique(rows, axis=0)) == 4
    for view in (0, 2, 3):
        assert not (film_transforms(Augmentation(), hashes, 64, view=view) == rows).all(axis=1).any()


def test_ranges():
    rows = draw_transforms(Augmentation(rotation=18, zoom=0.05, flip=True), 4000, 64, seed=0, epoch=0).astype(float)
    linear = rows[:, [0, 1, 3, 4]].reshape(-1, 2, 2)
    scale = np.sqrt(np.abs(np.linalg.det(linear)))
    angle = np.rad2deg(np.arctan2(linear[:, 1, 0], linear[:, 1, 1]))
    mirrored = np.linalg.det(linear) < 0
    assert 0.95 <= scale.min() < 0.952 < 1.048 < scale.max() <= 1.05 + 1e-6
    assert -18 - 1e-4 <= angle.min() < -17.8 < 17.8 < angle.max() <= 18 + 1e-4
    assert 0.47 < mirrored.mean() < 0.53
    assert not rows[:, 6:].any()
    centre = np.array([31.5, 31.5])
    assert np.abs(linear @ centre + rows[:, [2, 5]] - centre).max() < 1e-4  # the middle stays


@pytest.mark.parametrize(
    ("augmentation", "active"),
    [
        (Augmentation(0, 0, False), False),
        (Augmentation(1, 0, False), True),
        (Augmentation(0, 0.1, False), True),
        (Augmentation(0, 0, True), True),
    ],
)
def test_active(augmentation, active):
    assert augmentation.active is active
    transforms = draw_transforms(augmentation, 8, 32, seed=0, epoch=0)
    assert np.array_equal(transforms, np.tile([1, 0, 0, 0, 1, 0, 0, 0], (8, 1))) is not active
