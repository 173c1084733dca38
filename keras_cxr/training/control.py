"""When a phase of training ends and at what rate it goes on: decided by the history alone, so a resumed training
decides the same."""

import dataclasses

from keras_cxr.training.recipe import Recipe

LAST = "last"


@dataclasses.dataclass(frozen=True)
class Phase:
    """One phase: 'train', or 'fine-tune' of the unfrozen backbone."""

    name: str
    epochs: int
    learning_rate: float


def phases(recipe: Recipe) -> list[Phase]:
    """The phases of a recipe, in order."""
    plan = [Phase("train", recipe.epochs, recipe.learning_rate)]
    if recipe.unfreeze is not None:
        plan.append(Phase("fine-tune", recipe.fine_tune_epochs, recipe.fine_tune_rate))
    return plan


@dataclasses.dataclass(frozen=True)
class Standing:
    """Where a phase stands after the epochs in its history."""

    learning_rate: float
    finished: bool


def standing(phase: Phase, history: list[dict], recipe: Recipe) -> Standing:
    """Replay the phase's history: plateaus of ``val_loss`` lower the rate, a stale score ends the phase.

    With permuted labels neither does: what is learnt by heart does not show on other films.

    Args:
        phase: The phase.
        history: Rows of all phases so far, each with ``phase``, ``val_loss``, ``val_auroc`` and ``val_accuracy``.
        recipe: Schedule, patience, factor, and the score.
    """
    rows = [row for row in history if row["phase"] == phase.name]
    if recipe.permute_labels:
        return Standing(phase.learning_rate, len(rows) >= phase.epochs)
    rate, lowest, waited = phase.learning_rate, float("inf"), 0
    best, stale = -1.0, 0
    for row in rows:
        if row["val_loss"] < lowest:
            lowest, waited = row["val_loss"], 0
        else:
            waited += 1
            if waited >= recipe.plateau_patience and recipe.schedule == "plateau":
                rate, waited = rate * recipe.plateau_factor, 0
        if row[f"val_{recipe.best_by}"] > best:
            best, stale = row[f"val_{recipe.best_by}"], 0
        else:
            stale += 1
    return Standing(rate, len(rows) >= phase.epochs or stale >= recipe.patience)


def kept_by(recipe: Recipe) -> str:
    """What chooses the weights to keep: a validation score or, with permuted labels, 'last' for the last epoch's."""
    return LAST if recipe.permute_labels else recipe.best_by


def best_row(history: list[dict], score: str = "auroc") -> dict | None:
    """The row of the highest validation score ('auroc' or 'accuracy'); of equal ones the lower loss, the earlier.

    By 'last' the last row.
    """
    if score == LAST:
        return history[-1] if history else None
    return min(history, key=lambda row: (-row[f"val_{score}"], row["val_loss"]), default=None)
