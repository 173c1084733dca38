"""ResNet-50 against keras.applications, frozen and unfrozen."""

import keras
import numpy as np
import pytest

from keras_cxr.errors import UsageError
from keras_cxr.models import build
from keras_cxr.models.freeze import backbone, is_frozen, unfreeze_from
from keras_cxr.models.layers import caffe, gray_input
from keras_cxr.models.spatial import spatial_layers

SIZE = 48
CUT = "conv4_block6_out"
EARLY_CUT = "conv2_block3_out"


@pytest.fixture(scope="module")
def reference():
    """keras.applications' ResNet-50 without top, its BatchNorm away from the initial values."""
    keras.utils.set_random_seed(0)
    model = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(SIZE, SIZE, 3))
    generator = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([generator.uniform(0.5, 1, weight.shape) for weight in layer.weights])
    return model


@pytest.fixture(scope="module")
def weights(reference, tmp_path_factory):
    file = tmp_path_factory.mktemp("weights") / "resnet50.weights.h5"
    reference.save_weights(file)
    return file


@pytest.fixture(scope="module")
def films():
    return np.random.default_rng(1).integers(0, 256, (2, SIZE, SIZE, 1)).astype("float32")


@pytest.mark.parametrize("features_from", [None, "conv3_block4_add", "conv4_block6_2_relu"])
def test_features_equal_keras_applications(reference, weights, films, features_from):
    network = build("resnet50", 2, size=SIZE, weights=weights, features_from=features_from)
    features = keras.Model(network.input, network.get_layer("pool").output)(films)
    output = reference.get_layer(features_from).output if features_from else reference.output
    pixels = keras.applications.resnet50.preprocess_input(np.repeat(films, 3, axis=-1))
    expected = np.mean(keras.Model(reference.input, output)(pixels, training=False), axis=(1, 2))
    np.testing.assert_allclose(features, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


def test_preprocessing_equals_keras_applications(films):
    gray = gray_input(SIZE)
    expected = keras.applications.resnet50.preprocess_input(np.repeat(films, 3, axis=-1))
    np.testing.assert_allclose(keras.Model(gray, caffe(gray))(films), expected, atol=1e-5)


def test_training_moves_the_head_alone(weights, films):
    network = build("resnet50", 2, size=SIZE, weights=weights, features_from=EARLY_CUT)
    inner = backbone(network)
    assert inner.name == "resnet50"
    assert is_frozen(network)
    before = [weight.numpy() for weight in inner.weights]
    head = network.get_layer("features").kernel.numpy()
    network.compile("sgd", "binary_crossentropy")
    network.train_on_batch(films, np.array([[0.0], [1.0]]))
    for weight, old in zip(inner.weights, before, strict=True):
        np.testing.assert_array_equal(weight, old)
    assert not np.array_equal(network.get_layer("features").kernel, head)


def test_unfreezing_trains_from_the_layer_on(weights, films, tmp_path):
    network = build("resnet50", 2, size=SIZE, weights=weights, features_from=EARLY_CUT)
    assert unfreeze_from(network, "conv2_block3_1_conv") == 3  # the three convolutions of the last block
    assert not is_frozen(network)
    inner = backbone(network)
    trained = {layer.name for layer in inner.layers if layer.trainable_weights}
    assert trained == {f"conv2_block3_{number}_conv" for number in (1, 2, 3)}
    before = {weight.path: weight.numpy() for weight in inner.weights}
    network.compile(keras.optimizers.SGD(1e-3), "binary_crossentropy")
    network.train_on_batch(films, np.array([[0.0], [1.0]]))
    moved = {weight.path for weight in inner.weights if not np.array_equal(weight, before[weight.path])}
    assert {path.split("/")[-2] for path in moved} == trained
    network.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert {layer.name for layer in backbone(again).layers if layer.trainable_weights} == trained


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("conv2_blok3_1_conv", "Unknown layer of resnet50 .* Did you mean 'conv2_block3_1_conv'"),
        ("conv2_block3_out", "at or before a layer with weights. Received: conv2_block3_out"),
    ],
)
def test_layers_that_cannot_be_unfrozen(layer, message):
    network = build("resnet50", 2, size=32, weights="none", features_from=EARLY_CUT)
    with pytest.raises(UsageError, match=message):
        unfreeze_from(network, layer)


def test_nothing_to_unfreeze_without_a_backbone():
    network = build("lenet5", 2, size=32)
    assert backbone(network) is None
    assert not is_frozen(network)
    with pytest.raises(UsageError, match="lenet5 has none"):
        unfreeze_from(network, "c5")


def test_random_backbone_is_trained_with_its_statistics():
    network = build("resnet50", 2, size=32, weights="none", features_from="conv2_block1_out")
    assert not is_frozen(network)
    mean = backbone(network).get_layer("conv1_bn").moving_mean
    before = mean.numpy()
    network(np.full((2, 32, 32, 1), 200, "float32"), training=True)
    assert not np.array_equal(mean, before)


def test_unknown_cut_names_the_nearest_and_the_last_of_each_size():
    with pytest.raises(UsageError, match="Did you mean 'conv4_block6_out'") as error:
        build("resnet50", 2, size=64, weights="none", features_from="conv4_block6")
    listed = str(error.value).split("each size: ")[1].rstrip(".").split(", ")
    assert listed == ["conv1_relu", "conv2_block3_out", "conv3_block4_out", "conv4_block6_out", "conv5_block3_out"]


def test_cuts_are_the_ends_of_blocks():
    cuts = spatial_layers(build("resnet50", 2, size=SIZE, weights="none"))
    assert cuts[:2] == ["conv1_relu", "pool1_pool"]
    assert all(name.endswith("_out") for name in cuts[2:])
    assert len(cuts) == 2 + 3 + 4 + 6 + 3


def test_imagenet_file_of_the_cut_backbone(shared_weights):
    file = shared_weights / "resnet50_imagenet_conv4.weights.h5"
    network = build("resnet50", 2, size=32, weights=file, features_from=CUT)
    assert is_frozen(network)
    assert spatial_layers(network)[-1] == CUT
    direct = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(32, 32, 3))
    direct = keras.Model(direct.input, direct.get_layer(CUT).output)
    direct.load_weights(file)
    for ours, theirs in zip(backbone(network).weights, direct.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
