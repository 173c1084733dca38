"""A training that was killed and resumed gives what an unbroken one gives, to the last bit."""

import json
import os
import signal
import subprocess
import sys

import keras
import pytest
from trainings import (
    Killed,
    KilledIn,
    history_of,
    network_of,
    same_weights,
    small_application,
    trained,
    write_backbone,
)

# A rate that falls on the way, so that its steps are replayed as well.
FOUR = {"epochs": 4, "plateau_patience": 1, "dropout": 0.5}
HALF = FOUR | {"precision": "mixed_float16"}
PHASES = {
    "architecture": "resnet50",
    "epochs": 2,
    "unfreeze": "block2_0_conv",
    "fine_tune_epochs": 2,
    "fine_tune_rate": 1e-3,
    "seed": 5,
}
# Weights that are averaged, a rate by the step, and films that are mixed.
AVERAGED = FOUR | {"average": 0.8, "schedule": "cosine", "warmup_epochs": 1, "optimizer": "adamw", "mixup": 0.3}
KINDS = {
    "one phase": FOUR,
    "half precision": HALF,
    "averaged": AVERAGED,
    "two phases": PHASES,
    "on films": PHASES | {"feature_cache": False},
}

BY_SIGNAL = """
import os, signal, sys
from trainings import KilledIn, trained
class BySignal(KilledIn):
    def advance(self, steps=1):
        if self.stretch == "Epoch 3":
            os.kill(os.getpid(), signal.SIGKILL)
trained(sys.argv[1], __import__("pathlib").Path(sys.argv[2]), monitor=BySignal(3), **eval(sys.argv[3]))
"""


@pytest.fixture(scope="module")
def small_backbone(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.applications, "ResNet50", small_application)
        yield write_backbone(tmp_path_factory.mktemp("backbone") / "small.weights.h5")


@pytest.fixture(scope="module")
def settings(small_backbone):
    """By kind, the changes to the recipe; 'two phases' trains its first on stored features, 'on films' does not."""
    own = {"weights": str(small_backbone)}
    return {kind: changes | (own if "unfreeze" in changes else {}) for kind, changes in KINDS.items()}


@pytest.fixture(scope="module")
def unbroken(phantom, settings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken")
    models = {kind: trained(phantom, folder / kind, **changes) for kind, changes in settings.items()}
    # Else nothing would be shown: of a rate that fell, and of a best epoch that is not the last of its phase.
    assert history_of(models["one phase"].folder)["learning_rate"].nunique() > 1
    assert models["two phases"].card.training["best_epoch"] == 1
    return {kind: model.folder for kind, model in models.items()}


def assert_same(folder, expected):
    assert same_weights(network_of(folder).get_weights(), network_of(expected).get_weights())
    assert history_of(folder).equals(history_of(expected))
    for name in ("splits.csv", "recipe.yaml"):
        assert (folder / name).read_bytes() == (expected / name).read_bytes()
    cards = [json.loads((one / "card.json").read_text()) for one in (folder, expected)]
    for card in cards:
        del card["name"], card["created"], card["training"]["seconds"]
    assert cards[0] == cards[1]
    assert not (folder / "training").exists()


@pytest.mark.parametrize(
    ("kind", "epoch", "ended"),
    [
        ("averaged", 3, False),
        ("one phase", 4, True),
        ("half precision", 3, False),
        ("two phases", 2, True),
        ("two phases", 4, True),
        ("on films", 4, False),
    ],
)
def test_same_as_unbroken(phantom, settings, unbroken, tmp_path, kind, epoch, ended):
    with pytest.raises(Killed):
        trained(phantom, tmp_path / "broken", monitor=KilledIn(epoch, ended), **settings[kind])
    trained(phantom, tmp_path / "broken", resume=True, **settings[kind])
    assert_same(tmp_path / "broken", unbroken[kind])


def test_same_after_a_kill_in_each_epoch(phantom, settings, unbroken, tmp_path):
    for epoch in (1, 2, 3, 4):
        with pytest.raises(Killed):
            trained(phantom, tmp_path / "m", monitor=KilledIn(epoch), resume=True, **settings["two phases"])
    trained(phantom, tmp_path / "m", resume=True, **settings["two phases"])
    assert_same(tmp_path / "m", unbroken["two phases"])


def test_same_after_a_kill_by_signal(phantom, unbroken, tmp_path):
    arguments = [sys.executable, "-c", BY_SIGNAL, phantom, tmp_path / "killed", repr(FOUR)]
    paths = os.pathsep.join([os.path.dirname(__file__), os.getcwd()])
    killed = subprocess.run(arguments, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    state = json.loads((tmp_path / "killed" / "training" / "state.json").read_text())
    assert [row["epoch"] for row in state["history"]] == [1, 2]
    trained(phantom, tmp_path / "killed", resume=True, **FOUR)
    assert_same(tmp_path / "killed", unbroken["one phase"])


def test_resume_without_anything_begun_begins(phantom, unbroken, tmp_path):
    trained(phantom, tmp_path / "new", resume=True, **FOUR)
    assert_same(tmp_path / "new", unbroken["one phase"])
