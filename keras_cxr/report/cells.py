"""Numbers as a report writes them."""

import datetime
import math

import pandas as pd

NONE = "–"


def number(value: float | None, digits: int = 3, signed: bool = False) -> str:
    """A number with so many digits behind the point; a dash where it is undefined or not known."""
    if value is None or value == "" or math.isnan(float(value)):
        return NONE
    if math.isinf(float(value)):
        return "∞"
    return f"{float(value):{'+' if signed else ''},.{digits}f}".replace("-", "−")


def whole(value: float | None) -> str:
    """A count, by thousands."""
    return number(value, digits=0)


def interval(value: float, low: float, high: float, signed: bool = False) -> str:
    """A value with its interval: '0.912 (0.880 to 0.941)'; the value alone where there is no interval."""
    if number(low) == NONE or number(high) == NONE:
        return number(value, signed=signed)
    return f"{number(value, signed=signed)} ({number(low, signed=signed)} to {number(high, signed=signed)})"


def intervals(table: pd.DataFrame, value: str = "value", signed: bool = False) -> list[str]:
    """Of each row of a table with ``low`` and ``high``, the value with its interval."""
    return [interval(*row, signed=signed) for row in table[[value, "low", "high"]].itertuples(index=False)]


def text(value: object) -> str:
    """A cell of any kind as text, '' where it is empty."""
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value)


def moment(iso: str | None) -> str:
    """A date and time in UTC, to the minute; '' where it is not known."""
    return datetime.datetime.fromisoformat(iso).strftime("%Y-%m-%d %H:%M UTC") if iso else ""
