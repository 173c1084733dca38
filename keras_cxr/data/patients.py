"""Which patient a film belongs to, where the file's name tells it."""

import re

import pandas as pd

from keras_cxr.errors import UsageError

# Kermany's normal films come as IM-<n>-… and NORMAL2-IM-<n>-…; whether the two series share patients is not
# documented, so one number is taken for one patient: the cautious side for a split.
KNOWN_FORMS = (
    re.compile(r"^(?P<patient>person\d+)_"),
    re.compile(r"^(?:NORMAL2-)?(?P<patient>IM-\d+)-"),
    re.compile(r"^(?:NORMAL|BACTERIA|VIRUS)-(?P<patient>\d+)-\d+"),
    re.compile(r"^(?P<patient>\d{8})_\d{3}(?!\d)"),
    re.compile(r"^(?P<patient>phantom-[ab]\d+)_\d+"),
)


def compile_group(pattern: str, group: str, option: str) -> re.Pattern:
    """Compile the user's regular expression and check that it names ``group``.

    Raises:
        UsageError: No regular expression, or no such group.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as fault:
        raise UsageError(f"The '{option}' option is not a regular expression ({fault}). Received: {pattern}") from fault
    if group not in compiled.groupindex:
        raise UsageError(
            f"The '{option}' option must hold a named group (?P<{group}>…). Received: {pattern}. "
            f"For example: {option} '^(?P<{group}>[^_]+)_'"
        )
    return compiled


def patients_from_names(names: pd.Series, pattern: str | None = None) -> pd.Series:
    """The patient of each file name (without folders), '' where the name does not tell.

    Known forms: Kermany ``person12_…``, ``IM-0115-0001``, ``NORMAL2-IM-1427-0001``, ``VIRUS-1008087-0001``; NIH
    ``00000013_005``; this package's phantoms. ``pattern`` replaces them: a regular expression with a named group
    ``patient``.
    """
    forms = [compile_group(pattern, "patient", "--patient-pattern")] if pattern else KNOWN_FORMS

    def patient(name: str) -> str:
        found = next((match for form in forms if (match := form.search(name))), None)
        return (found.group("patient") or "") if found else ""

    return names.map(patient).astype(str)
