"""What a user asks of an explanation, beside the model and the films."""

import dataclasses
from collections.abc import Mapping, Sequence

from keras_cxr.errors import UsageError
from keras_cxr.explain.registry import Entry, find


@dataclasses.dataclass(frozen=True)
class Request:
    """A method and what it shall show.

    Attributes:
        method: Its name in the registry.
        class_name: The class to explain; None: each film's own label.
        against: The class to hold it against; needs ``class_name``.
        layers: The layers to show; several are shown as the mean of their maps. Empty: the method's default.
        smooth: Over how many changed films maps are averaged, 1 to 6; see `smooth`.
        settings: Of the method, by the names of its constructor's arguments.

    Raises:
        UsageError: An unknown method, or something that the method does not take.
    """

    method: str = "gradcam"
    class_name: str | None = None
    against: str | None = None
    layers: tuple[str, ...] = ()
    smooth: int = 1
    settings: Mapping[str, object] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        entry = self.entry()
        entry.check_settings([*self.settings, *(["layer"] if self.layers else [])])
        if self.against is not None and self.class_name is None:
            raise UsageError(
                f"--against needs the class that is held against it. Try --class NAME --against {self.against}."
            )
        if self.class_name is not None and not entry.class_specific:
            raise UsageError(f"{entry.title} shows the same for every class. Leave --class out.")

    def entry(self) -> Entry:
        """What is registered of the method."""
        return find(self.method)


def requests_for(methods: Sequence[str], request: Mapping[str, object]) -> list[Request]:
    """A request a method, each method once; of several, each gets only what it takes.

    Args:
        methods: Their names.
        request: The other arguments of `Request`.

    Raises:
        UsageError: An unknown method, or something that none of them takes.
    """
    entries = [find(name) for name in dict.fromkeys(methods)]
    if len(entries) == 1:
        return [Request(entries[0].name, **request)]
    settings, layers = request.get("settings", {}), request.get("layers", ())
    for name in [*settings, *(["layer"] if layers else [])]:
        if not any(name in entry.settings for entry in entries):
            entries[0].check_settings([name])
    return [Request(entry.name, **_taken(entry, dict(request))) for entry in entries]


def _taken(entry: Entry, request: dict) -> dict:
    request["settings"] = {name: value for name, value in request.get("settings", {}).items() if name in entry.settings}
    if "layer" not in entry.settings:
        request["layers"] = ()
    if not entry.class_specific:
        request["class_name"] = request["against"] = None
    return request
