"""What was trained on what, and what was scored."""

import pandas as pd

from keras_cxr.report.blocks import Code, Facts, Grid, Section
from keras_cxr.report.cells import moment, number, text, whole
from keras_cxr.report.contents import ModelResults
from keras_cxr.report.inline import inline_svg
from keras_cxr.report.learning import learning_curves

_FIT = {"pad": "padded to a square", "squeeze": "squeezed to a square"}


def training(results: ModelResults, key: str) -> Section | None:
    """The model, its settings and its training data."""
    if results.trained is None:
        return None
    trained = results.trained
    blocks: list = [Facts(_facts(results))]
    if trained.films is not None and len(trained.films):
        blocks.append(_films_by_split(trained.films))
    if notes := trained.card.get("data", {}).get("notes"):
        blocks += ["Told at the training:", list(notes)]
    if trained.recipe:
        blocks.append(Code(trained.recipe.strip(), "All settings (recipe.yaml)"))
    return Section("Model and training data", blocks)


def learning(results: ModelResults, key: str) -> Section | None:
    """Loss, validation scores and learning rate by epoch."""
    history = results.trained.history if results.trained else None
    if history is None or not len(history):
        return None
    best = results.trained.card.get("training", {}).get("best_epoch")
    picture = inline_svg(
        lambda file: learning_curves(history, file, best),
        f"{key}-learning",
        f"Learning curves over {len(history)} epochs: loss, validation scores and learning rate.",
        "Learning curves. The weights of the marked epoch were kept, chosen on the validation films.",
    )
    return Section("Learning curves", [picture])


def scored_films(results: ModelResults, key: str) -> Section | None:
    """How many films and patients of each class were scored."""
    if not results.scored:
        return None
    parts = [each.films.assign(dataset=each.name) for each in results.scored]
    table = pd.concat(parts, ignore_index=True)
    cells = pd.DataFrame(
        {
            "data set": table["dataset"],
            "class": table["class"],
            "films": table["films"].map(whole),
            "patients": table["patients"].map(whole),
        }
    )
    caption = "Films and patients that were scored. A patient may have films of several classes."
    own = [each.name for each in results.scored if each.own]
    seen = [f"{name} is the data the model was trained on; films that it learnt from are left out." for name in own]
    return Section("Evaluation data", [*seen, Grid(caption, cells, ["films", "patients"])])


def _facts(results: ModelResults) -> list[tuple[str, str]]:
    card = results.trained.card
    training, data, film = card.get("training", {}), card.get("data", {}), card.get("preprocessing", {})
    classes = card.get("classes", [])
    size = film.get("size")
    steps = [film.get("enhance") or "", "" if film.get("lungs", "none") == "none" else f"lungs: {film['lungs']}"]
    seen = ", ".join([f"{size} × {size} pixels, {_FIT.get(film.get('fit'), '')}", *filter(None, steps)])
    positive = f" (positive: {classes[1]})" if card.get("threshold") is not None and len(classes) == 2 else ""
    best, epochs = training.get("best_epoch"), training.get("epochs")
    rows = [
        ("Model", text(card.get("name"))),
        ("Network", text(card.get("architecture"))),
        ("Parameters", whole(training.get("parameters"))),
        ("Members", ", ".join(training.get("members", []))),
        ("Classes", ", ".join(classes) + positive),
        ("Input", seen),
        ("Trained on", text(data.get("folder"))),
        ("Films, patients", f"{whole(_all_films(data.get('films', {})))}, {whole(data.get('patients'))}"),
        ("Epochs", f"{epochs}, weights of epoch {best}" if epochs else ""),
        ("Threshold", ", ".join(f"{number(value)} ({name})" for name, value in results.thresholds.items())),
        ("Temperature", number(card.get("temperature"))),
        ("Trained", moment(card.get("created"))),
        ("Data fingerprint", text(data.get("fingerprint"))[:16]),
    ]
    return [(name, value) for name, value in rows if value and value != "–"]


def _all_films(films: dict) -> float | None:
    counts = [count for split in films.values() for count in (split.values() if isinstance(split, dict) else [split])]
    return sum(counts) if counts else None


def _films_by_split(films: pd.DataFrame) -> Grid:
    splits = [name for name in ("train", "val", "test") if (films["split"] == name).any()]
    cells = {"class": list(dict.fromkeys(films["class"]))}
    for split in splits:
        own = films[films["split"] == split].set_index("class")
        cells[split] = [
            f"{whole(own['films'][name])} ({whole(own['patients'][name])})" if name in own.index else "0"
            for name in cells["class"]
        ]
    caption = "Films (patients) by class and split. Nobody is in two splits where films were split by patient."
    return Grid(caption, pd.DataFrame(cells), splits)
