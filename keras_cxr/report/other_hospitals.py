"""How a model fares on other hospitals' films, in one row a data set: of shift, remedies and shortcut probe."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from keras_cxr.report.cells import NONE, interval, text, whole

_MAIN = ("AUROC", "macro AUROC")
CAPTION = "Shift, remedies and shortcut probe, with 95 % intervals"


def other_hospitals(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """A table to be shown: ``data set`` and what is known of it, one row a data set; empty where nothing is.

    Args:
        tables: By name, those of ``shift``, ``remedies`` and ``probe`` that there are, with their columns.
    """
    parts = {name: _by_dataset(tables[name]) for name in ("shift", "remedies", "probe") if name in tables}
    names = list(dict.fromkeys(name for part in parts.values() for name in part))
    rows = [
        {"data set": name}
        | {column: cell(parts[of][name]) if name in parts[of] else NONE for column, (of, cell) in _shown(parts)}
        for name in names
    ]
    return pd.DataFrame(rows)


def _by_dataset(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {str(name): own for name, own in table.groupby("dataset", sort=False)}


def _shown(parts: dict[str, dict]) -> list[tuple[str, tuple[str, Callable[[pd.DataFrame], str]]]]:
    return [(column, source) for column, source in _COLUMNS.items() if source[0] in parts]


def _value(column: str, name: str, metrics: tuple[str, ...] = ()) -> Callable[[pd.DataFrame], str]:
    """The value with its interval of the row whose ``column`` is ``name``."""

    def cell(table: pd.DataFrame) -> str:
        rows = table[(table[column] == name) & (table["metric"].isin(metrics) if metrics else True)]
        if rows.empty:
            return NONE
        row = rows.iloc[0]
        flag = text(row["flag"])
        return interval(row["value"], row["low"], row["high"]) + (f", {flag}" if flag and metrics else "")

    return cell


def _warnings(table: pd.DataFrame) -> str:
    return f"{whole(np.sum(table['flag'].map(text) != ''))} of {whole(len(table))}"


def _verdicts(table: pd.DataFrame) -> str:
    """Which remedies help and harm, by name."""
    verdicts = table.drop_duplicates("remedy").set_index("remedy")["verdict"].map(text)
    found = [
        f"{word}: {', '.join(verdicts.index[verdicts == word])}"
        for word in ("helps", "harms")
        if (verdicts == word).any()
    ]
    return "; ".join(found) or f"no clear difference ({len(verdicts)} tried)"


_COLUMNS = {
    "AUROC of telling them from the training's": ("shift", _value("item", "told apart by embedding")),
    "share of unfamiliar films": ("shift", _value("item", "share of unfamiliar films")),
    "warnings of the shift": ("shift", _warnings),
    "remedies": ("remedies", _verdicts),
    "AUROC of whole films": ("probe", _value("view", "whole film", _MAIN)),
    "AUROC with covered lungs": ("probe", _value("view", "lungs covered", _MAIN)),
}
