import pandas as pd

from keras_cxr.prediction.training_record import count_films, training_record


def test_patients_are_counted_once_a_class():
    table = pd.DataFrame({"image": [*"abcdef"], "label": [*"YXXXXX"], "patient": ["1", "1", "1", "", "", "2"]})
    counts = count_films(table, "label", ["X", "Y", "Z"]).set_index("class")
    assert counts["films"].to_dict() == {"X": 5, "Y": 1, "Z": 0}
    assert counts["patients"].to_dict() == {"X": 4, "Y": 1, "Z": 0}


def test_a_film_counts_for_each_of_its_findings():
    table = pd.DataFrame({"image": [*"abc"], "truth": ["Mass|Edema", "No Finding", "Edema"]})
    counts = count_films(table, "truth", ["Edema", "Mass"]).set_index("class")
    assert counts["films"].to_dict() == {"Edema": 2, "Mass": 1, "No Finding": 1}


def test_the_record_agrees_with_the_card(tiny_model):
    record = training_record(tiny_model)
    films = tiny_model.card.data["films"]
    for row in record.films.itertuples():
        assert row.films == films[row.split].get(row[1], 0)
    assert record.films["patients"].sum() >= 20
    assert len(record.history) == tiny_model.card.training["epochs"]
    assert "architecture: lenet5" in record.recipe
