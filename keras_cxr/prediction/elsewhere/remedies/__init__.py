"""What can be done where a model meets another hospital's films: one remedy, or a family of them, a file.

A further remedy is one further file. None of them looks at the labels of the films that are scored.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from keras_cxr.plugins import import_all
from keras_cxr.prediction.elsewhere.films_at_hand import FilmsAtHand

NOTHING, UNLABELLED = "nothing", "unlabelled films"


@dataclass(frozen=True)
class Remedy:
    """A remedy.

    Attributes:
        name: For tables.
        uses: What it needs of the other hospital: ``NOTHING`` or ``UNLABELLED``.
        apply: From films to their probabilities (n, k), NaN for a film that it cannot be applied to.
            Raises ``CxrError`` where it cannot be tried; the message is the reason, to be read after a colon.
        order_kept: It cannot change the films' order, and so no AUROC of two classes.
    """

    name: str
    uses: str
    apply: Callable[[FilmsAtHand], np.ndarray]
    order_kept: bool = False


_registered: dict[str, Remedy] = {}


def register(name: str, uses: str, order_kept: bool = False) -> Callable:
    """Decorator: put a function on the list; see ``Remedy``."""

    def put(apply: Callable) -> Callable:
        _registered[name] = Remedy(name, uses, apply, order_kept)
        return apply

    return put


def all_remedies() -> list[Remedy]:
    """Every remedy; those that need nothing of the other hospital come first. Listing them loads no TensorFlow."""
    import_all(__name__)
    return sorted(_registered.values(), key=lambda remedy: (remedy.uses != NOTHING, remedy.name.lower()))
