"""Embeddings to their maps: principal components and t-SNE, coloured by what is known of the films."""

import pathlib

import pandas as pd

from keras_cxr.evaluation.projection import principal_components, tsne
from keras_cxr.prediction.embedding.embed import Embeddings
from keras_cxr.report.embedding import embedding_figure

FEWEST = 5


def embedding_figures(embeddings: Embeddings, classes: list[str], output: pathlib.Path) -> list[pathlib.Path]:
    """Write pca.png and tsne.png, and an SVG beside each, to ``output``; nothing for fewer than 5 readable films.

    Coloured by class and, where they differ, by data set, split, patient (where one has several films), and whether
    the model, which knows ``classes``, is right.
    """
    good = embeddings.good
    films, vectors = embeddings.films[good].reset_index(drop=True), embeddings.vectors[good]
    if len(films) < FEWEST or vectors.shape[1] < 2:
        return []
    groups, of = _groups(films, classes), f"the output of '{embeddings.layer}'"
    points, shares = principal_components(vectors)
    axis_labels = tuple(f"component {i + 1} ({share:.0%} of the variance)" for i, share in enumerate(shares))
    title = f"Principal components of {of}, {len(films):,} films"
    embedding_figure(points, groups, output / "pca.png", title, axis_labels)
    rows, points = tsne(vectors)
    shown = f"{len(rows):,}" + (f" of {len(films):,} films, drawn by chance" if len(rows) < len(films) else " films")
    picked = {name: group.iloc[rows] for name, group in groups.items()}
    embedding_figure(points, picked, output / "tsne.png", f"t-SNE of {of}, {shown}")
    return [output / name for name in ("pca.png", "tsne.png")]


def _groups(films: pd.DataFrame, classes: list[str]) -> dict[str, pd.Series]:
    labelled = (films["label"] != "").any()
    judged = films["label"].isin(classes)
    right = pd.Series("right", films.index).where(films["predicted"] == films["label"], "wrong").where(judged, "")
    groups = {"Class": films["label"]} if labelled else {"Label by the model": films["predicted"]}
    for title, column in (("Data set", films["dataset"]), ("Split", films["split"])):
        if column[column != ""].nunique() > 1:
            groups[title] = column
    if (patients := _patients(films)).any():
        groups["Patient (those with most films)"] = patients
    if judged.any():
        groups["The model's own label"] = right
    return groups


def _patients(films: pd.DataFrame) -> pd.Series:
    """The patient of each film, '' where unknown or with no other film; data sets may share a name by chance."""
    known, several = films["patient"] != "", films["dataset"].nunique() > 1
    names = films["dataset"] + "/" + films["patient"] if several else films["patient"]
    return names.where(known & names.duplicated(keep=False), "")
