"""Remedies, recalibration and probe of a saved model on synthetic films of another hospital."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from keras_cxr.data.enhance import cumulative_histogram
from keras_cxr.data.films import read_films
from keras_cxr.data.phantom.dataset import write_phantom
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.source import read_dataset
from keras_cxr.errors import UsageError
from keras_cxr.evaluation.task import MULTI_LABEL
from keras_cxr.lungs.source import lung_masks
from keras_cxr.prediction.elsewhere.films_at_hand import films_at_hand
from keras_cxr.prediction.elsewhere.remedies import all_remedies, remedies_named
from keras_cxr.prediction.elsewhere.try_remedies import remedies
from keras_cxr.prediction.elsewhere.what_can_be_done import Wanted, what_can_be_done
from keras_cxr.prediction.evaluate import known_films
from keras_cxr.prediction.label_films import label_dataset
from keras_cxr.prediction.serving.choose import Choice
from keras_cxr.prediction.stored_features import through_store


@pytest.fixture(scope="module")
def clinic(tmp_path_factory):
    """Films of hospital b, with masks."""
    folder = tmp_path_factory.mktemp("films") / "clinic"
    write_phantom(folder, patients=14, seed=1, hospital="b", size=128)
    return folder


@pytest.fixture(scope="module")
def sets(tiny_model, clinic):
    dataset = read_dataset(clinic)
    return {"clinic": (dataset, known_films(tiny_model, dataset, None)[0])}


@pytest.fixture(scope="module")
def done(tiny_model, sets, clinic, tmp_path_factory):
    output = tmp_path_factory.mktemp("done")
    wanted = Wanted(remedies=True, recalibrate_with=11, probe=True)
    return what_can_be_done(tiny_model, sets, output, wanted, lung_masks=clinic / "masks"), output


@pytest.fixture(scope="module")
def area(tiny_model, sets):
    """A function from settings of the preprocessing to the AUROC of films read and labelled so."""
    dataset, films = sets["clinic"]

    def scored(masks=None, **settings):
        changed = {**tiny_model.card.preprocessing, **settings}
        model = dataclasses.replace(tiny_model, card=dataclasses.replace(tiny_model.card, preprocessing=changed))
        table = label_dataset(model, films, dataset.root, masks)
        return metrics.roc_auc_score(table["truth"] == "PNEUMONIA", table["p_PNEUMONIA"])

    return scored


def test_what_is_written(done):
    found, output = done
    for name in ("remedies", "recalibration", "probe"):
        written, table = pd.read_csv(output / f"{name}.csv", keep_default_na=False), getattr(found, name)
        assert list(written) == list(table)
        assert len(written) == len(table) > 0
        assert (output / f"{name}.png").is_file()
    assert (output / "probe_films.png").is_file()
    remedy = found.remedies.drop_duplicates("remedy").set_index("remedy")["uses"].to_dict()
    nothing = ("CLAHE", "histogram matching", "lung crop", "percentile window")
    assert remedy == dict.fromkeys(nothing, "nothing") | dict.fromkeys(
        ("BatchNorm statistics", "feature statistics", "prior shift"), "unlabelled films"
    )
    assert any("remedies were tried" in note or "Nothing that needs no labels" in note for note in found.notes)


def test_remedies_of_the_picture_equal_films_read_so(done, area, tiny_model, sets, clinic):
    after = done[0].remedies.set_index(["remedy", "metric"])["after"]
    assert done[0].remedies.set_index(["remedy", "metric"])["before"]["CLAHE", "AUROC"] == pytest.approx(area())
    assert after["CLAHE", "AUROC"] == pytest.approx(area(enhance="clahe"))
    assert after["percentile window", "AUROC"] == pytest.approx(area(enhance="percentile"))
    assert after["lung crop", "AUROC"] == pytest.approx(area(lung_masks("crop", clinic / "masks"), lungs="crop"))
    splits = pd.read_csv(tiny_model.folder / "splits.csv", dtype=str)
    paths = [f"{tiny_model.card.data['folder']}/{name}" for name in splits["image"][splits["split"] == "train"]]
    trained = [film.pixels for film in read_films(paths, Preprocessing(64))]
    # The phantom's films are higher than wide: the padding, black on both sides, is no part of them.
    inner = [film[:, (film > 0).any(axis=0)] for film in trained]
    expected = area(enhance="match", reference=cumulative_histogram(inner))
    assert after["histogram matching", "AUROC"] == pytest.approx(expected, abs=0.02)


def test_the_prior_changes_no_order(done):
    rows = done[0].remedies.set_index(["remedy", "metric"])
    assert rows.loc[("prior shift", "AUROC"), "difference"] == pytest.approx(0, abs=1e-9)
    assert rows.loc[("prior shift", "Brier score"), "difference"] != 0


def test_curves_and_probe(done, area):
    curve = done[0].recalibration
    assert set(curve["what"]) == {"threshold and temperature", "new head"}
    assert sorted(curve["films"].unique()) == [0, 10, 11]
    value = curve.set_index(["what", "films", "metric"])["value"]
    probe = done[0].probe.set_index("view")
    assert list(probe.index) == ["whole film", "border alone", "border removed", "lungs covered", "lungs alone"]
    assert probe.loc["whole film", "value"] == value["new head", 0, "AUROC"] == pytest.approx(area())
    assert probe["n"].nunique() == 1


def test_what_cannot_be_tried_is_told(tiny_model, sets, with_card, tmp_path):
    gone = with_card(data={**tiny_model.card.data, "folder": str(tmp_path / "gone")})
    wanted = Wanted(remedies=True, recalibrate_with=10_000, probe=True)
    (tmp_path / "remedies.csv").write_text("of an earlier evaluation")
    dataset, rows = sets["clinic"]
    found = what_can_be_done(gone, {"clinic": (dataset, rows.drop(columns="mask"))}, tmp_path, wanted)
    notes = " ".join(found.notes)
    for told in (
        "histogram matching was not tried on clinic: no film of the model's train split is at hand",
        "lung crop was not tried on clinic: needs lung masks: give --lung-masks FOLDER",
        "The views lungs covered and lungs alone of clinic are left out",
        "10000 labelled films of clinic leave too few",
    ):
        assert told in notes
    assert list(found.probe["view"]) == ["whole film", "border alone", "border removed"]
    assert "CLAHE" in (tmp_path / "remedies.csv").read_text()


def test_own_films_and_multi_label_get_a_line(tiny_model, phantom, with_card, tmp_path):
    dataset = read_dataset(phantom)
    own = {"own": (dataset, known_films(tiny_model, dataset, None)[0])}
    found = what_can_be_done(tiny_model, own, tmp_path, Wanted(remedies=True, recalibrate_with=10))
    assert found.notes == ["Remedies are not tried on own: tiny was trained on this data set."]
    assert not list(tmp_path.iterdir())
    found = what_can_be_done(with_card(task=MULTI_LABEL), own, tmp_path, Wanted(probe=True))
    assert "multi-label" in found.notes[0]
    assert not what_can_be_done(tiny_model, own, tmp_path, Wanted()).notes


def test_features_through_the_store(frozen_model, clinic):
    dataset = read_dataset(clinic)
    rows = known_films(frozen_model, dataset, None)[0]
    run = through_store(frozen_model, Choice("keras")).run
    stored, plain = (films_at_hand(frozen_model, dataset, rows, "clinic", each) for each in (run, None))
    assert stored.features == pytest.approx(plain.features, abs=1e-4)
    features, head = plain.features_and_head
    assert head(features(np.asarray(plain.pixels[:3]))) == pytest.approx(plain.logits[:3], abs=1e-4)
    table, notes = remedies(stored, all_remedies(), draws=50)
    assert "feature statistics" in set(table["remedy"])
    assert any(note.startswith("BatchNorm statistics was not tried on clinic: resnet50 has no") for note in notes)
    with pytest.raises(UsageError, match="--recalibrate-with must be 4 films or more"):
        Wanted(recalibrate_with=3).check(frozen_model.card.classes)
    table, _ = remedies(stored, remedies_named(("clahe",)), draws=50)
    assert set(table["remedy"]) == {"CLAHE"}
    with pytest.raises(UsageError, match=r"Unknown remedy 'batchnorm'\. Did you mean 'BatchNorm statistics'"):
        Wanted(remedies=("batchnorm",)).check(frozen_model.card.classes)


def test_three_classes(three_classes_model, write_films, tmp_path):
    model, _ = three_classes_model
    for number, name in enumerate(model.card.classes):
        write_films(tmp_path / "films" / name, [f"person{number}{film}_1.png" for film in range(12)], seed=10 + number)
    dataset = read_dataset(tmp_path / "films")
    sets = {"films": (dataset, known_films(model, dataset, None)[0])}
    found = what_can_be_done(model, sets, tmp_path / "out", Wanted(remedies=True, recalibrate_with=10, probe=True))
    assert {"macro AUROC", "balanced accuracy", "log loss"} <= set(found.remedies["metric"])
    assert set(found.probe["metric"]) == {"macro AUROC"}
    assert {"macro AUROC", "log loss"} <= set(found.recalibration["metric"])
