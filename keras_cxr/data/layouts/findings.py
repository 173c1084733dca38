"""Films that come with a list of findings, 'Effusion|Mass': one label a film."""

import collections

import pandas as pd

from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.table import Dataset
from keras_cxr.errors import CxrError, unknown_name
from keras_cxr.evaluation.findings import NO_FINDING

FINDING = "Finding"
SHOWN = 5


def finding_or_not(findings: str) -> str:
    """The label of a film by its certain findings alone: 'No Finding', 'Finding', or '' where none is listed."""
    if NO_FINDING in findings.split("|"):
        return NO_FINDING
    return FINDING if findings else ""


def same_finding(names: pd.Series, finding: str | None) -> pd.Series:
    """Whether each of ``names`` is ``finding``, in any case; all are where ``finding`` is None."""
    return names.str.lower() == finding.lower() if finding else pd.Series(True, names.index)


def label_by_finding(dataset: Dataset, options: LabelOptions) -> None:
    """Label the films of ``dataset`` by one finding; films of which it is uncertain leave the table, with a note.

    Args:
        dataset: With ``findings`` and, where known, ``uncertain``; changed in place.
        options: With ``finding`` the labels become that and ``No <finding>``. None keeps the labels that the layout
            gave and leaves out the films without one.

    Raises:
        CxrError: No film is left.
        UsageError: No film of the data set has this finding.
    """
    table, finding = dataset.table, options.finding
    findings = table["findings"].str.split("|")
    uncertain = (table["uncertain"] if "uncertain" in table else pd.Series("", table.index)).str.split("|")
    counts = collections.Counter(name for names in findings for name in names if name)
    if finding is None or finding.lower() == NO_FINDING.lower():
        commonest = [f"{name} ({films})" for name, films in counts.most_common() if name != NO_FINDING]
        if not options.multi_label:
            dataset.notes.append(
                f"The classes are {NO_FINDING} and {FINDING}. --finding NAME makes one finding the class; the "
                f"commonest: {', '.join(commonest[:SHOWN]) or 'none'}."
            )
        doubtful, why = table["label"] == "", "list no certain finding and no No Finding"
    else:
        known = sorted({*counts, *(name for names in uncertain for name in names if name)} - {NO_FINDING})
        name = next((name for name in known if name.lower() == finding.lower()), None)
        if name is None:
            raise unknown_name("finding", finding, known, f"Known: {', '.join(known)}.")
        has = pd.Series([name in names for names in findings], table.index)
        doubtful, why = pd.Series([name in names for names in uncertain], table.index) & ~has, f"have uncertain {name}"
        table["label"] = [name if one else f"No {name}" for one in has]
    if doubtful.any():
        dataset.notes.append(f"{int(doubtful.sum())} films {why} and are left out.")
        dataset.table = table[~doubtful].reset_index(drop=True)
    if dataset.table.empty:
        raise CxrError(f"No film of '{dataset.root}' is left: all {why}. Choose another --finding.")
