"""Operating points: by which thresholds films are called positive, and on what these were chosen."""

import dataclasses
import math

import pandas as pd

from keras_cxr.evaluation.calibration import threshold_for_sensitivity
from keras_cxr.evaluation.films import scored_films


@dataclasses.dataclass(frozen=True)
class Decision:
    """By what films are called positive.

    Attributes:
        threshold: Of the labels; NaN where they follow none (more classes, labels of another program).
        thresholds: Of each finding, multi-label.
        temperature: By which logits were divided.
        films: On how many the threshold was chosen; 0 where it was given.
        points: Further thresholds by name, chosen on validation films.
        chosen_on: On how many films each of these was chosen.
    """

    threshold: float = math.nan
    temperature: float = 1.0
    films: int = 0
    thresholds: dict[str, float] = dataclasses.field(default_factory=dict)
    points: dict[str, float] = dataclasses.field(default_factory=dict)
    chosen_on: dict[str, int] = dataclasses.field(default_factory=dict)


def with_sensitivity(
    decision: Decision, validation: pd.DataFrame, classes: list[str], sensitivity: float, whose: str
) -> tuple[Decision, str]:
    """Add the threshold that reaches a sensitivity on validation films.

    Args:
        decision: To add to.
        validation: Predictions table of validation films, with ``truth``; no film of it may be scored.
        classes: Two; the second is positive.
        sensitivity: Above 0, at most 1.
        whose: For the note: 'of NAME', 'in FILE'.

    Returns:
        The decision with one more point, or as it was where no validation film is positive; and a note for the user.
    """
    films = scored_films(validation, classes)
    truth, p = films.truth == 1, films.probability[:, 1]
    threshold = threshold_for_sensitivity(truth, p, sensitivity)
    if math.isnan(threshold):
        return decision, (
            f"--at-sensitivity {sensitivity:g} is passed over: the {len(films)} validation films {whose} that can be "
            f"read hold none of {classes[1]}."
        )
    name = f"validation sensitivity {sensitivity:g}"
    found = f"{(p[truth] >= threshold).mean():.3f}"
    note = (
        f"Threshold for a sensitivity of {sensitivity:g}: {threshold:.4f}, chosen on {len(films)} validation films "
        f"{whose} ({int(truth.sum())} of {classes[1]}; sensitivity there {found}) and used unchanged."
    )
    return dataclasses.replace(
        decision,
        points=decision.points | {name: threshold},
        chosen_on=decision.chosen_on | {name: len(films)},
    ), note
