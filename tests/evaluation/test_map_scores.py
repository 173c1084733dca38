"""Means over films with intervals that know of patients."""

import numpy as np
import pytest

from keras_cxr.evaluation.localisation import level_counts, pooled_average_precision
from keras_cxr.evaluation.map_scores import MEASURES, mean_row, measure, pooled_row
from keras_cxr.evaluation.wilson import wilson_interval


def test_names_are_different():
    names = [one.name for group in MEASURES.values() for one in group]
    assert len(set(names)) == len(names)
    assert measure("mIoU").better == "higher"


def test_hits_of_single_films_have_wilsons_interval():
    row = mean_row("pointing game", [1.0] * 8 + [0.0] * 4, np.arange(12), chance=0.1)
    assert (row["value"], row["n"], row["chance"]) == (pytest.approx(2 / 3), 12, 0.1)
    assert (row["low"], row["high"]) == pytest.approx(wilson_interval(2 / 3, 12))


def test_shared_hits_are_no_proportion():
    row = mean_row("pointing game", [0.5] * 6 + [0.25] * 6, np.arange(12))
    assert 0.25 < row["low"] < row["value"] < row["high"] < 0.5


def test_films_of_one_patient_count_once():
    values = np.random.default_rng(0).random(10)
    single, copies = (
        mean_row("AUPRC", values, np.arange(10)),
        mean_row("AUPRC", np.repeat(values, 20), np.repeat(np.arange(10), 20)),
    )
    assert copies["value"] == pytest.approx(single["value"])
    assert (copies["low"], copies["high"]) == pytest.approx((single["low"], single["high"]))


def test_films_without_a_value_are_left_out():
    row = mean_row("AUPRC", [0.2, np.nan, 0.4], np.array([3, 4, 7]))
    assert (row["value"], row["n"]) == (pytest.approx(0.3), 2)
    nobody = mean_row("AUPRC", [np.nan], np.zeros(1, int))
    assert np.isnan(nobody["value"])
    assert nobody["n"] == 0


@pytest.mark.parametrize("name", ["SSIM, all layers random", "rank correlation, all layers random"])
def test_negative_means_stay_in_range(name):
    row = mean_row(name, [-0.6, -0.2, 0.1, -0.5], np.arange(4))
    assert row["value"] == pytest.approx(-0.3)
    assert -1 <= row["low"] < row["value"] < row["high"] <= 1
    same = mean_row(name, [-0.5, -0.5, -0.5], np.arange(3))
    assert same["value"] == pytest.approx(-0.5)
    assert -1 <= same["low"] < same["value"] < same["high"] <= 1


def test_pooled_pixels():
    random = np.random.default_rng(0)
    box = np.zeros((20, 20), bool)
    box[5:15, 5:15] = True
    counts = np.array([level_counts(random.random((20, 20)) * np.where(box, 1, 0.7), box) for _ in range(12)])
    row = pooled_row(counts, np.arange(12))
    assert row["value"] == pytest.approx(pooled_average_precision(counts.sum(axis=0)))
    assert row["low"] < row["value"] < row["high"]
    assert pooled_row(counts[:0], np.zeros(0, int))["n"] == 0
