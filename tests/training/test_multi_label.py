"""Training on sets of findings: the loss against the formula, the network, the card, what is learnt."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score
from trainings import TINY, write_backbone

from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.record import read_splits
from keras_cxr.data.source import read_dataset
from keras_cxr.errors import CxrError, UsageError
from keras_cxr.evaluation.findings import indicators
from keras_cxr.models.network import build
from keras_cxr.models.saved_model import open_model
from keras_cxr.training.crossval import cross_validate
from keras_cxr.training.fit import cross_entropy, mean_auroc
from keras_cxr.training.objective import make_loss
from keras_cxr.training.recipe import Recipe
from keras_cxr.training.several_seeds import train_seeds
from keras_cxr.training.train import train
from keras_cxr.training.weighted_odds import undo_weights

FINDINGS = dataclasses.replace(TINY, multi_label="findings", split=(50.0, 25.0, 25.0))
LOGITS = np.array([[0.3, 1.0, -1.0], [2.0, -2.0, 0.0]], np.float32)
TARGETS = np.array([[1, 0, 1], [0, 0, 1]], np.float32)


@pytest.fixture
def dataset(films_with_findings):
    return read_dataset(films_with_findings, LabelOptions(multi_label="findings"))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("gamma", [None, 2.0])
def test_loss(smoothing, gamma):
    changes = {} if gamma is None else {"loss": "focal", "focal_gamma": gamma}
    weights = np.array([[2.0, 1.0, 0.5], [1.0, 3.0, 1.0]], np.float32)
    loss = make_loss(Recipe(label_smoothing=smoothing, **changes), 3, True)(TARGETS, LOGITS, sample_weight=weights)
    soft, p = TARGETS * (1 - smoothing) + smoothing / 2, expit(LOGITS.astype(float))
    sure = soft * p + (1 - soft) * (1 - p)
    wanted = -(soft * np.log(p) + (1 - soft) * np.log(1 - p)) * (1 - sure) ** (gamma or 0)
    assert float(loss) == pytest.approx((weights * wanted).mean(), rel=1e-4)


def test_validation_scores():
    loss = keras.losses.BinaryCrossentropy(from_logits=True)(TARGETS, LOGITS)
    assert cross_entropy(LOGITS, TARGETS.astype(int)) == pytest.approx(float(loss), rel=1e-5)
    random = np.random.default_rng(0)
    targets, logits = random.integers(0, 2, (40, 3)), random.normal(size=(40, 3))
    assert mean_auroc(logits, targets) == pytest.approx(roc_auc_score(targets, logits), abs=1e-12)


@pytest.mark.parametrize("findings", [2, 5])
def test_network_has_a_sigmoid_a_finding(findings):
    network = build("lenet5", findings, 32, multi_label=True)
    assert network.output_shape == (None, findings)
    films = np.random.default_rng(0).uniform(0, 255, (3, 32, 32, 1)).astype("float32")
    logits = keras.Model(network.input, network.get_layer("logits").output)
    assert np.allclose(network(films), expit(logits(films)), atol=1e-6)


def test_card_and_what_is_learnt(multi_label_model, dataset):
    card = multi_label_model.card
    assert card.classes == ["Bright", "Striped"]
    assert card.task == "multi-label"
    assert card.threshold is None
    assert set(card.thresholds) == set(card.classes)
    assert card.card_version == 2
    assert card.data["multi_label"] == "findings"
    assert any("fewer than 10 training films have it: Hernia" in note for note in card.data["notes"])
    assert open_model(multi_label_model.folder).card == card
    score = {row["metric"]: row["value"] for row in card.scores}
    assert score["macro AUROC"] > 0.8
    splits = read_splits(multi_label_model.folder / "splits.csv")
    assert set(splits["label"]) >= {"Bright", "Bright|Striped", "No Finding", "Striped"}
    counts = indicators(splits["label"][splits["split"] == "val"], card.classes).sum(axis=0)
    assert [card.data["films"]["val"][name] for name in card.classes] == list(counts)


def test_a_card_of_one_class_keeps_its_form(tiny_model):
    content = json.loads((tiny_model.folder / "card.json").read_text())
    assert content["card_version"] == 1
    for key in ("task", "thresholds"):
        content.pop(key)
    assert type(tiny_model.card)(**content) == tiny_model.card


def test_weights_are_taken_out_of_the_odds():
    network = build("lenet5", 2, 32, multi_label=True)
    films = np.zeros((1, 32, 32, 1), "float32")
    before = network(films).numpy()[0].astype(float)
    data = type("Data", (), {"classes": ["A", "B"], "weights": {"A": 5.0, "B": 1.0}})
    data.absent_weights = {"A": 0.5, "B": 1.0}
    undo_weights(network, data)
    after = network(films).numpy()[0].astype(float)
    assert after / (1 - after) == pytest.approx(before / (1 - before) / [10, 1], rel=1e-4)


def test_stored_features_mixup_and_an_ensemble(dataset, tmp_path, monkeypatch):
    from trainings import small_application

    monkeypatch.setattr(keras.applications, "ResNet50", small_application)
    backbone = write_backbone(tmp_path / "backbone.weights.h5")
    changes = {
        "architecture": "resnet50",
        "weights": str(backbone),
        "mixup": 0.2,
        "views": 2,
        "label_smoothing": 0.1,
        "epochs": 1,
    }
    found = train_seeds(dataset, dataclasses.replace(FINDINGS, **changes), tmp_path / "model", 2, runtimes=False)
    card = open_model(tmp_path / "model").card
    assert card.task == "multi-label"
    assert card.threshold is None
    assert set(card.thresholds) == {"Bright", "Striped"}
    assert {row["metric"] for row in card.scores} == {row["metric"] for row in found.members[0].card.scores}
    films = np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 1)).astype("float32")
    parts = []
    for member in found.members:
        network = member.network()
        logits = keras.Model(network.input, network.get_layer("logits").output)(films).numpy()
        parts.append(expit(logits / member.card.temperature))
    assert np.allclose(found.ensemble.network()(films), np.mean(parts, axis=0), atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"sampling": "oversample"}, r"'sampling' setting \(--sampling\) is for films of one class"),
        ({"positive": "Bright"}, "'positive' setting"),
        ({"min_films": 0}, "'min_films' setting"),
    ],
)
def test_settings_that_do_not_go_with_findings(changes, error):
    with pytest.raises(UsageError, match=error):
        dataclasses.replace(FINDINGS, **changes)


def test_too_few_findings(dataset, tmp_path):
    with pytest.raises(CxrError, match=r"multi-label needs two findings that 70 training films or more have"):
        train(dataset, dataclasses.replace(FINDINGS, min_films=70), tmp_path / "model", runtimes=False)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("column", ["findings", ""])
def test_recipe_and_labels_must_agree(films_with_findings, tmp_path, column):
    dataset = read_dataset(films_with_findings, LabelOptions(multi_label=column, label_column="view"))
    recipe = dataclasses.replace(FINDINGS, multi_label=None if column else "findings")
    with pytest.raises(UsageError, match="'multi_label' setting"):
        train(dataset, recipe, tmp_path / "model", runtimes=False)


def test_cross_validation_is_refused(dataset, tmp_path):
    with pytest.raises(UsageError, match="A cross-validation is for films of one class each"):
        cross_validate(dataset, FINDINGS, tmp_path / "model", 2)
