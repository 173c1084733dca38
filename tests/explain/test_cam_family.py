"""The CAM family against tf-keras-vis, against each other where papers say they are equal, and against numpy."""

import keras
import numpy as np
import pytest
from heatmap_networks import BUILDS, SIZE, films, flat, hidden, seeded

from keras_cxr.errors import UsageError
from keras_cxr.explain.methods.cam import CAM
from keras_cxr.explain.methods.eigencam import EigenCAM
from keras_cxr.explain.methods.gradcam import GradCAM
from keras_cxr.explain.methods.gradcam_plus_plus import GradCAMPlusPlus
from keras_cxr.explain.methods.hirescam import HiResCAM
from keras_cxr.explain.methods.layercam import LayerCAM
from keras_cxr.explain.methods.scorecam import ScoreCAM

CHOSEN = [0, 1, 2, 1]


def assert_close(maps, wanted, tolerance=1e-5):
    np.testing.assert_allclose(maps / (wanted.max() or 1), wanted / (wanted.max() or 1), atol=tolerance)


def logits_of(model, images):
    return keras.Model(model.input, model.get_layer("logits").output)(images, training=False).numpy()


def theirs(kind, model, images, **arguments):
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
    from tf_keras_vis.utils.scores import CategoricalScore

    visualizer = kind(model, model_modifier=ReplaceToLinear(), clone=True)
    arguments |= {"penultimate_layer": "relu", "seek_penultimate_conv_layer": False}
    return np.asarray(visualizer(CategoricalScore(CHOSEN[: len(images)]), images, **arguments))


@pytest.mark.parametrize("name", ["gradcam++", "layercam", "scorecam"])
def test_agrees_with_tf_keras_vis(name):
    from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
    from tf_keras_vis.layercam import Layercam
    from tf_keras_vis.scorecam import Scorecam

    model, images = seeded(hidden(3)), films(4)
    # Stronger gradients bring the divisor of Grad-CAM++ near zero, and its float32 far from float64, here and there.
    kernel = model.get_layer("logits").kernel
    kernel.assign(kernel * 0.1)
    kind, reference = {
        "gradcam++": (GradCAMPlusPlus, GradcamPlusPlus),
        "layercam": (LayerCAM, Layercam),
        "scorecam": (ScoreCAM, Scorecam),
    }[name]
    wanted = theirs(reference, model, images, expand_cam=False, normalize_cam=False)
    if name == "gradcam++":
        # Explains exp(score), which scales each film's map.
        wanted = wanted / np.exp(logits_of(model, images)[range(4), CHOSEN])[:, None, None]
    maps, _ = kind(model, corners=True).maps(images, np.array(CHOSEN))
    assert (wanted.max(axis=(1, 2)) > 0).sum() >= 2
    assert_close(maps, wanted)


@pytest.mark.parametrize(
    ("case", "units", "fused"),
    [("flat", 1, False), ("nested", 3, False), ("sequential", 3, True), ("subclassed", 1, True)],
)
def test_where_pooling_and_one_dense_layer_follow_cam_gradcam_and_hirescam_are_one(case, units, fused):
    model = seeded(BUILDS[case](units, fused))
    gradcam, hirescam, cam = GradCAM(model), HiResCAM(model), CAM(model)
    for index in range(2):
        wanted, _ = gradcam.maps(films(), index)
        assert_close(hirescam.maps(films(), index)[0], wanted)
        assert_close(cam.maps(films(), index)[0] / (SIZE // 2) ** 2, wanted)


def test_cam_is_refused_with_the_reason_where_it_is_not_exact():
    with pytest.raises(UsageError, match=r"Received: flatten\w* \(Flatten\), hidden \(Dense\).*--method hirescam"):
        CAM(hidden())
    with pytest.raises(UsageError, match=r"behind layer 'second'. Received: norm \(BatchNormalization\), relu"):
        CAM(flat(), "second")


def test_gradcam_plus_plus_is_finite_where_its_divisor_vanishes():
    import tensorflow as tf

    method = GradCAMPlusPlus(seeded(flat()))
    features, gradients = np.ones((1, 2, 1, 1), "float32"), np.array([[-1.0], [3.0]], "float32")[None, ..., None]
    assert np.isfinite(method.combine(tf.constant(features), tf.constant(gradients))).all()
    for tiny in (1e-30, 1e30):
        assert np.isfinite(method.combine(tf.constant(features), tf.constant(gradients * tiny).numpy())).all()


def test_against_another_class_is_the_difference_of_the_logits():
    model, images = seeded(hidden(3)), films()
    method = HiResCAM(model)
    swapped = model.get_layer("logits").get_weights()
    maps, _ = method.maps(images, 0, against=2)
    with pytest.raises(UsageError, match="against another"):
        method.maps(images, 1, against=1)
    one = seeded(hidden(1))
    one.set_weights([*model.get_weights()[:-2], *(weight[..., :1] - weight[..., 2:] for weight in swapped)])
    assert maps.any()
    assert_close(maps, HiResCAM(one).maps(images, 1)[0])
    np.testing.assert_array_equal(HiResCAM(one).maps(images, 1, against=0)[0], HiResCAM(one).maps(images, 1)[0])


def test_eigencam_is_the_first_component_with_the_sign_of_the_mean():
    model, images = seeded(flat(3)), films()
    found, _ = EigenCAM(model).maps(images, 0)
    features = keras.Model(model.input, model.get_layer("relu").output)(images, training=False).numpy()
    for film, seen in zip(found, features.reshape(len(images), -1, features.shape[-1]).astype("float64"), strict=True):
        values, vectors = np.linalg.eigh(seen.T @ seen)
        wanted = seen @ vectors[:, np.argmax(values)]
        wanted *= np.sign(np.corrcoef(wanted, seen.mean(axis=1))[0, 1])
        wanted = np.maximum(wanted, 0)
        assert_close(film.ravel() / film.max(), wanted / wanted.max())
    np.testing.assert_array_equal(found, EigenCAM(model).maps(images, 2)[0])


def test_scorecam_keeps_a_map_where_every_probability_vanishes():
    model = seeded(flat())
    before, _ = ScoreCAM(model).maps(films(), 0)
    model.get_layer("logits").bias.assign([300.0])
    maps, empty = ScoreCAM(model).maps(films(), 0)
    assert before.any()
    assert np.isfinite(maps).all()
    assert not empty.all()


def test_scorecam_does_not_depend_on_the_strength_of_the_features():
    model, strength = seeded(flat()), 2.0**-60
    wanted, _ = ScoreCAM(model).maps(films(), 1)
    assert wanted.any()
    for layer, weight, factor in (
        ("norm", "gamma", strength),
        ("norm", "beta", strength),
        ("logits", "kernel", 1 / strength),
    ):
        variable = getattr(model.get_layer(layer), weight)
        variable.assign(variable * factor)
    assert_close(ScoreCAM(model).maps(films(), 1)[0] / strength, wanted)


def test_scorecam_of_the_channels_that_vary_most_agrees_with_tf_keras_vis():
    from tf_keras_vis.scorecam import Scorecam

    model, images = seeded(hidden(3)), films(1)
    kernel = model.get_layer("logits").kernel
    kernel.assign(kernel * 0.1)
    index = np.array(CHOSEN[:1])
    everything, few = (ScoreCAM(model, corners=True, channels=channels).maps(images, index)[0] for channels in (8, 3))
    assert few.any()
    assert_close(everything, ScoreCAM(model, corners=True).maps(images, index)[0])
    assert_close(few, theirs(Scorecam, model, images, expand_cam=False, normalize_cam=False, max_N=3))


def test_scorecam_does_not_depend_on_the_batch():
    model = seeded(flat(3))
    wanted, _ = ScoreCAM(model).maps(films(2), 1)
    assert wanted.any()
    assert_close(ScoreCAM(model, batch_size=3).maps(films(2), 1)[0], wanted)
