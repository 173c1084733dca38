"""Data sets to an account of what should be known of them before anybody trains on them."""

import dataclasses
import pathlib
from collections.abc import Callable

import numpy as np
import pandas as pd

from keras_cxr.audit.association import associations
from keras_cxr.audit.counts import tables
from keras_cxr.audit.duplicates import IDENTICAL, duplicate_groups, find_duplicates
from keras_cxr.audit.early import with_sizes
from keras_cxr.audit.findings import findings
from keras_cxr.audit.leave_out import leave_out
from keras_cxr.audit.measure import Measured, measure
from keras_cxr.audit.suspicious import find_suspicious
from keras_cxr.data.table import Dataset, relative_name
from keras_cxr.errors import CxrError, UsageError
from keras_cxr.files import write_csv
from keras_cxr.report.audit import Pair, duplicates_figure, gray_levels_figure, sizes_figure

KNOWN = ["dataset", "image", "label", "patient", "split", "age", "sex", "view"]
FACTS = ["width", "height", "file_type", "bits", "bytes", "mean", "deviation", "flags", "group", "sha256", "error"]
SHOWN_PAIRS = 24


@dataclasses.dataclass
class Audit:
    """What an audit found.

    Attributes:
        films: A row a film: those of ``KNOWN`` that the data sets tell, and ``FACTS``. ``flags`` are words, by '; ';
            ``group`` numbers the films with one picture, 0 where it is there once.
        duplicates: A row a pair of films with the same picture: ``kind`` ('identical' or 'near'), ``similarity``,
            ``group``, and of both films ``dataset``, ``image``, ``label``, ``patient`` and ``split``.
        exclude: ``dataset``, ``image``, ``reason``; see ``leave_out``.
        associations: See ``association.associations``.
        tables: Counts and distributions by class; title → table.
        findings: Sentences for the user, what is wrong first.
        notes: Of the reading of the data sets.
    """

    films: pd.DataFrame
    duplicates: pd.DataFrame
    exclude: pd.DataFrame
    associations: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    findings: list[str]
    notes: list[str]


def audit(datasets: list[Dataset], output: pathlib.Path, advance: Callable[[int], None] | None = None) -> Audit:
    """Read every film once and write ``output``: audit.csv, duplicates.csv, exclude.csv and figures.

    Args:
        datasets: Labelled or not.
        output: Folder.
        advance: Called with 1 after each film.

    Raises:
        CxrError: No film can be read.
        UsageError: ``output`` lies within a data set, whose films its figures would be.
    """
    if any(output.resolve().is_relative_to(dataset.root.resolve()) for dataset in datasets):
        raise UsageError(f"The output must lie outside of the films' folder. Received: {output}.")
    films = pd.concat([_known(name, one) for name, one in zip(_names(datasets), datasets, strict=True)])
    films = films.reset_index(drop=True).fillna({"sex": "", "view": ""})
    measured = measure(films["path"], advance)
    films = with_sizes(pd.concat([films, measured.facts], axis=1))
    if (films["error"] != "").all():
        raise CxrError(f"No film of '{datasets[0].root}' can be read. First: {films['error'].iloc[0]}")
    odd = find_suspicious(measured.thumbnails, films["deviation"])
    usable = (films["error"] == "").to_numpy() & np.array(["blank" not in words for words in odd])
    pairs = find_duplicates(films["sha256"], measured.thumbnails, usable)
    films["group"] = duplicate_groups(pairs, len(films))
    films["flags"] = ["; ".join([*words, *["text"] * text]) for words, text in zip(odd, films["text"], strict=True)]
    good = films[films["error"] == ""]
    told, excluded = associations(good), leave_out(films)
    notes = [line for dataset in datasets for line in (*dataset.notes, *dataset.faults)]
    found = Audit(
        films[[name for name in (*KNOWN, *FACTS) if name in films]],
        _both_sides(pairs, films),
        excluded,
        told,
        tables(films),
        findings(films, pairs, told),
        list(dict.fromkeys(notes)),
    )
    _write(found, output)
    _draw(films, measured, pairs, output)
    return found


def _names(datasets: list[Dataset]) -> list[str]:
    """The folders' names, their whole paths where two are called alike: by either ``--exclude`` knows them."""
    short = [dataset.root.name for dataset in datasets]
    return [
        name if short.count(name) == 1 else str(dataset.root) for name, dataset in zip(short, datasets, strict=True)
    ]


def _known(name: str, dataset: Dataset) -> pd.DataFrame:
    table = dataset.table
    known = table[[column for column in ("path", *KNOWN) if column in table]]
    return known.assign(dataset=name, image=[relative_name(path, dataset.root) for path in table["path"]])


def _both_sides(pairs: pd.DataFrame, films: pd.DataFrame) -> pd.DataFrame:
    table = pairs[["kind", "similarity"]].assign(group=films["group"].to_numpy()[pairs["first"]])
    for side in ("first", "second"):
        for column in ("dataset", "image", "label", "patient", "split"):
            table[f"{column}_{side}"] = films[column].to_numpy()[pairs[side]]
    return table


def _write(found: Audit, output: pathlib.Path) -> None:
    write_csv(output / "audit.csv", found.films)
    write_csv(output / "duplicates.csv", found.duplicates)
    write_csv(output / "exclude.csv", found.exclude)


def _draw(films: pd.DataFrame, measured: Measured, pairs: pd.DataFrame, output: pathlib.Path) -> None:
    good = (films["error"] == "").to_numpy()
    labels = films["label"].replace("", "(no label)")
    levels = {name: measured.levels[good & (labels == name).to_numpy()] for name in sorted(labels[good].unique())}
    gray_levels_figure({name: rows.mean(axis=0) for name, rows in levels.items()}, output / "gray_levels.png")
    sizes_figure(films.loc[good, "width"], films.loc[good, "height"], labels[good], output / "sizes.png")
    # What a reader should see first: differing labels, other splits, then pictures that are merely alike.
    label, split = (films[column].to_numpy() for column in ("label", "split"))
    first, second = pairs["first"], pairs["second"]
    order = pairs.assign(same_label=label[first] == label[second], same_split=split[first] == split[second])
    order["identical"] = order["kind"] == IDENTICAL
    shown = order.sort_values(["same_label", "same_split", "identical", "similarity"], kind="stable")[:SHOWN_PAIRS]
    pictures = [
        Pair(
            (measured.thumbnails[row.first], measured.thumbnails[row.second]),
            (films["image"][row.first], films["image"][row.second]),
            (label[row.first], label[row.second]),
            row.kind,
            row.similarity,
        )
        for row in shown.itertuples()
    ]
    if pictures:
        duplicates_figure(pictures, len(pairs), output / "duplicates.png")
