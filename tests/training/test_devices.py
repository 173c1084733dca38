"""Precision and devices."""

import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest

from keras_cxr.errors import UsageError
from keras_cxr.training.devices import PRECISIONS, dtype_policy, resolve_precision, strategy

# Two devices on one processor. With whole batches and frozen batch normalisation, which would otherwise be each
# device's own, the losses are those of one device; ``odd`` has batches that cannot be shared out evenly.
TWO_DEVICES = """
import pathlib, sys
import keras, tensorflow as tf
(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras_cxr.training.train as train
from keras_cxr.training.monitor import Monitor
from trainings import history_of, small_application, trained, write_backbone
films, folder = map(pathlib.Path, sys.argv[1:3])
keras.applications.ResNet50 = small_application
whole = {"architecture": "resnet50", "weights": str(write_backbone(folder / "b.weights.h5")), "dropout": 0.0}
whole |= {"batch_size": 10, "learning_rate": 1e-3}
class Counts(Monitor):
    done = 0
    def start(self, what, steps):
        Counts.done = 0
    def advance(self, steps=1):
        Counts.done += steps
    def epoch(self, row, total):
        assert Counts.done == 3, Counts.done
for name, cache in (("films", False), ("features", True)):
    trained(films, folder / f"one {name}", feature_cache=cache, monitor=Counts(), **whole)
assert (folder / "one films" / "splits.csv").read_text().count(",train,") == 30
both = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
train.strategy = lambda: both
for name, cache in (("films", False), ("features", True)):
    trained(films, folder / f"two {name}", feature_cache=cache, monitor=Counts(), **whole)
trained(films, folder / "odd", epochs=1, batch_size=7)
"""


@pytest.mark.parametrize("precision", PRECISIONS)
def test_precision(precision):
    import tensorflow as tf

    auto = "mixed_float16" if tf.config.list_physical_devices("GPU") else "float32"
    assert resolve_precision(precision) == (auto if precision == "auto" else precision)


def test_unknown_precision():
    with pytest.raises(UsageError, match="Received: float8"):
        resolve_precision("float8")


def test_policy_is_put_back():
    with dtype_policy("mixed_bfloat16"):
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    assert keras.config.dtype_policy().name == "float32"


def test_strategy():
    import tensorflow as tf

    if len(tf.config.list_logical_devices("GPU")) < 2:
        assert strategy().num_replicas_in_sync == 1
    assert strategy() is strategy()


def test_two_devices_train_as_one(three_classes, tmp_path):
    here = pathlib.Path(__file__).parent
    paths = os.pathsep.join([str(here), str(here.parents[1])])
    command = [sys.executable, "-c", TWO_DEVICES, three_classes, tmp_path]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "ran out of data" not in done.stderr
    for name in ("films", "features"):
        one, two = (pd.read_csv(tmp_path / f"{devices} {name}" / "history.csv") for devices in ("one", "two"))
        for column in ("loss", "val_loss", "val_auroc"):
            assert two[column].to_numpy() == pytest.approx(one[column].to_numpy(), rel=1e-3)
    assert np.isfinite(pd.read_csv(tmp_path / "odd" / "history.csv")["loss"]).all()
