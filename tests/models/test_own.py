"""Networks of the user's own: what works, what is told, and loading without the user's file."""

import pathlib
import sys

import keras
import numpy as np
import pytest

from keras_cxr.errors import UsageError
from keras_cxr.models import build
from keras_cxr.models.freeze import backbone, is_frozen, unfreeze_from
from keras_cxr.models.registry import find

HEAD = "import keras\nfrom keras import layers, ops\n"
INPUT = "def build(plan):\n    x = keras.Input((plan.size, plan.size, plan.channels))\n"
CUSTOM = "class Mine(layers.Layer):\n    def call(self, x):\n        return x\n"
REGISTERED = "@keras.saving.register_keras_serializable()\n"
FILM = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 1)).astype("float32")


@pytest.fixture
def own(tmp_path):
    """Writes a file and builds the network of its function."""

    def write_and_build(text, **options):
        (tmp_path / "nets.py").write_text(HEAD + text)
        return build(f"{tmp_path / 'nets.py'}:build", **{"classes": 2, "size": 16, **options})

    return write_and_build


def test_example_of_the_documentation(tmp_path):
    page = pathlib.Path(__file__).parents[2] / "docs" / "own_networks.md"
    (tmp_path / "my_network.py").write_text(page.read_text().split("```python\n")[1].split("```")[0])
    network = build(f"{tmp_path / 'my_network.py'}:build", classes=3, size=16)
    assert network.name == "build"
    assert [layer.name for layer in network.layers][-4:] == ["pool", "dropout", "logits", "probability"]
    np.testing.assert_allclose(network(FILM).numpy().sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(
    ("body", "width"),
    [
        ("    return keras.Model(x, layers.Conv2D(4, 3)(x))", 4),
        ("    return keras.Model(x, layers.Flatten()(layers.Conv2D(4, 9)(x)))", 8 * 8 * 4),
        ("    return keras.Model(x, ops.abs(x[:, 1:] * 2 - 1))", 3),
        ("    return keras.Sequential([x, layers.Conv2D(4, 3), layers.GlobalMaxPooling2D()])", 4),
    ],
)
def test_bodies(own, body, width):
    network = own(
        INPUT + body.replace("Sequential([x", "Sequential([keras.Input(x.shape[1:])"), channels=3, dropout=0.25
    )
    assert network.get_layer("pool").output.shape == (None, width)
    assert network.get_layer("dropout").rate == 0.25
    assert backbone(network).input_shape == (None, 16, 16, 3)
    before = network.get_layer("repeat_gray").output
    np.testing.assert_allclose(keras.Model(network.input, before)(FILM), np.repeat(FILM / 255, 3, axis=-1), atol=1e-6)


def test_saved_network_loads_without_the_file(own, tmp_path):
    network = own(INPUT + "    return keras.Model(x, ops.relu(layers.Conv2D(4, 3, activation='gelu')(x))[:, 1:])")
    network.save(tmp_path / "model.keras")
    (tmp_path / "nets.py").unlink()
    del sys.modules["own_network_nets"]
    loaded = keras.saving.load_model(tmp_path / "model.keras", custom_objects={}, safe_mode=True)
    np.testing.assert_allclose(loaded(FILM), network(FILM), atol=1e-6)


def test_weights_file_is_loaded_and_frozen(own, tmp_path):
    text = INPUT + "    return keras.Model(x, layers.Conv2D(4, 3, name='last')(layers.Conv2D(2, 3, name='first')(x)))"
    trained = own(text)
    trained.save(tmp_path / "trained.keras")
    network = own(text, weights=tmp_path / "trained.keras")
    assert is_frozen(network)
    np.testing.assert_array_equal(backbone(network).weights[2], backbone(trained).weights[2])
    assert unfreeze_from(network, "last") == 1
    assert own(text, features_from="first").get_layer("pool").output.shape == (None, 2)


@pytest.mark.parametrize("function", ["pool", "logits", "_build"])
def test_any_function_name(function, tmp_path):
    body = INPUT.replace("build", function) + "    return keras.Model(x, layers.Conv2D(4, 3)(x))"
    (tmp_path / "nets.py").write_text(HEAD + body)
    assert build(f"{tmp_path / 'nets.py'}:{function}", 2, size=16)(FILM).shape == (2, 1)


def test_modules_beside_the_file(own, tmp_path):
    (tmp_path / "width_of_mine.py").write_text("WIDTH = 5\n")
    before = list(sys.path)
    text = "from width_of_mine import WIDTH\n" + INPUT + "    return keras.Model(x, layers.Conv2D(WIDTH, 3)(x))"
    assert own(text).get_layer("pool").output.shape == (None, 5)
    assert sys.path == before


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such.py:build", r"'no_such\.py' is no file\. Received: no_such\.py:build"),
        ("no_such.py", r"must be named FILE:FUNCTION\. Received: no_such\.py\. Try my_network\.py:build"),
        (r"C:\nets\mine.py", r"must be named FILE:FUNCTION\. Received: C:\\nets\\mine\.py"),
        (r"C:\nets\mine.py:build", r"'C:\\nets\\mine\.py' is no file"),
        (":build", "must be named FILE:FUNCTION"),
    ],
)
def test_names_that_cannot_be_meant(name, message):
    with pytest.raises(UsageError, match=message):
        find(name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def bild(plan):\n    pass", r"Unknown function of '.*nets\.py' 'build'\. Did you mean 'bild'\?"),
        ("import nothing_there", r"nets\.py', line 3: cannot be imported \(ModuleNotFoundError: No module named"),
        ("raise SystemExit(3)", r"line 3: cannot be imported \(SystemExit: 3\)"),
        ("def build(:", r"nets\.py', line 3: SyntaxError"),
        ("def build(plan):\n    return 1 / 0", r"line 4: build\(plan\) failed \(ZeroDivisionError: division by zero\)"),
        ("def build(plan):\n    return 3", r"must return a keras\.Model\. Received: int"),
        ("def build(plan):\n    return keras.Sequential([layers.Conv2D(4, 3)])", "Sequential without input"),
        (
            "def build(plan):\n    x = keras.Input((64, 64, 1))\n    return keras.Model(x, x)",
            r"must take one input \(batch, 16, 16, 1\)\. Received: \('batch', 64, 64, 1\)",
        ),
        (INPUT + "    return keras.Model([x, keras.Input((3,))], x)", "must take one input"),
        (INPUT + "    return keras.Model(x, [x, x])", "must give one output"),
        (INPUT + "    return keras.Model(x, layers.Reshape((-1, 4))(x))", r"Received: \('batch', 64, 4\)"),
        (INPUT + "    return keras.Model(x, layers.Conv2D(4, 40)(x))", r"line 5: build\(plan\) failed \(ValueError"),
        (CUSTOM + INPUT + "    return keras.Model(x, Mine()(x))", r"not Keras's own \(Mine\)"),
        (REGISTERED + CUSTOM + INPUT + "    return keras.Model(x, Mine()(x))", r"not Keras's own \(Mine\)"),
        (
            "def act(x):\n    return x\n" + INPUT + "    return keras.Model(x, layers.Conv2D(4, 3, activation=act)(x))",
            "act",
        ),
        (INPUT + "    return keras.Model(x, layers.Lambda(lambda y: y)(x))", r"\(Lambda\)"),
        (CUSTOM.replace("layers.Layer", "keras.Model") + INPUT + "    return Mine()", "Received: a subclass, Mine"),
    ],
)
def test_faults_of_the_file_in_one_line(own, text, message):
    with pytest.raises(UsageError, match=message) as error:
        own(text)
    assert "\n" not in str(error.value)


def test_own_networks_have_no_imagenet(own):
    text = INPUT + "    return keras.Model(x, layers.Conv2D(4, 3)(x))"
    with pytest.raises(UsageError, match="publishes no ImageNet weights for build"):
        own(text, weights="imagenet")
