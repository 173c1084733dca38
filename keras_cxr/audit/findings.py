"""What an audit found, in sentences."""

import pandas as pd

from keras_cxr.audit.association import strength
from keras_cxr.audit.duplicates import IDENTICAL, NEAR
from keras_cxr.audit.leave_out import conflicting

_OFTEN = 2  # step of strength: AUROC 0.7 and above
_FLAGS = {
    "blank": "Blank, one gray level nearly everywhere",
    "inverted": "Perhaps inverted, most like the negative of the others",
    "turned": "Perhaps turned, most like the others when turned by 90° or 180°",
    "unlike": "Unlike the others, perhaps no frontal chest film",
    "text": "Text burned in near the border",
}


def findings(films: pd.DataFrame, pairs: pd.DataFrame, told: pd.DataFrame) -> list[str]:
    """Sentences for the user, what is wrong first; none where nothing is.

    Args:
        films: With ``dataset``, ``patient``, ``label``, ``split``, ``flags``, ``group`` and ``error``.
        pairs: From ``find_duplicates``.
        told: From ``associations``.
    """
    known = films[(films["patient"] != "") & (films["split"] != "")]
    patients = known.groupby(["dataset", "patient"])["split"].nunique()
    shared = films[films["group"] > 0]
    splits = shared[shared["split"] != ""].groupby("group")["split"].nunique()
    kinds = pairs["kind"].value_counts()
    counted = [
        ("Cannot be read", int((films["error"] != "").sum()), "film"),
        ("The same picture under different labels", len(conflicting(films)), "picture"),
        ("The same picture in more than one split, so that scores flatter", int((splits > 1).sum()), "picture"),
        ("Films of one patient in more than one split, so that scores flatter", int((patients > 1).sum()), "patient"),
        (
            "The same picture in more than one data set",
            int((shared.groupby("group")["dataset"].nunique() > 1).sum()),
            "picture",
        ),
        ("Byte-identical to an earlier film", int(kinds.get(IDENTICAL, 0)), "film"),
        ("The same picture in other bytes", int(kinds.get(NEAR, 0)), "pair"),
    ]
    for flag, phrase in _FLAGS.items():
        counted.append((phrase, int(films["flags"].str.contains(rf"\b{flag}\b").sum()), "film"))
    lines = [f"{phrase}: {count} {what}{'s' * (count > 1)}." for phrase, count, what in counted if count]
    return lines + [row.meaning for row in told.itertuples() if strength(row.measure, row.value, row.p) <= _OFTEN]
