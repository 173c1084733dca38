import pandas as pd
import pytest

from keras_cxr.report.card_evaluation import CardEvaluation
from keras_cxr.report.model_card import model_card

HEADINGS = [
    "Model details",
    "Intended use",
    "Factors",
    "Metrics",
    "Evaluation data",
    "Training data",
    "Quantitative analyses",
    "Ethical considerations",
    "Caveats and recommendations",
]
CARD = {
    "name": "a|b <i>",
    "created": "2026-01-02T03:04:05+00:00",
    "architecture": "lenet5",
    "classes": ["NORMAL", "x|y <b>"],
    "threshold": 0.4125,
    "temperature": 1.25,
    "preprocessing": {"size": 64, "fit": "pad"},
    "data": {
        "folder": "/films",
        "layout": "class folders",
        "fingerprint": "abc",
        "patients": 1234,
        "notes": ["3 films | copies"],
        "films": {"train": {"NORMAL": 1000, "x|y <b>": 20}, "val": {"NORMAL": 7}, "test": {}},
    },
    "training": {"epochs": 5, "best_epoch": 3, "parameters": 60945},
    "scores": [
        {"metric": "AUROC", "value": 0.91234, "low": 0.8, "high": 0.95, "n": 7},
        {"metric": "PPV", "value": None, "low": None, "high": None, "n": 7},
    ],
    "versions": {"keras": "3.15"},
}


def test_figures_and_names_stand_where_they_belong():
    text = model_card(CARD)
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == HEADINGS
    for line in (
        "# Model card: a\\|b &lt;i&gt;",
        "- Network: lenet5, 60,945 parameters",
        "- Trained: 2026-01-02 03:04 UTC, 5 epochs, weights of epoch 3",
        "- Decision: x\\|y &lt;b&gt; from a probability of 0.412; temperature 1.250",
        "| class | train | val |",
        "| x\\|y &lt;b&gt; | 20 | 0 |",
        "| validation | AUROC | 0.912 (0.800 to 0.950) | 7 |",
        "| validation | PPV | – | 7 |",
        "- 3 films \\| copies",
    ):
        assert line in text.splitlines(), text
    assert "For research, not for diagnosis." in text
    assert "1,234 patients" in text
    assert "\n\n\n" not in text


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"threshold": None}, "- Decision: the likeliest class; temperature 1.250"),
        (
            {"threshold": None, "thresholds": {"Mass": 0.3, "Edema": 0.25}},
            "- Decision: Mass from a probability of 0.300, Edema from a probability of 0.250; temperature 1.250",
        ),
        (
            {"training": {"members": ["1"], "scored_on": "films out of fold"}},
            "- The scores below are of: films out of fold.",
        ),
        (
            {"scores": []},
            "- No validation films. Threshold, temperature and epoch were chosen on them too, so the scores below "
            "flatter.",
        ),
    ],
)
def test_other_kinds_of_model_have_a_card(changes, line):
    assert line in model_card(CARD | changes).splitlines()


def test_a_control_with_permuted_labels_says_so_first():
    text = model_card({**CARD, "training": {**CARD["training"], "permuted_labels": True}})
    assert text.splitlines()[2].startswith("**A control with permuted labels, not a model to use.**")
    assert "flatter" not in text
    assert "- As a control beside a model" in text
    assert "\n\n\n" not in text
    assert "control" not in model_card(CARD)


def _score(dataset, metric, value, **more):
    row = {"dataset": dataset, "model": "m", "metric": metric, "value": value, "low": value - 0.1, "high": value + 0.1}
    return {**row, "n": 50, **more}


def _evaluation(own=(True, False), **tables):
    films = pd.DataFrame({"dataset": ["home|a", "b"], "films": [50, 1200], "patients": [40, 900], "failed": [0, 2]})
    rows = [_score("home|a", "AUROC", 0.8), _score("b", "AUROC", 0.6), _score("b", "AUROC[x|y <b>]", 0.55)]
    tables = {"scores": pd.DataFrame(rows)} | {name: pd.DataFrame(rows) for name, rows in tables.items()}
    notes = ["95 % intervals of b: by <patient>."]
    return CardEvaluation("2026-02-03T04:05:06+00:00", films.assign(own=own), tables, notes)


def test_an_evaluation_stands_before_the_validation_scores():
    groups = [_score("b", "AUROC", 0.7, column="sex", group=group, patients=30, note="") for group in "FM"]
    shift = [_score("b", "told apart by embedding", 0.85) | {"flag": "warning"}]
    shift = [{**row, "item": row.pop("metric"), "meaning": "Apart."} for row in shift]
    text = model_card(CARD, _evaluation(subgroups=groups, shift=shift))
    lines = text.splitlines()
    assert [line[3:] for line in lines if line.startswith("## ")] == HEADINGS
    places = [
        lines.index(line)
        for line in (
            "- Evaluated: 2026-02-03 04:05 UTC; every figure is in the tables beside this file",
            "- 95 % intervals of b: by &lt;patient&gt;.",
            "| home\\|a | 50 | 40 | 0 | yes |",
            "| b | 1,200 | 900 | 2 | no |",
            "- 7 validation films. Threshold, temperature and epoch were chosen on them too, so their scores flatter.",
            "| score | home\\|a | b |",
            "| AUROC | 0.800 (0.700 to 0.900) | 0.600 (0.500 to 0.700) |",
            "| AUROC[x\\|y &lt;b&gt;] | – | 0.550 (0.450 to 0.650) |",
            "| sex: M | 50 | 30 | 0.700 (0.600 to 0.800) |  |",
            "| b | 0.850 (0.750 to 0.950) | – | 1 of 1 |",
            "| validation | AUROC | 0.912 (0.800 to 0.950) | 7 |",
        )
    ]
    assert places == sorted(places)
    assert "together, and by group." in text
    assert "An interval holds one comparison." in text
    assert "Only films of the data that the model was trained on were scored." not in text
    assert "\n\n\n" not in text


def test_scores_at_home_alone_are_called_so():
    text = model_card(CARD, _evaluation(own=(True, True)))
    assert "Only films of the data that the model was trained on were scored." in text
    assert "\n\n\n" not in text
