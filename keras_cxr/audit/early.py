"""The part of an audit that costs nothing once the films are read: what ``train`` warns of."""

import pandas as pd

from keras_cxr.audit.association import associations, strength

_SIZES = ["megapixels", "width", "height", "aspect"]
_MOSTLY = 1  # step of strength: AUROC 0.8 and above


def early_notes(table: pd.DataFrame) -> list[str]:
    """Lines for the user on identical files with different labels, and on a class that the films' sizes give away.

    Args:
        table: A dataset table whose films were read: with ``sha256``, ``width`` and ``height``.
    """
    notes = []
    conflicts = int((table.groupby("sha256")["label"].nunique() > 1).sum())
    if conflicts:
        notes.append(
            f"{conflicts} byte-identical {'film has' if conflicts == 1 else 'films have'} different labels; "
            "'keras-cxr audit' lists them for --exclude."
        )
    told = associations(with_sizes(table)[["label", *_SIZES]])
    strong = [row for row in told.itertuples() if strength(row.measure, row.value, row.p) <= _MOSTLY]
    if strong:
        notes.append(f"{strong[0].meaning} A network may learn that instead of the lungs; see 'keras-cxr audit'.")
    return notes


def with_sizes(films: pd.DataFrame) -> pd.DataFrame:
    """The films with what follows from width and height: ``size`` ('224 × 224'), ``megapixels`` and ``aspect``."""
    width, height = films["width"], films["height"]
    return films.assign(
        size=width.astype(str) + " × " + height.astype(str), megapixels=width * height / 1e6, aspect=width / height
    )
