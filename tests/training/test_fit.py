"""What the loss is, what is trained and what is drawn by chance."""

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn import metrics
from trainings import TINY, history_of, network_of, same_weights, small_application, trained, write_backbone

from keras_cxr.errors import CxrError
from keras_cxr.training.fit import cross_entropy, mean_auroc

# One batch, without anything that is drawn by chance, and a rate that leaves the weights as they are.
STILL = {"rotation": 0.0, "zoom": 0.0, "flip": False, "dropout": 0.0, "epochs": 1, "learning_rate": 1e-12}


@pytest.fixture(scope="module")
def uneven(tmp_path_factory):
    """Two classes of 30 and 10 films at the network's size, so that Pillow alone gives the network's input."""
    folder, rng = tmp_path_factory.mktemp("uneven"), np.random.default_rng(1)
    for name, patients, level in (("NORMAL", 15, 80), ("SICK", 5, 160)):
        (folder / name).mkdir()
        for film in range(2 * patients):
            pixels = rng.normal(level, 30, (32, 32)).clip(0, 255).astype("uint8")
            Image.fromarray(pixels).save(folder / name / f"person{level}{film // 2}_{film}.png")
    return folder


def films_of(model, data, split):
    """Films (n, 32, 32, 1) and class numbers of a split, read with Pillow and pandas."""
    table = pd.read_csv(model.folder / "splits.csv", dtype=str)
    table = table[table["split"] == split]
    films = np.stack([np.asarray(Image.open(data / name)) for name in table["image"]])
    return films[..., None].astype("float32"), table["label"].map(model.card.classes.index).to_numpy()


@pytest.mark.parametrize("choice", ["balanced", "none"])
def test_class_weights_reach_the_loss(uneven, tmp_path, choice):
    model = trained(uneven, tmp_path / "m", class_weights=choice, batch_size=64, **STILL)
    films, truth = films_of(model, uneven, "train")
    counts = np.bincount(truth)
    expected = {"balanced": len(truth) / (2 * counts), "none": np.ones(2)}[choice]
    assert list(model.card.training["class_weights"].values()) == pytest.approx(list(expected))
    # Batch normalisation takes the films of the batch, so the batch must be the same: all of them.
    p = network_of(model.folder)(films, training=True).numpy()[:, 0].astype("float64")
    losses = -np.log(np.where(truth == 1, p, 1 - p))
    assert history_of(model.folder)["loss"][0] == pytest.approx(np.mean(losses * expected[truth]), rel=1e-4)


@pytest.mark.parametrize("data", ["uneven", "three_classes"])
def test_the_step_is_traced_once(request, data, tmp_path, monkeypatch):
    step, traces = keras.Model.train_step, []
    monkeypatch.setattr(keras.Model, "train_step", lambda model, *data: traces.append(1) or step(model, *data))
    trained(request.getfixturevalue(data), tmp_path / "m", epochs=2)
    assert len(traces) == 1


@pytest.mark.parametrize("precision", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_saved_network_is_the_one_that_was_scored(uneven, tmp_path, precision):
    model = trained(uneven, tmp_path / "m", precision=precision, epochs=3)
    assert keras.config.dtype_policy().name == "float32"
    assert model.card.training["precision"] == precision
    films, truth = films_of(model, uneven, "val")
    network = network_of(model.folder)
    assert network.get_layer("c1").dtype_policy.name == precision
    assert network.output.dtype == "float32"
    best = history_of(model.folder).iloc[model.card.training["best_epoch"] - 1]
    p = network(films, training=False).numpy()[:, 0]
    loss, auroc = metrics.log_loss(truth, p.astype("float64")), metrics.roc_auc_score(truth, p)
    assert best["val_loss"] == pytest.approx(loss, rel=1e-5 if precision == "float32" else 2e-2)
    assert best["val_auroc"] == pytest.approx(auroc, abs=1e-9 if precision == "float32" else 0.05)
    assert best["val_accuracy"] == pytest.approx(np.mean((p > 0.5) == truth))


@pytest.mark.parametrize("feature_cache", [True, False])
def test_frozen_backbone_stays_and_what_is_unfrozen_moves(uneven, tmp_path, monkeypatch, feature_cache):
    monkeypatch.setattr(keras.applications, "ResNet50", small_application)
    file = write_backbone(tmp_path / "small.weights.h5")
    source = small_application(False, None, (32, 32, 3))
    source.load_weights(file)

    def moved(model):
        backbone = network_of(model.folder).get_layer("resnet50")
        layers = [layer for layer in source.layers if layer.weights]
        pairs = [(layer.get_weights(), backbone.get_layer(layer.name).get_weights()) for layer in layers]
        return {layer.name for layer, pair in zip(layers, pairs, strict=True) if not same_weights(*pair)}

    common = {"architecture": "resnet50", "weights": str(file), "feature_cache": feature_cache, "epochs": 1}
    assert moved(trained(uneven, tmp_path / "frozen", **common)) == set()
    tuning = {"learning_rate": 1e-12, "unfreeze": "block2_0_conv", "fine_tune_rate": 0.003, "fine_tune_epochs": 6}
    tuned = trained(uneven, tmp_path / "tuned", **common | tuning)
    assert tuned.card.training["best_epoch"] > 1
    assert moved(tuned) == {"block2_0_conv", "block2_1_conv"}


def test_diverged_training_saves_no_model(phantom, tmp_path):
    with pytest.raises(CxrError, match=r"diverged: the loss of epoch 1 is nan.* lower learning rate than 1e\+30"):
        trained(phantom, tmp_path / "m", architecture="lmap3", size=96, learning_rate=1e30)
    assert not (tmp_path / "m" / "card.json").exists()


def test_same_seed_same_weights(phantom, tmp_path):
    one, again, other = (
        trained(phantom, tmp_path / str(number), seed=seed, dropout=0.5) for number, seed in enumerate((3, 3, 4))
    )
    assert history_of(one.folder).equals(history_of(again.folder))
    weights = [network_of(model.folder).get_weights() for model in (one, again, other)]
    assert same_weights(*weights[:2])
    assert not same_weights(weights[0], weights[2])
    assert (one.folder / "splits.csv").read_bytes() != (other.folder / "splits.csv").read_bytes()


def test_dataset_is_left_as_it_was_read(phantom, tmp_path):
    from keras_cxr.data.source import read_dataset
    from keras_cxr.training.train import train

    dataset, fresh = read_dataset(phantom), read_dataset(phantom)
    train(dataset, TINY, tmp_path / "m", runtimes=False)
    assert dataset.table.equals(fresh.table)
    assert dataset.notes == fresh.notes


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_cross_entropy_and_auroc(classes):
    rng = np.random.default_rng(classes)
    logits = rng.normal(0, 4, (60, 1 if classes == 2 else classes))
    truth = np.arange(60) % classes
    p = 1 / (1 + np.exp(-logits[:, 0])) if classes == 2 else np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert cross_entropy(logits, truth) == pytest.approx(metrics.log_loss(truth, p))
    expected = metrics.roc_auc_score(truth, p, multi_class="ovr", average="macro")
    assert mean_auroc(logits, truth) == pytest.approx(expected)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3)])
def test_cross_entropy_of_extreme_logits_is_finite(shape):
    logits = np.full(shape, 0.0)
    logits[0, 0] = 1e5
    assert np.isfinite(cross_entropy(logits, np.array([0])))
    assert np.isfinite(mean_auroc(np.repeat(logits, 6, axis=0), np.arange(6) % max(2, shape[1])))
