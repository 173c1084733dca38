"""The heatmap methods by name. Each is one file in ``methods/``; listing them does not import TensorFlow."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_cxr.errors import UsageError, unknown_name
from keras_cxr.plugins import import_all

if TYPE_CHECKING:
    from keras_cxr.explain.method import Method


@dataclass(frozen=True)
class Entry:
    """What is known of a method before it sees a network."""

    name: str
    title: str
    """As its paper writes it."""
    shows: str
    paper: str
    cost: str
    """Passes through the network for one film."""
    method: "type[Method]"
    class_specific: bool
    """False: the map is the same for every class."""

    @property
    def settings(self) -> tuple[str, ...]:
        """The names of what may be set, beside the network."""
        return tuple(inspect.signature(self.method).parameters)[1:]

    def check_settings(self, names: list[str]) -> None:
        """Make sure that the method takes the settings of these names.

        Raises:
            UsageError: It does not; the methods that do are named.
        """
        for name in names:
            if name not in self.settings:
                option = f"--{name.replace('_', '-')}"
                others = [entry.name for entry in methods().values() if name in entry.settings]
                raise UsageError(
                    f"The method must be one that takes {option} ({', '.join(others)}). Received: '{self.name}'."
                )


_registered: dict[str, Entry] = {}


def register(name: str, title: str, shows: str, paper: str, cost: str, class_specific: bool = True) -> Callable:
    """Decorator: put a subclass of ``Method`` on the list.

    Its file imports TensorFlow inside functions, so that the list is there without it. The arguments of its
    constructor behind the network are its settings.
    """

    def put(method: "type[Method]") -> "type[Method]":
        _registered[name] = Entry(name, title, shows, paper, cost, method, class_specific)
        return method

    return put


def methods() -> dict[str, Entry]:
    """Every method by name, sorted."""
    import_all(f"{__package__}.methods")
    return dict(sorted(_registered.items()))


def find(name: str) -> Entry:
    """The method of that name.

    Raises:
        UsageError: There is none; the nearest name is proposed.
    """
    known = methods()
    if name not in known:
        raise unknown_name("method", name, known)
    return known[name]
