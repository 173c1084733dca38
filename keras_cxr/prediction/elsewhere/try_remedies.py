"""Every remedy tried on one data set, its scores before and after."""

import numpy as np
import pandas as pd

from keras_cxr.errors import CxrError
from keras_cxr.evaluation.remedies import (
    HELPS,
    REMEDIES_COLUMNS,
    UNCLEAR,
    before_and_after,
    decided_films,
    deciding_metric,
    verdict_of,
)
from keras_cxr.prediction.elsewhere.films_at_hand import FilmsAtHand
from keras_cxr.prediction.elsewhere.remedies import Remedy


def remedies(films: FilmsAtHand, tried: list[Remedy], draws: int = 2000) -> tuple[pd.DataFrame, list[str]]:
    """Try remedies; none of them knows a label of these films.

    Args:
        films: Of another hospital than the model's.
        tried: What to try.
        draws: Of the bootstrap.

    Returns:
        The columns of ``REMEDIES_COLUMNS``, and notes for the user: what could not be tried and why, and what helps.
    """
    parts, notes = {}, []
    for remedy in tried:
        try:
            probability = remedy.apply(films)
        except CxrError as reason:
            notes.append(f"{remedy.name} was not tried on {films.name}: {str(reason).rstrip('.')}.")
            continue
        good = np.isfinite(probability).all(axis=1)
        if not good.all():
            notes.append(f"{remedy.name} could be tried on {good.sum()} of {len(good)} films of {films.name}.")
        table = _scored(films, remedy, probability, good, draws)
        notes += _changes(table, deciding_metric(films.classes, _order_kept(films, remedy)))
        parts[remedy.name] = table[REMEDIES_COLUMNS]
    if not parts:
        return pd.DataFrame(columns=REMEDIES_COLUMNS), notes
    table = pd.concat(parts.values(), ignore_index=True)
    if (table["verdict"] == HELPS).any():
        notes.append(
            f"{len(parts)} remedies were tried on {films.name}; of so many one may come out well by chance: see "
            "whether it does so on other films too."
        )
    else:
        notes.append(f"Nothing that needs no labels clearly helps on {films.name}. Tried: {', '.join(parts)}.")
    return table, notes


def _scored(films: FilmsAtHand, remedy: Remedy, probability: np.ndarray, good: np.ndarray, draws: int) -> pd.DataFrame:
    before, after = (
        decided_films(p[good], films.truth[good], films.cluster[good], films.model.card.threshold)
        for p in (films.probability, probability)
    )
    table = before_and_after(before, after, films.classes, _order_kept(films, remedy), draws)
    names = {"dataset": films.name, "model": films.model.card.name, "remedy": remedy.name, "uses": remedy.uses}
    return table.assign(**names)


def _order_kept(films: FilmsAtHand, remedy: Remedy) -> bool:
    return remedy.order_kept and len(films.classes) == 2


def _changes(table: pd.DataFrame, decides: str) -> list[str]:
    """What a remedy changes, in a sentence, where it is clear."""
    row = table.set_index("metric").loc[decides]
    if verdict_of(row) == UNCLEAR:
        return []
    found = (
        f"{decides} {row['before']:.3f} → {row['after']:.3f} (95 % interval of the difference {row['low']:+.3f} to "
        f"{row['high']:+.3f})"
    )
    if row["chance"]:
        return [f"{row['remedy']} on {row['dataset']}: {found}, before and after no better than chance."]
    return [f"{row['remedy']} {row['verdict']} on {row['dataset']}: {found}."]
