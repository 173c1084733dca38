import os
import shutil

import cv2
import numpy as np
import pandas as pd
import pytest

from keras_cxr.anomaly.card import open_anomaly_model
from keras_cxr.anomaly.into import write_into
from keras_cxr.anomaly.score import COLUMNS, score_films
from keras_cxr.errors import CxrError


@pytest.fixture
def folder(odd_films, tmp_path):
    root = tmp_path / "films"
    (root / "ward").mkdir(parents=True)
    shutil.copy(next((odd_films / "SICK").iterdir()), root / "ward" / "10.png")
    normal = next((odd_films / "NORMAL").iterdir())
    shutil.copy(normal, root / "ward" / "9.png")
    cv2.imwrite(str(root / "wide.png"), cv2.resize(cv2.imread(str(normal), 0), (90, 45)))
    (root / "broken.png").write_bytes(b"no picture")
    return root


def test_a_row_a_file_and_a_picture_a_film(autoencoder_model, folder, tmp_path):
    model = open_anomaly_model(autoencoder_model)
    summary = score_films(model, folder, tmp_path / "out.csv", tmp_path / "maps")
    table = pd.read_csv(tmp_path / "out.csv", keep_default_na=False)
    assert tuple(table.columns) == COLUMNS
    assert list(table["image"]) == ["broken.png", "ward/9.png", "ward/10.png", "wide.png"]
    assert list(table.loc[0, ["anomaly", "score", "threshold"]]) == ["", "", ""]
    assert "is not a JPEG" in table.loc[0, "error"]
    scores = table["score"][1:].astype(float)
    assert (table["anomaly"][1:] == np.where(scores > model.card.threshold, "anomalous", "normal")).all()
    assert (summary.files, len(summary.failures)) == (4, 1)
    pictures = {path.relative_to(tmp_path / "maps").as_posix() for path in (tmp_path / "maps").rglob("*.png")}
    assert pictures == {"wide.png", "ward/9.png", "ward/10.png"}
    assert cv2.imread(str(tmp_path / "maps" / "wide.png")).shape[1] >= 180


def test_a_test_film_gets_the_score_of_the_training(autoencoder_model, odd_films, tmp_path):
    films = pd.read_csv(autoencoder_model / "test_films.csv").set_index("image")["score"]
    score_films(open_anomaly_model(autoencoder_model), odd_films, tmp_path / "out.csv")
    found = pd.read_csv(tmp_path / "out.csv").set_index("image")["score"]
    assert [found[image] for image in films.index] == pytest.approx(list(films), rel=1e-4)


def test_a_run_broken_off_leaves_the_old_file(autoencoder_model, folder, tmp_path, monkeypatch):
    (tmp_path / "out.csv").write_text("old")

    def broken(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("keras_cxr.data.films.Film.place", broken)
    with pytest.raises(KeyboardInterrupt):
        score_films(open_anomaly_model(autoencoder_model), folder, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["films", "out.csv"]


def test_into_a_table_all_else_stays_as_it_is(tmp_path):
    file = tmp_path / "preds.csv"
    file.write_bytes(b'image,label,p_SICK,anomaly,error\na/1.png,SICK,0.10,9,\n"b,2.png",007,NA,9,\nc.png,,,,torn\n')
    scored = tmp_path / "anomalies.csv"
    scored.write_text(
        'image,anomaly,score,error\n1.png,normal,0.25,\n"b,2.png",normal,1e-07,\nc.png,,,torn\nd.png,normal,3,\n'
    )
    assert write_into(file, scored) == 2
    head, *rows = file.read_bytes().splitlines()
    assert head == b"image,label,p_SICK,anomaly,error"
    assert rows == [b"a/1.png,SICK,0.10,0.25,", b'"b,2.png",007,NA,1e-07,', b"c.png,,,,torn"]


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read: No such file"), ("", "cannot be read: No columns"), ("film,label\n", "column image")],
)
def test_into_what_is_no_table_of_predictions(content, said, tmp_path):
    if content is not None:
        (tmp_path / "preds.csv").write_text(content)
    with pytest.raises(CxrError, match=said):
        write_into(tmp_path / "preds.csv", tmp_path / "anomalies.csv")
