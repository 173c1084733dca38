"""The model card: what a saved model is, for whom, and how good, in the headings of Mitchell et al. (FAT* 2019)."""

from keras_cxr.report.card_evaluation import CardEvaluation
from keras_cxr.report.cells import interval, moment, number, whole
from keras_cxr.report.templating import environment

MODEL_CARD = "MODEL_CARD.md"
_FIT = {"pad": "padded to a square", "squeeze": "squeezed to a square"}


def model_card(card: dict, evaluation: CardEvaluation | None = None) -> str:
    """The text of MODEL_CARD.md.

    Args:
        card: What ``card.json`` holds.
        evaluation: Whose scores are told before those of the validation films; None: the latter alone.

    Returns:
        Markdown in which names are escaped.
    """
    data, training = card["data"], card["training"]
    films = data.get("films", {})
    splits = [name for name in dict.fromkeys(["train", "val", "test", *films]) if films.get(name)]
    thresholds = {card["classes"][1]: card["threshold"]} if card["threshold"] is not None else card.get("thresholds")
    return (
        environment()
        .get_template(MODEL_CARD)
        .render(
            card=card,
            evaluation=evaluation,
            control=training.get("permuted_labels", False),
            parameters=whole(training["parameters"]) if training.get("parameters") else "",
            epochs=training.get("epochs"),
            best_epoch=training.get("best_epoch"),
            fit=_FIT.get(card["preprocessing"].get("fit"), "fitted"),
            thresholds={name: number(value) for name, value in (thresholds or {}).items()},
            temperature=number(card["temperature"]),
            created=moment(card["created"]),
            validation_films=whole(card["scores"][0]["n"]) if card["scores"] else "No",
            scored_on=training.get("scored_on"),
            patients=whole(data.get("patients")),
            splits=splits,
            films={
                name: [whole(films[split].get(name, 0)) for split in splits]
                for name in dict.fromkeys(name for split in splits for name in films[split])
            },
            scores=[
                {"of": row.get("dataset", "validation"), "metric": row["metric"], "n": whole(row["n"])}
                | {"value": interval(row["value"], row["low"], row["high"])}
                for row in card["scores"]
            ],
        )
    )
