"""What can be done where a model meets another hospital's films: one remedy, or a family of them, a file.

A further remedy is one further file. None of them looks at the labels of the films that are scored.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from keras_cxr.errors import unknown_name
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


def remedies_named(names: Iterable[str] | bool) -> list[Remedy]:
    """The remedies of these names, in upper or lower case; of True every one, of False none.

    Raises:
        UsageError: There is none of a name; the nearest one is proposed.
    """
    if isinstance(names, bool):
        return all_remedies() if names else []
    by_name = {remedy.name.lower(): remedy for remedy in all_remedies()}
    for name in names:
        if name.lower() not in by_name:
            raise unknown_name("remedy", name, [remedy.name for remedy in by_name.values()])
    wanted = {name.lower() for name in names}
    return [remedy for name, remedy in by_name.items() if name in wanted]
