"""How far a few labelled films of another hospital would carry: a new threshold and temperature, or a new head."""

import pandas as pd
from threadpoolctl import threadpool_limits

from keras_cxr.evaluation.labelled_draws import film_counts
from keras_cxr.evaluation.new_head import new_head_curve
from keras_cxr.evaluation.recalibration import RECALIBRATION_COLUMNS, recalibration_curve
from keras_cxr.prediction.elsewhere.films_at_hand import FilmsAtHand


def recalibration(films: FilmsAtHand, asked: int, draws: int = 50) -> tuple[pd.DataFrame, list[str]]:
    """Scores against the number of labelled films, each number drawn again and again by patient.

    Args:
        films: Of another hospital than the model's.
        asked: The largest number of labelled films to try, two a class or more.
        draws: How often each number is drawn.

    Returns:
        The columns of ``RECALIBRATION_COLUMNS``, and notes for the user.
    """
    classes, card = films.classes, films.model.card
    counts, notes = film_counts(asked, films.truth, len(classes)), []
    if asked not in counts:
        notes.append(
            f"{asked} labelled films of {films.name} leave too few of {len(films)} to score: "
            f"{f'{counts[-1]} are' if counts else 'none is'} the most that is tried."
        )
    if not counts:
        return pd.DataFrame(columns=RECALIBRATION_COLUMNS), notes
    known = (films.truth, films.cluster, classes, card.threshold)
    ensemble = "members" in card.training
    if ensemble:
        notes.append("An ensemble has no one layer of features: a new head is not tried.")
    logits, features = films.logits, None if ensemble else films.features
    # On matrices of a few films several threads wait for one another most of the time.
    with threadpool_limits(1):
        parts = [recalibration_curve(logits, *known, card.temperature, counts, draws)]
        if not ensemble:
            parts.append(new_head_curve(features, films.probability, *known, counts, draws))
    table = pd.concat(parts, ignore_index=True).assign(dataset=films.name, model=card.name)
    notes += [_told(part) for _, part in table.groupby("what", sort=False)]
    return table[RECALIBRATION_COLUMNS], notes


def _told(part: pd.DataFrame) -> str:
    """The first and the last point of a curve, in a sentence."""
    own = part[part["metric"] == ("balanced accuracy" if "log loss" in set(part["metric"]) else part["metric"].iloc[0])]
    before, after = own.iloc[0], own.iloc[-1]
    return (
        f"{after['what'][:1].upper()}{after['what'][1:]} from {after['films']} labelled films of {after['dataset']}: "
        f"{after['metric']} {before['value']:.3f} → {after['value']:.3f} (95 % of {after['draws']} draws: "
        f"{after['low']:.3f} to {after['high']:.3f})."
    )
