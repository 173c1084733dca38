import keras
import numpy as np
import pytest
import tensorflow as tf
from heatmap_networks import BUILDS, SIZE, films, flat, nested, operations, seeded
from keras import layers

from keras_cxr.errors import CxrError, UsageError
from keras_cxr.explain.methods.gradcam import GradCAM
from keras_cxr.explain.methods.layercam import LayerCAM
from keras_cxr.explain.normalise import normalise
from keras_cxr.explain.ready import explainable
from keras_cxr.explain.upsample import upsample


def reference(model, images, layer, score):
    """Grad-CAM of a flat network by a second model and numpy; ``score`` takes the logits."""
    both = keras.Model(model.input, [model.get_layer(layer).output, model.get_layer("logits").output])
    with tf.GradientTape() as tape:
        features, logits = both(images, training=False)
        value = tf.reduce_sum(score(logits))
    weights = tape.gradient(value, features).numpy().mean(axis=(1, 2), keepdims=True)
    return np.maximum((weights * features.numpy()).sum(axis=-1), 0)


def assert_close(maps, wanted, tolerance=1e-5):
    """Within a part of the strongest place: raw maps are as small as one over the number of places."""
    np.testing.assert_allclose(maps / (wanted.max() or 1), wanted / (wanted.max() or 1), atol=tolerance)


SCORES = {
    ("sigmoid", 1): lambda logits: logits[:, 0],
    ("sigmoid", 0): lambda logits: -logits[:, 0],
    ("softmax", 0): lambda logits: logits[:, 0],
    ("softmax", 2): lambda logits: logits[:, 2],
}


@pytest.mark.parametrize("fused", [False, True], ids=["activation", "fused"])
@pytest.mark.parametrize("build", [*BUILDS.values(), operations], ids=lambda build: build.__name__)
def test_every_build_equals_an_independent_gradcam_of_the_flat_network(build, fused):
    images = films()
    for head, units in (("sigmoid", 1), ("softmax", 3)):
        wanted_from = seeded(flat(units))
        model = build(units, fused)
        _copy_weights(wanted_from, model)
        np.testing.assert_allclose(model(images), wanted_from(images), atol=1e-6)
        cam = GradCAM(model, None if build is operations else "relu")
        for class_index in (0, 1) if units == 1 else (0, 2):
            maps, empty = cam.maps(images, class_index)
            wanted = reference(wanted_from, images, "relu", SCORES[head, class_index])
            assert_close(maps, wanted)
            np.testing.assert_array_equal(empty, ~wanted.any(axis=(1, 2)))


def _copy_weights(source, target):
    """By layer, whatever the order in which a build lists them."""

    def by_layer(model):
        return {layer.name: layer for layer in model._flatten_layers() if layer.weights and layer is not model}

    into = by_layer(target)
    for name, layer in by_layer(source).items():
        into.get(name, into.get("probability")).set_weights(layer.get_weights())


def test_negative_and_positive_class_differ_and_each_film_has_its_own_class():
    model = seeded(flat())
    images = films(4)
    cam = GradCAM(model)
    negative, positive = (cam.maps(images, index)[0] for index in (0, 1))
    assert negative.any()
    assert positive.any()
    assert np.abs(normalise(negative) - normalise(positive)).max() > 0.5
    mixed, _ = cam.maps(images, np.array([0, 1, 1, 0]))
    assert_close(mixed, np.stack([negative[0], positive[1], positive[2], negative[3]]))


def test_agrees_with_tf_keras_vis():
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
    from tf_keras_vis.utils.scores import CategoricalScore

    model = seeded(flat(3))
    # Strong maps, for tf-keras-vis adds 1e-7 where it divides by their range.
    model.get_layer("logits").kernel.assign(model.get_layer("logits").kernel * 1000)
    images = films(4)
    theirs = Gradcam(model, model_modifier=ReplaceToLinear(), clone=True)
    chosen = [0, 1, 2, 1]
    arguments = {"penultimate_layer": "relu", "seek_penultimate_conv_layer": False}
    raw = theirs(CategoricalScore(chosen), images, expand_cam=False, normalize_cam=False, **arguments)
    full = theirs(CategoricalScore(chosen), images, **arguments)
    maps, _ = GradCAM(model).maps(images, np.array(chosen))
    assert (np.asarray(raw).max(axis=(1, 2)) > 0.1).sum() >= 2
    assert_close(maps, np.asarray(raw))
    np.testing.assert_allclose(normalise(upsample(maps, (SIZE, SIZE))), full, atol=1e-5)


@pytest.mark.parametrize("fused", [False, True])
def test_a_saturated_sigmoid_does_not_change_the_map(fused):
    model = seeded(nested(fused=fused))
    images = films()
    before = [GradCAM(model).maps(images, index)[0] for index in (0, 1)]
    bias = model.weights[-1]
    bias.assign(bias + 50)
    assert (model(images).numpy() == 1).all()
    after = [GradCAM(model).maps(images, index)[0] for index in (0, 1)]
    assert np.any(after)
    assert_close(np.array(after), np.array(before))


def test_frozen_networks_have_the_same_map():
    model = seeded(nested())
    wanted, _ = GradCAM(model).maps(films(), 1)
    model.trainable = False
    np.testing.assert_array_equal(GradCAM(model).maps(films(), 1)[0], wanted)


def test_reloaded_from_a_file(tmp_path):
    model = seeded(nested(3))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    for index in range(3):
        wanted, _ = GradCAM(model).maps(films(), index)
        assert_close(GradCAM(again).maps(films(), index)[0], wanted)


@pytest.fixture
def _policy_restored():
    before = keras.config.dtype_policy()
    yield
    keras.config.set_dtype_policy(before)


@pytest.mark.usefixtures("_policy_restored")
@pytest.mark.parametrize(("policy", "tolerance"), [("mixed_float16", 5e-3), ("mixed_bfloat16", 5e-2)])
# A weak head's gradients vanish in float16 if not scaled up; a strong one's overflow if they are.
@pytest.mark.parametrize("strength", [1, 1e-4, 3e3])
def test_mixed_precision_is_close_to_float32(policy, tolerance, strength):
    full = seeded(nested())
    full.weights[-2].assign(full.weights[-2] * strength)
    keras.config.set_dtype_policy(policy)
    mixed = nested()
    mixed.set_weights(full.get_weights())
    wanted, _ = GradCAM(full).maps(films(), 1)
    maps, _ = GradCAM(mixed).maps(films(), 1)
    assert maps.dtype == np.float32
    assert wanted.max() > 0
    assert_close(maps, wanted, tolerance)


def known_network(weight):
    """One 1×1 convolution that passes the film on, its mean, a weight: the map is |weight|·film/(h·w) or zero."""
    images = keras.Input((4, 5, 1))
    features = layers.Conv2D(1, 1, kernel_initializer="ones", name="copy")(images)
    logits = layers.Dense(1, kernel_initializer=keras.initializers.Constant(weight), name="logits")(
        layers.GlobalAveragePooling2D()(features)
    )
    return keras.Model(images, layers.Activation("sigmoid")(logits))


@pytest.mark.parametrize(("weight", "index"), [(2.0, 1), (2.0, 0), (-0.5, 1), (-0.5, 0)])
def test_closed_form(weight, index):
    images = np.random.default_rng(0).integers(1, 256, (2, 4, 5, 1)).astype("float32")
    maps, empty = GradCAM(known_network(weight)).maps(images, index)
    signed = weight if index else -weight
    np.testing.assert_allclose(maps, np.maximum(signed, 0) / 20 * images[..., 0], rtol=1e-5)
    np.testing.assert_array_equal(empty, [signed < 0] * 2)
    assert np.isfinite(normalise(upsample(maps, (40, 50)))).all()


def test_one_trace_for_all_calls_and_methods():
    network = explainable(seeded(flat(3)))
    methods = [GradCAM(network), LayerCAM(network)]
    for method in methods:
        for count, index in ((3, 0), (3, np.array([0, 1, 2])), (1, 2)):
            maps, empty = method.maps(films(count), index)
            assert (len(maps), len(empty)) == (count, count)
            np.testing.assert_allclose(maps, type(method)(network.model).maps(films(count), index)[0], rtol=1e-5)
    one, other = (method.run.func for method in methods)
    assert one is other
    assert one.compiled.experimental_get_tracing_count() == 1


def test_resnet50_nested():
    images = keras.Input((64, 64, 1))
    backbone = keras.applications.ResNet50(weights=None, include_top=False, input_shape=(None, None, 3))
    features = backbone(layers.Concatenate()([images] * 3))
    logits = layers.Dense(1, name="logits")(layers.GlobalAveragePooling2D()(features))
    model = keras.Model(images, layers.Activation("sigmoid")(logits))
    cam = GradCAM(model)
    assert cam.layer == "conv5_block3_out"
    maps, _ = cam.maps(films(2, 64), np.array([0, 1]))
    assert maps.shape == (2, 2, 2)
    # The head is a mean and one weight a channel: the map is the features times the weights, by hand.
    seen = backbone(np.repeat(films(2, 64), 3, axis=-1), training=False).numpy()
    kernel = model.get_layer("logits").kernel.numpy()[:, 0]
    wanted = np.maximum((seen @ kernel) * np.array([-1, 1])[:, None, None] / 4, 0)
    assert wanted.any()
    assert_close(maps, wanted)


@pytest.mark.parametrize(
    ("images", "index", "words"),
    [
        (films(2, 16), 0, "must have the shape"),
        (films(2)[:0], 0, "must have the shape"),
        (films(2)[0], 0, "must have the shape"),
        (films(2), 2, "between 0 and 1"),
        (films(2), -1, "between 0 and 1"),
        (films(2), 0.5, "must be an integer"),
        (films(2), np.array([0, 1, 1]), "each of the 2 films"),
    ],
)
def test_arguments_that_do_not_fit(images, index, words):
    with pytest.raises(UsageError, match=words):
        GradCAM(flat()).maps(images, index)


def test_a_broken_network_is_an_error_not_a_map():
    model = seeded(flat())
    model.get_layer("second").bias.assign(np.full(8, np.nan))
    with pytest.raises(CxrError, match="must be finite"):
        GradCAM(model).maps(films(), 1)


def test_a_side_branch_is_refused():
    images = keras.Input((8, 8, 1))
    features = layers.Conv2D(2, 3, name="main")(images)
    side = layers.Conv2D(1, 3, name="side", activation="sigmoid")(images)
    stopped = layers.Lambda(tf.stop_gradient, output_shape=(6, 6, 1))(side)
    pooled = layers.GlobalAveragePooling2D()(layers.Multiply()([features, stopped]))
    model = keras.Model(images, layers.Dense(1, activation="sigmoid")(pooled))
    with pytest.raises(UsageError, match="on the way to the network's output"):
        GradCAM(model, "side").maps(films(1, 8), 1)
