"""Probabilities corrected for how common each class seems to be among the outside films."""

import numpy as np

from keras_cxr.evaluation.prior_shift import estimate_prior, with_prior
from keras_cxr.evaluation.scaling import fit_scaling
from keras_cxr.prediction.elsewhere.films_at_hand import FilmsAtHand
from keras_cxr.prediction.elsewhere.remedies import UNLABELLED, register


@register("prior shift", UNLABELLED, order_kept=True)
def prior_shift(films: FilmsAtHand) -> np.ndarray:
    """Shares of the classes by expectation-maximisation, and the probabilities multiplied to fit them.

    For the estimate alone the logits are calibrated on the model's validation films, biases included, to these films'
    own shares, without which it is off (Alexandari, Kundaje & Shrikumar, ICML 2020). Where the shares come out as they
    were, nothing changes; the card's threshold is kept.
    """
    source, count = films.source("val"), len(films.classes)
    batches = (source.pixels[start : start + 32] for start in range(0, len(source.pixels), 32))
    scaling = fit_scaling(films.compute(batches), source.targets, count)
    # A class without validation films has a share all the same, or nothing could be multiplied.
    reference = (np.bincount(source.targets, minlength=count) + 1) / (len(source.targets) + count)
    prior = estimate_prior(scaling(films.logits), reference)
    return with_prior(films.probability, reference, prior)
