import pytest

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
