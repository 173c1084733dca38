"""What a recipe minimises, and how: loss, optimizer and learning rate, all of them Keras's own."""

import keras

from keras_cxr.training.control import Phase
from keras_cxr.training.recipe import Recipe


def make_loss(recipe: Recipe, units: int, multi_label: bool = False) -> keras.losses.Loss:
    """The loss on logits (batch, units): one unit takes targets (batch,) in [0, 1], more take (batch, units).

    Multi-label, each unit has a binary loss of its own, and weights are (batch, units).
    """
    if multi_label:
        return EachFinding(make_loss(recipe, 1))
    shared = {"from_logits": True, "label_smoothing": recipe.label_smoothing}
    if recipe.loss == "focal":
        if units == 1:
            return keras.losses.BinaryFocalCrossentropy(gamma=recipe.focal_gamma, **shared)
        # Keras's factor for all classes, 0.25, would only lower the learning rate.
        return keras.losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=recipe.focal_gamma, **shared)
    kind = keras.losses.BinaryCrossentropy if units == 1 else keras.losses.CategoricalCrossentropy
    return kind(**shared)


class EachFinding(keras.losses.Loss):
    """The mean of a binary loss over films and findings: Keras's own would have one weight a film."""

    def __init__(self, binary: keras.losses.Loss):
        super().__init__(name=binary.name)
        self._binary = binary

    def call(self, y_true, y_pred):
        """Losses (batch, units) of targets and logits (batch, units)."""
        return self._binary.call(y_true[..., None], y_pred[..., None])


def make_optimizer(recipe: Recipe, phase: Phase, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer of a phase whose epochs have that many steps."""
    adamw = recipe.optimizer == "adamw"
    return (keras.optimizers.AdamW if adamw else keras.optimizers.Adam)(
        learning_rate=_cosine(recipe, phase, steps) if recipe.schedule == "cosine" else phase.learning_rate,
        # AdamW takes no None, and Adam takes a 0.0 for a wish.
        weight_decay=recipe.weight_decay if adamw else recipe.weight_decay or None,
        global_clipnorm=recipe.clip_norm or None,
        use_ema=recipe.average > 0,
        ema_momentum=recipe.average or 0.99,
    )


def _cosine(recipe: Recipe, phase: Phase, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Linearly up during the warm-up, then a half cosine down to 0 at the end of the phase."""
    warmup = min(recipe.warmup_epochs, phase.epochs - 1) * steps
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else phase.learning_rate,
        decay_steps=phase.epochs * steps - warmup,
        warmup_target=phase.learning_rate if warmup else None,
        warmup_steps=warmup,
    )
