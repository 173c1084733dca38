"""What data sets write about a film's person and projection, in this package's words."""

import math
import re

OLDEST = 120
_YEARS = {"": 1.0, "Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
_SEXES = {"m": "M", "male": "M", "f": "F", "female": "F", "unknown": "", "u": ""}
_VIEWS = {"pa": "PA", "ap": "AP"} | dict.fromkeys(("lateral", "lat", "l", "ll", "rl"), "lateral")


def years(text: str) -> float:
    """An age such as '58', '058Y' or '006M' in years, NaN where there is none or nobody lives to be as old."""
    found = re.fullmatch(r"(\d+(?:\.\d*)?) ?([YMWD]?)", text.strip().upper())
    age = float(found[1]) * _YEARS[found[2]] if found else math.nan
    return age if age <= OLDEST else math.nan


def sex(text: str) -> str:
    """'M', 'F', '' where unknown, or the text itself."""
    return _SEXES.get(text.strip().lower(), text.strip())


def view(text: str) -> str:
    """'PA', 'AP', 'lateral', '' where unknown, or the text itself."""
    return _VIEWS.get(text.strip().lower(), text.strip())
