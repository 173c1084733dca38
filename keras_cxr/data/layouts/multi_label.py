"""Films that come with a list of findings, 'Effusion|Mass': the whole set is the label."""

import collections
from collections.abc import Iterable

import pandas as pd

from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.table import Dataset
from keras_cxr.errors import UsageError
from keras_cxr.evaluation.findings import as_text, findings_in

COLUMN = "findings"


def label_by_set(dataset: Dataset, options: LabelOptions) -> None:
    """Label the films of ``dataset``, in place, by all their findings: sorted, each once, in one spelling.

    Args:
        dataset: A labels file has its column of findings as ``label``; other layouts have the column ``findings``.
            Findings that are uncertain count as absent, with a note (U-Zeros, Irvin et al., AAAI 2019).
        options: With ``multi_label``, and ``renamed``: findings to rename, also to 'No Finding'.

    Raises:
        UsageError: The films come without findings.
    """
    if not dataset.multi_label:
        if options.multi_label.lower() != COLUMN or COLUMN not in dataset.table:
            has = f"their column is '{COLUMN}'" if COLUMN in dataset.table else "they come without findings"
            raise UsageError(
                f"--multi-label must name a column of findings, such as 'Effusion|Mass'. Received: "
                f"{options.multi_label}, for films of the layout '{dataset.layout}'; {has}."
            )
        dataset.multi_label, dataset.table["label"] = COLUMN, dataset.table[COLUMN]
    dataset.table["label"], unused = set_labels(dataset.table["label"], options.renamed)
    if unused:
        dataset.notes.append(f"--map names findings that do not occur: {', '.join(unused)}.")
    uncertain = int((dataset.table["uncertain"] != "").sum()) if "uncertain" in dataset.table else 0
    if uncertain:
        dataset.notes.append(f"{uncertain} films have uncertain findings, which count as absent.")


def set_labels(texts: pd.Series, renamed: Iterable[tuple[str, str]] = ()) -> tuple[pd.Series, list[str]]:
    """Lists of findings in their one form, and the names in ``renamed`` that do not occur.

    Names that differ in the case of letters alone are one finding, in the spelling that most films have.
    """
    counts = collections.Counter(name for text in texts for name in findings_in(text))
    spelling = {name.lower(): name for name, _ in reversed(counts.most_common())}
    new = {old.lower(): name for old, name in renamed}
    unused = [old for old, _ in renamed if old.lower() not in spelling]
    spelling |= {old: name for old, name in new.items() if old in spelling}

    def label(text: str) -> str:
        return as_text(findings_in("|".join(spelling[name.lower()] for name in findings_in(text))))

    known = {text: label(text) for text in texts.unique()}
    return texts.map(known), unused
