"""Permuted labels: a control whose network can learn nothing of the films but by heart.

The data randomisation test of Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018,
https://arxiv.org/abs/1810.03292.
"""

import numpy as np
import pandas as pd

from keras_cxr.data.splits import groups
from keras_cxr.data.table import Dataset
from keras_cxr.errors import CxrError, UsageError
from keras_cxr.evaluation.findings import NO_FINDING, indicators
from keras_cxr.evaluation.task import MULTI_LABEL
from keras_cxr.training.prepared import Prepared
from keras_cxr.training.recipe import Recipe

NOTICE = "A control with permuted labels, not a model to use. For research, not for diagnosis."
# The accuracy on its own training labels to which Adebayo et al. train such a network.
LEARNT = 0.95
_DRAWS = 100


def check_one_seed(recipe: Recipe) -> None:
    """Refuse several seeds with permuted labels.

    Raises:
        UsageError: The recipe permutes labels.
    """
    if recipe.permute_labels:
        raise UsageError(
            "--seeds makes an ensemble, and controls of several seeds have no labels in common. Received: --seeds with "
            "--permute-labels. Train one a seed with --seed, or use 'keras-cxr crossval --permute-labels'."
        )


def permute_labels(dataset: Dataset, findings: list[str], seed: int) -> str:
    """Permute the labels of all films but the test split's, in place.

    What gets a label is all films of one patient that had one label; byte-identical films count as one patient's. In
    each split and among the films of each true class, labels are dealt in the shares that they have in that split: so
    the films of a class remain as many but for what is left of a patient at the end of a share, and the new labels
    tell nothing of the true ones. Multi-label, whole sets of findings are dealt, among films with any finding and
    among those without.

    Args:
        dataset: With splits and ``sha256``, checked.
        findings: Multi-label, those to be learnt; else none.
        seed: Of the draw.

    Returns:
        A note for the user, which is also added to the data set's.

    Raises:
        CxrError: There are so few patients that no draw leaves films of every class in train and val.
    """
    table = dataset.table
    labels, split = table["label"].to_numpy(object), table["split"].to_numpy(object)
    rows = np.flatnonzero(split != "test")
    parts = pd.DataFrame({"patient": groups(table)[rows], "label": labels[rows], "split": split[rows]})
    unit, units = _units(parts, bool(dataset.multi_label))
    before = _marks(parts["label"], findings)
    draw = np.random.default_rng([seed, 5])
    for _ in range(_DRAWS):
        new = _dealt(units, parts, draw)[unit]
        if _keeps_classes(before, _marks(pd.Series(new), findings), split[rows]):
            break
    else:
        raise CxrError(
            f"The labels of '{dataset.root}' cannot be permuted: in {_DRAWS} draws a class was left without films in "
            "train or val. Give films of more patients."
        )
    changed = (new != labels[rows]).mean()
    labels[rows] = new
    table["label"] = pd.Series(labels, table.index, dtype=table["label"].dtype)
    note = (
        f"The labels of the {len(rows)} train and val films are permuted over patients, {changed:.0%} of the films "
        "have another now; test films keep theirs. This is a control, not a model to use."
    )
    dataset.notes.append(note)
    return note


def _units(parts: pd.DataFrame, multi_label: bool) -> tuple[np.ndarray, pd.DataFrame]:
    """The unit of each film, and of each unit its split (of its first film), true class and number of films."""
    together = parts.groupby(["patient", "label"], sort=False)
    units = together.agg(split=("split", "first"), films=("split", "size")).reset_index()
    units["truth"] = units["label"] == NO_FINDING if multi_label else units["label"]
    return together.ngroup().to_numpy(), units


def _dealt(units: pd.DataFrame, parts: pd.DataFrame, draw: np.random.Generator) -> np.ndarray:
    """A label for each unit, (units,) object."""
    dealt = np.empty(len(units), object)
    for (split, _), own in units.groupby(["split", "truth"]):
        shares = parts.loc[parts["split"] == split, "label"].value_counts(normalize=True, sort=False)
        order = draw.permutation(own.index.to_numpy())
        films = units["films"].to_numpy()[order]
        # Where the middle of each patient's films lies in the row of all; begun anywhere, so that few patients do not
        # always get the same labels.
        places = ((np.cumsum(films) - films / 2) / films.sum() + draw.random()) % 1
        numbers = np.searchsorted(np.cumsum(shares.to_numpy())[:-1], places, side="right")
        dealt[order] = shares.index.to_numpy(object)[numbers]
    return dealt


def _marks(labels: pd.Series, findings: list[str]) -> np.ndarray:
    """Which class or finding each film has, bool (films, classes)."""
    if findings:
        return indicators(labels, findings)
    return labels.to_numpy(object)[:, None] == np.array(sorted(labels.unique()), object)


def _keeps_classes(before: np.ndarray, after: np.ndarray, split: np.ndarray) -> bool:
    """Whether each class that some films of a split have and some have not is still so."""
    if before.shape != after.shape:
        return False
    for name in np.unique(split):
        was, now = (marks[split == name] for marks in (before, after))
        if (was.any(axis=0) & ~was.all(axis=0) & ~(now.any(axis=0) & ~now.all(axis=0))).any():
            return False
    return True


def how_well_learnt(data: Prepared, history: list[dict]) -> str:
    """A note on how far a control has learnt its permuted labels, by the last epoch's row of the history."""
    targets, accuracy = data.targets(data.trained), history[-1]["accuracy"]
    if data.task == MULTI_LABEL:
        share = targets.mean(axis=0)
        blind = np.maximum(share, 1 - share).mean()
    else:
        blind = np.bincount(targets).max() / len(targets)
    more = "" if accuracy >= LEARNT else " Give more --epochs, less augmentation or a network with more to train."
    return (
        f"The control knows {accuracy:.2f} of its permuted training labels; naming the commonest gives {blind:.2f}, "
        f"and Adebayo et al. (2018) train to {LEARNT}.{more}"
    )
