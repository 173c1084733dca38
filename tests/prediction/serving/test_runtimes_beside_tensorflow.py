"""OpenVINO in one process with TensorFlow and busy Python threads: neither waits for the other for ever."""

import subprocess
import sys

import pytest

pytest.importorskip("openvino")
PREPARE = """
import gc, pathlib, sys, threading
import numpy as np
folder = pathlib.Path(sys.argv[1])
from keras_cxr.prediction.serving.runtimes import find
films = np.random.default_rng(0).integers(0, 256, (24, 32, 32, 1), dtype=np.uint8)
"""
TRAIN_AND_RUN = f"""{PREPARE}
import keras, tensorflow as tf

def reversed_film(film):
    film = tf.numpy_function(lambda pixels: pixels[::-1].astype("float32"), [film], tf.float32)
    return tf.ensure_shape(film, (32, 32, 1)), 1.0

def train():
    films_of = tf.data.Dataset.from_tensor_slices(films).map(reversed_film, num_parallel_calls=2)
    network.fit(films_of.batch(8).prefetch(2), verbose=0)

def busy():
    while not over.wait(1e-3):
        sum(range(1000))

x = keras.layers.Conv2D(4, 3, activation="relu")(start := keras.Input((32, 32, 1)))
x = keras.layers.Dense(1, name="logits")(keras.layers.GlobalAveragePooling2D()(x))
network = keras.Model(start, keras.layers.Activation("sigmoid")(x))
network.compile("adam", "binary_crossentropy")
over = threading.Event()
threading.Thread(target=busy).start()
for _ in range(2):
    train()
    find("openvino").export(network, folder, "float32", films)
    other = threading.Thread(target=train)
    other.start()
    for _ in range(3):
        run = find("openvino").load(folder, "float32", 32)
        assert run(films).shape == (24, 1)
        del run
        gc.collect()
    other.join()
over.set()
print("done")
"""
ENDS_WHILE_A_THREAD_COMPUTES = f"""{PREPARE}
run, begun = find("openvino").load(folder, "float32", 32), threading.Event()

def compute():
    while True:
        run(films)
        begun.set()

for _ in range(2):
    threading.Thread(target=compute, daemon=True).start()
begun.wait()
print("done")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("runtime")


@pytest.mark.parametrize("code", [TRAIN_AND_RUN, ENDS_WHILE_A_THREAD_COMPUTES], ids=["trains", "ends"])
def test_no_process_hangs_or_aborts(code, folder):
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=False, timeout=240
    )
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
