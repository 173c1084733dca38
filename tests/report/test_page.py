"""The page of a report is read by Python's own HTML parser."""

import collections
import html.parser
import json

import pandas as pd
import pytest

from keras_cxr.errors import CxrError
from keras_cxr.prediction.report_contents import evaluation_contents
from keras_cxr.report.page import page

VOID = {"meta", "link", "img", "br", "path", "use"}


class Reader(html.parser.HTMLParser):
    """Elements by name, text, ids; every element must be closed where it ought to be."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.headings, self.text = [], collections.defaultdict(list), [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements[tag].append(dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements[tag].append(dict(attrs))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("h1", "h2", "h3"):
            self.headings.append((self.open[-1], data))
        self.text.append(data)

    @property
    def every(self):
        return [attributes for found in self.elements.values() for attributes in found]


@pytest.fixture(scope="module")
def read(evaluation_page):
    return Reader(evaluation_page.read_text(encoding="utf-8"))


def test_every_section_whose_table_is_there_is_there(read):
    assert [title for level, title in read.headings if level == "h2"] == [
        "Contents",
        "At a glance",
        "Evaluation data",
        "Scores",
        "Discrimination",
        "Confusion matrix",
        "Calibration",
        "Choice of threshold",
        "Settings the scored films would have chosen",
        "Subgroups",
        "Shift",
        "Shortcut probe",
        "Remedies",
        "Recalibration",
        "Heatmaps, measured",
        "Errors and uncertain films",
        "Notes on the data",
        "Limits",
        "Versions and command",
    ]


def test_nothing_is_loaded_from_elsewhere(read):
    for attributes in read.every:
        for name in ("src", "href", "xlink:href", "action", "data", "srcset"):
            assert attributes.get(name, "#").startswith(("#", "data:"))
    assert not read.elements["script"]
    assert "url(http" not in "".join(read.text)
    (policy,) = [one["content"] for one in read.elements["meta"] if "content" in one and "src" in one["content"]]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def test_ids_are_unique_and_links_lead_somewhere(read):
    ids = [attributes["id"] for attributes in read.every if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"][1:] for attributes in read.every if attributes.get("href", "").startswith("#")]
    assert set(links) <= set(ids)
    clips = [attributes["clip-path"][5:-1] for attributes in read.every if "clip-path" in attributes]
    assert clips
    assert set(clips) <= set(ids)


def test_figures_and_films_are_told_in_words(read):
    titles = {attributes["id"] for attributes in read.elements["title"] if "id" in attributes}
    assert read.elements["svg"]
    for attributes in read.elements["svg"]:
        assert attributes["role"] == "img"
        assert attributes["aria-labelledby"] in titles
    assert read.elements["img"]
    assert all(attributes["alt"] for attributes in read.elements["img"])


def test_the_most_unfamiliar_films_are_shown(read, evaluation_page):
    predictions = pd.read_csv(evaluation_page.parent / "predictions.csv")
    strangest = predictions[predictions["error"].isna()]["unfamiliarity"].max()
    text = "".join(read.text)
    assert "the films most unlike those of its training" in text
    assert f"unfamiliarity {strangest:.2f}" in text


def test_names_are_shown_as_they_are(read):
    text = "".join(read.text)
    for name in (
        "No <b>finding</b>",
        'Opacity & "co" </td>',
        "A & <B>",
        "<img src=x>&1.png",
        "The films are <darker>.",
    ):
        assert name in text
    for name in ("A <note> & more", "cut <short>", "sex: F <&>", "keras-cxr evaluate 'a & <b>'", "<model>"):
        assert name in text
    assert "For research, not for diagnosis." in text
    assert not [one for one in read.elements["img"] if one["src"] == "x"]


def test_the_confusion_matrix_counts_every_film(read, evaluation_page):
    table = pd.read_csv(evaluation_page.parent / "predictions.csv", keep_default_na=False)
    table = table[table["error"] == ""]
    first = table[table["truth"] == table["truth"].min()]
    share = (first["label"] == first["truth"]).mean()
    assert f"{100 * share:.1f} %" in "".join(read.text)


def test_figures_follow_the_page_and_need_no_font(read):
    colours = " ".join(attributes.get("style", "") for attributes in read.every)
    assert "currentColor" in colours
    for fixed in ("#000000", "#ffffff", "#e6e6e6"):
        assert fixed not in colours
    assert not read.elements["text"]


@pytest.mark.parametrize("classes", [["A", "B", "C"], ["A", "B"]])
def test_a_bare_evaluation_has_a_report(write_results, tmp_path, classes):
    folder = write_results(tmp_path / "bare", classes, "m", others=())
    for name in ("evaluation.json", "notes.txt"):
        (folder / name).unlink()
    found = Reader(page(evaluation_contents(folder)))
    titles = [title for _, title in found.headings]
    assert ("Choice of threshold" in titles) == (len(classes) == 2)
    assert {"Calibration", "Discrimination", "Scores", "Limits"} <= set(titles)
    assert not {"Shift", "Remedies", "Subgroups", "Shortcut probe", "Heatmaps, measured"} & {*titles}


def test_findings_have_a_report(tmp_path):
    p = pd.DataFrame({"p_A": [0.9, 0.2, 0.5, 0.7] * 5, "p_B": [0.1, 0.1, 0.2, 0.6] * 5})
    table = p.assign(dataset="d", truth=["A", "A", "No Finding", "B"] * 5, label=["A", "No Finding", "A", "A|B"] * 5)
    table.assign(image=[f"{n}.png" for n in range(20)], error="").to_csv(tmp_path / "predictions.csv", index=False)
    found = Reader(page(evaluation_contents(tmp_path)))
    # Of the ten films with A one in two is found, and so is every film with B.
    assert {"5 (50.0 %)", "5 (100.0 %)"} <= set(found.text)
    assert "Choice of threshold" in [title for _, title in found.headings]


def test_several_models_have_chapters_and_a_matrix(write_results, tmp_path):
    for name in ("one", "two"):
        write_results(tmp_path / name, ["A", "B"], name, others=("probe",))
    rows = [
        {"model": model, "trained_on": "here", "dataset": "A & <B>", "metric": "AUROC", "value": 0.8, "low": 0.7}
        | {"high": 0.9, "n": 59, "seen": model == "one"}
        for model in ("one", "two")
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "matrix.csv", index=False)
    found = Reader(page(evaluation_contents(tmp_path)))
    second = [title for level, title in found.headings if level == "h2"]
    before, after = ["Contents", "At a glance", "Models and data sets"], ["Limits", "Versions and command"]
    assert second == [*before, "Other hospitals' films", "one", "two", *after]
    assert [title for level, title in found.headings if level == "h3"].count("Shortcut probe") == 2
    assert "0.800 (0.700 to 0.900) *" in found.text
    ids = [attributes["id"] for attributes in found.every if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, "does not exist"),
        (lambda folder: folder.mkdir(), "has no predictions.csv"),
        (lambda folder: (folder.mkdir(), (folder / "predictions.csv").write_text("image\na\n")), "lacks the columns"),
    ],
)
def test_no_evaluation_is_told_in_one_line(tmp_path, make, message):
    make(tmp_path / "results")
    with pytest.raises(CxrError, match=message):
        evaluation_contents(tmp_path / "results")


def test_a_damaged_account_is_told(write_results, tmp_path):
    folder = write_results(tmp_path / "damaged")
    (folder / "evaluation.json").write_text(json.dumps({"models": 3}), encoding="utf-8")
    with pytest.raises(CxrError, match="damaged"):
        evaluation_contents(folder)
