"""Which label of a data set stands for normal films."""

import pandas as pd

from keras_cxr.data.check import NEGATIVE_NAME
from keras_cxr.errors import CxrError, UsageError, unknown_name
from keras_cxr.evaluation.findings import NO_FINDING


def normal_label(labels: pd.Series, named: str | None = None) -> str:
    """The label of normal films: the one that is named, else the one that says so, such as NORMAL or 'No Finding'.

    Args:
        labels: Of the films.
        named: The user's word for it, in any case of letters.

    Raises:
        UsageError: ``named`` is no label, or several labels say so.
        CxrError: No label says so.
    """
    known = sorted(labels.unique(), key=str.lower)
    if named is not None:
        found = next((label for label in known if label.lower() == named.lower()), None)
        if found is None:
            raise unknown_name("label in '--normal'", named, known)
        return found
    found = [label for label in known if NEGATIVE_NAME.match(label.lower())]
    if NO_FINDING in found:
        return NO_FINDING
    shown = ", ".join(known[:12]) + (" …" if len(known) > 12 else "")
    if not found:
        raise CxrError(f"No label says that its films are normal. Name it with --normal LABEL. Found: {shown}.")
    if len(found) > 1:
        raise UsageError(f"Several labels sound normal: {', '.join(found)}. Name one with --normal LABEL.")
    return found[0]
