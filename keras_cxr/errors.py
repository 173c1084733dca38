"""The one form of error: what was wrong, what was received, what to try next, in a single line."""

import difflib
from collections.abc import Iterable


class CxrError(Exception):
    """A fault that the user can mend. The message is one line; the command ends with ``exit_code``."""

    exit_code = 1


class UsageError(CxrError):
    """An argument or option that cannot be meant: exit code 2."""

    exit_code = 2


def unknown_name(kind: str, name: str, known: Iterable[str], hint: str = "") -> UsageError:
    """The error for a name that is not among the known ones, with the nearest one proposed.

    Args:
        kind: What was named, as the user calls it ("architecture", "layer", "--lungs").
        name: What was received.
        known: The names that exist.
        hint: A closing sentence; by default the known names, where there are few.
    """
    known = list(known)
    by_lower = {other.lower(): other for other in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    guess = f" Did you mean '{by_lower[near[0]]}'?" if near else ""
    if not hint and len(known) <= 12:
        hint = f"Known: {', '.join(known)}."
    return UsageError(f"Unknown {kind} '{name}'.{guess}" + (f" {hint}" if hint else ""))


def one_line(reason: str, length: int = 120) -> str:
    """Another program's reason, which may quote a damaged file, as a short line of printable letters."""
    line = "".join(letter if letter.isprintable() else "?" for letter in " ".join(reason.split()))
    return line if len(line) <= length else line[: length - 1] + "…"
