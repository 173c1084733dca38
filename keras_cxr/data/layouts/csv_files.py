"""Reading a data set's CSV files: every value as text, in any common separator, faults in one line."""

import io
import os
import pathlib
import warnings

import pandas as pd

from keras_cxr.errors import CxrError


def read_csv(file: str | os.PathLike, what: str = "labels file") -> pd.DataFrame:
    """Read a CSV file with a header row; values are str, '' where empty, and column names lose outer spaces.

    Raises:
        CxrError: No such file, or no CSV; ``what`` names it in the message.
    """
    try:
        text = pathlib.Path(file).read_text(encoding="utf-8-sig")
        with warnings.catch_warnings(action="error", category=pd.errors.ParserWarning):  # of rows cut to the header
            content = pd.read_csv(io.StringIO(text), sep=_separator(text), dtype=str, na_filter=False, index_col=False)
    except FileNotFoundError as fault:
        raise CxrError(f"The {what} '{file}' does not exist.") from fault
    except (OSError, ValueError, pd.errors.ParserWarning) as fault:
        reason = " ".join(str(fault).split())
        raise CxrError(f"The {what} '{file}' cannot be read as CSV with a header row: {reason}") from fault
    content.columns = [str(column).strip() for column in content.columns]
    return content


def _separator(text: str) -> str:
    # By the header alone: sniffing takes letters for separators where there is one column.
    header = text.lstrip().partition("\n")[0]
    return max((",", ";", "\t", "|"), key=header.count)


def has_columns(file: pathlib.Path, *columns: str) -> bool:
    """Whether ``file`` is there and its first line names all ``columns``, between commas."""
    try:
        with open(file, encoding="utf-8-sig") as stream:
            header = stream.readline(10_000)
    except (OSError, ValueError):
        return False
    return set(columns) <= {name.strip() for name in header.split(",")}
