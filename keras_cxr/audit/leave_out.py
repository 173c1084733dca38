"""Which films to leave out of a training, and why."""

import pandas as pd

COLUMNS = ["dataset", "image", "reason"]
# Of copies in several splits, that of the split which is scored stays: the splits lose no film that they are read for.
_FIRST = ("test", "val", "train", "")


def leave_out(films: pd.DataFrame) -> pd.DataFrame:
    """The list for ``train --exclude``: films that cannot be read, blank ones, and of duplicates all but one.

    Of a group with different labels every film is listed: which label is right is not known. Of another group, the
    film of the test split stays (else of val, of train), then that of the first data set, then the largest.

    Args:
        films: With ``dataset``, ``image``, ``label``, ``split``, ``width``, ``height``, ``error``, ``flags`` (text) and
            ``group`` (0 for a film that is there once).

    Returns:
        ``dataset``, ``image``, ``reason``, in the order of ``films``.
    """
    reason = pd.Series("", index=films.index)
    reason[films["flags"].str.contains("blank")] = "blank"
    failed = films["error"] != ""
    reason[failed] = "cannot be read: " + films.loc[failed, "error"]
    good = films[reason == ""]
    conflicts = conflicting(good)
    for number, group in good[good["group"] > 0].groupby("group"):
        if number in conflicts:
            labels = ", ".join(sorted(set(group["label"]) - {""}))
            reason[group.index] = f"group {number}: the same picture has different labels ({labels})"
            continue
        order = group.assign(place=group["split"].map(_FIRST.index), small=-group["width"] * group["height"])
        order["from"] = pd.factorize(group["dataset"])[0]
        kept = order.sort_values(["place", "from", "small"], kind="stable").index[0]
        copies = group.index.drop(kept)
        reason[copies] = f"group {number}: a copy of {films['image'][kept]}"
    chosen = reason != ""
    return films.loc[chosen, COLUMNS[:2]].assign(reason=reason[chosen]).reset_index(drop=True)


def conflicting(films: pd.DataFrame) -> set[int]:
    """The numbers of the duplicate groups whose films have different labels; letters' case and '' do not count."""
    labelled = films[(films["group"] > 0) & (films["label"] != "")]
    labels = labelled["label"].str.casefold().groupby(labelled["group"]).nunique()
    return set(labels.index[labels > 1])
