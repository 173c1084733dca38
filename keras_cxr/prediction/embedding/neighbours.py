"""Embeddings to k-nearest-neighbour predictions and their scores: what the features tell without a trained head."""

import pathlib

import numpy as np
import pandas as pd

from keras_cxr.data.check import ordered_classes
from keras_cxr.errors import CxrError
from keras_cxr.evaluation.neighbours import NeighbourVote, choose_k
from keras_cxr.evaluation.scores import score
from keras_cxr.files import write_csv
from keras_cxr.models.saved_model import SavedModel, require_one_class
from keras_cxr.prediction.embedding.embed import Embeddings
from keras_cxr.prediction.table import predictions_table


def knn(
    model: SavedModel, embeddings: Embeddings, k: int | None, output: pathlib.Path
) -> tuple[pd.DataFrame, list[str]]:
    """Label the val and test films by the training films nearest to them; score the labels as ``evaluate`` does.

    Args:
        model: Whose embeddings they are; its classes count where they cover the films' labels.
        embeddings: With labels and splits.
        k: Neighbours that vote; None: chosen by accuracy on the val films, never on the test films.
        output: Folder for knn_predictions.csv and knn_scores.csv.

    Returns:
        The scores table, ``dataset`` naming data set and split, and notes for the user.

    Raises:
        CxrError: No training films of two classes, no films to score, or none to choose ``k`` by.
        UsageError: More neighbours than training films, or a multi-label model.
    """
    require_one_class(model, "--knn")
    films = embeddings.films.reset_index(drop=True)
    usable = embeddings.good & (films["label"] != "")
    rows = {split: np.flatnonzero(usable & (films["split"] == split)) for split in ("train", "val", "test")}
    labels = films["label"].iloc[rows["train"]]
    if labels.nunique() < 2:
        raise CxrError(
            f"--knn needs training films of two classes or more. Found: {len(labels)} labelled films in the split "
            "'train'. Take the data that the model was trained on, or name a column with --split-column."
        )
    # A class without a training film can still be missed.
    every = films["label"].iloc[np.concatenate(list(rows.values()))]
    classes = model.card.classes if set(every) <= set(model.card.classes) else ordered_classes(every)
    vectors = {split: embeddings.vectors[found] for split, found in rows.items()}
    targets = {split: films["label"].iloc[found].map(classes.index).to_numpy(int) for split, found in rows.items()}
    notes = []
    if k is None:
        if not len(rows["val"]):
            raise CxrError("--knn auto chooses by the films of the split 'val', and there is none. Try --knn 7.")
        accuracy = choose_k(*((vectors[split], targets[split]) for split in ("train", "val")), len(classes))
        k = next(iter(accuracy))
        notes.append(f"k = {k}, by accuracy on {len(rows['val'])} val films ({accuracy[k]:.3f}; k = 1 to 51 tried).")
    vote = NeighbourVote(vectors["train"], targets["train"], len(classes), k)
    parts = []
    for split in ("val", "test"):
        chosen = films.iloc[rows[split]]
        likely = vote.shares(vectors[split])
        part = predictions_table(list(chosen["image"]), likely, classes, None, [""] * len(chosen))
        part.insert(1, "truth", chosen["label"].to_numpy())
        part.insert(2, "patient", chosen["patient"].to_numpy())
        part.insert(0, "split", split)
        part.insert(0, "dataset", chosen["dataset"].to_numpy())
        parts.append(part)
    predictions = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    if not len(predictions):
        raise CxrError("--knn needs labelled films in the split 'val' or 'test'; there is none.")
    name, groups = f"{model.card.name}, {k} nearest neighbours", predictions.groupby(["dataset", "split"], sort=False)
    scores = pd.concat(score(part, classes, f"{dataset} {split}", name) for (dataset, split), part in groups)
    scores = scores.reset_index(drop=True)
    write_csv(output / "knn_predictions.csv", predictions)
    write_csv(output / "knn_scores.csv", scores)
    return scores, notes
