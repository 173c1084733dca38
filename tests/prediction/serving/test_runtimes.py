"""Each runtime against Keras on small networks of every form, and against its own bounds."""

import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

from keras_cxr.errors import UsageError
from keras_cxr.models import build
from keras_cxr.prediction.serving.runtimes import ALL_PRECISIONS, find, missing, runtimes

SIZE = 96
FILMS = np.random.default_rng(0).integers(0, 256, (21, SIZE, SIZE, 1), dtype=np.uint8)
FASTER = [name for name in runtimes() if name != "keras"]
PAIRS = [(name, precision) for name in FASTER for precision in find(name).PRECISIONS]
# Rounding errors of a random network, as shares of the spread of its logits: 8 bits of mantissa, 8 bits in all.
LOOSE = {"bfloat16": 0.1, "int8": 0.3}


def nested(classes):
    """A frozen backbone in a network, as transfer learning has it."""
    gray = keras.Input((SIZE, SIZE, 1), name="gray")
    inner_in = keras.Input((SIZE, SIZE, 3))
    x = keras.layers.Conv2D(8, 3, strides=2, padding="same")(inner_in)
    x = keras.layers.BatchNormalization()(x)
    inner = keras.Model(inner_in, keras.layers.ReLU()(x), name="backbone")
    inner.trainable = False
    x = keras.layers.Concatenate()([gray] * 3)
    x = keras.layers.Normalization(mean=[100.0, 110.0, 120.0], variance=[60.0, 50.0, 40.0])(x)
    x = keras.layers.GlobalMaxPooling2D()(inner(x, training=False))
    logits = keras.layers.Dense(classes if classes > 2 else 1, name="logits", dtype="float32")(x)
    return keras.Model(gray, keras.layers.Activation("softmax" if classes > 2 else "sigmoid")(logits))


def mixed():
    """A network as a GPU trains it: computed in float16."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        return nested(2)
    finally:
        keras.config.set_dtype_policy(before)


NETWORKS = {
    "lmap3, two classes": lambda: build("lmap3", 2, size=SIZE),
    "lmap3, three classes": lambda: build("lmap3", 3, size=SIZE),
    "nested, two classes": lambda: nested(2),
    "nested, three classes": lambda: nested(3),
}


@pytest.fixture(scope="module")
def networks():
    keras.utils.set_random_seed(0)
    return {name: make() for name, make in NETWORKS.items()}


def expected(network):
    """Logits by Keras alone, batch by batch as ``Model.predict`` makes them."""
    return keras.Model(network.input, network.get_layer("logits").output).predict(FILMS.astype("float32"), verbose=0)


def ready(name, precision):
    reason = find(name).available() or find(name).exportable(precision)
    if reason:
        pytest.skip(reason)


def loaded(name, precision, network, folder):
    ready(name, precision)
    find(name).export(network, folder, precision, FILMS)
    assert {path.name for path in folder.iterdir()} == set(find(name).files(precision))
    return find(name).load(folder, precision, SIZE)


@pytest.mark.parametrize("which", NETWORKS)
@pytest.mark.parametrize("name", FASTER)
def test_float32_gives_the_logits_of_keras(name, which, networks, tmp_path):
    run = loaded(name, "float32", networks[which], tmp_path)
    logits = expected(networks[which])
    for films in (FILMS, FILMS.astype(np.float32), FILMS.astype(np.float64)):
        given = run(films)
        assert given.dtype == np.float32
        np.testing.assert_allclose(given, logits, atol=1e-4)


@pytest.mark.parametrize(("name", "precision"), [pair for pair in PAIRS if pair[1] != "float32"])
def test_fewer_bits_stay_near(name, precision, networks, tmp_path):
    network = networks["nested, three classes"]
    logits = expected(network)
    given = loaded(name, precision, network, tmp_path)(FILMS)
    assert 0 < np.abs(given - logits).max() < LOOSE[precision] * np.abs(logits).max()


@pytest.mark.parametrize("name", FASTER)
def test_any_length_of_batch(name, networks, tmp_path):
    network = networks["lmap3, two classes"]
    run, logits = loaded(name, "float32", network, tmp_path), expected(network)
    for length in (1, 21, 2, 7, 1, 0):
        given = run(FILMS[:length])
        assert given.shape == (length, 1)
        np.testing.assert_allclose(given, logits[:length], atol=1e-4)


@pytest.mark.parametrize("name", FASTER)
def test_a_network_in_mixed_precision_is_computed_in_float32(name, tmp_path):
    network = mixed()
    plain = nested(2)
    plain.set_weights(network.get_weights())
    np.testing.assert_allclose(loaded(name, "float32", network, tmp_path)(FILMS), expected(plain), atol=1e-4)


LOAD = """
import pathlib, sys
import numpy as np
from keras_cxr.prediction.serving.runtimes import find
for _ in range(3):
    run = find(sys.argv[1]).load(pathlib.Path(sys.argv[2]), "float32", int(sys.argv[3]))
    print(run(np.zeros((5, int(sys.argv[3]), int(sys.argv[3]), 1), np.uint8)).shape)
    del run
print(sorted({"tensorflow", "keras", "tf_keras"} & set(sys.modules)), sys.modules.get("openvino_telemetry"))
"""


@pytest.mark.parametrize("name", FASTER)
def test_running_a_file_imports_no_tensorflow_and_ends_well(name, networks, tmp_path):
    loaded(name, "float32", networks["lmap3, two classes"], tmp_path)
    command = [sys.executable, "-c", LOAD, name, str(tmp_path), str(SIZE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.splitlines() == ["(5, 1)"] * 3 + ["[] None"], done.stderr
    assert done.returncode == 0


def test_what_is_missing_is_named_with_its_command():
    assert missing("X", "numpy", "json") == ""
    assert missing("X", "no_such", "json") == "X needs no-such: pip install no-such"


@pytest.mark.parametrize("name", FASTER)
def test_without_its_package_a_runtime_says_so(name, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda module: None)
    for reason in (find(name).available(), *(find(name).exportable(one) for one in find(name).PRECISIONS)):
        assert "pip install" in reason
        assert len(reason.splitlines()) == 1


def test_the_registry():
    assert runtimes() == ["keras", "litert", "onnx", "openvino"]
    for name in runtimes():
        assert set(find(name).PRECISIONS) <= set(ALL_PRECISIONS)
        assert "float32" in find(name).PRECISIONS
    with pytest.raises(UsageError, match="Did you mean 'openvino'"):
        find("openvin")


def test_no_runtime_names_another(request):
    folder = pathlib.Path(find("keras").__file__).parent
    for name in runtimes():
        text = (folder / f"{name}.py").read_text()
        assert not [other for other in runtimes() if f"runtimes.{other}" in text]
