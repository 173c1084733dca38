"""What a data set is made of, class by class: films, patients, files, and the distributions of what is known."""

import pandas as pd

from keras_cxr.data.table import SPLITS

NO_SPLIT = "no split"
_KEYS = ["dataset", "label"]


def tables(films: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The tables of an audit by their titles; a row a class of each data set.

    Args:
        films: As ``audit`` makes it.
    """
    found = {"Films": films_by_split(films), "Files": files(films), "Gray levels and persons": persons(films)}
    if films["dataset"].nunique() == 1:
        found = {title: table.drop(columns="dataset") for title, table in found.items()}
    return found


def films_by_split(films: pd.DataFrame) -> pd.DataFrame:
    """Films in each split and in all, patients that are known, and films that cannot be read."""
    splits = films["split"].replace("", NO_SPLIT)
    present = [name for name in (*SPLITS, NO_SPLIT) if (splits == name).any()]
    keys = [films[name] for name in _KEYS]
    counts = pd.crosstab(keys, splits)[present]
    groups = films.groupby(_KEYS)
    counts["films"] = groups.size()
    counts["patients"] = films[films["patient"] != ""].groupby(_KEYS)["patient"].nunique()
    counts["unreadable"] = (films["error"] != "").groupby(keys).sum()
    return _plain(counts.fillna(0).astype(int))


def files(films: pd.DataFrame) -> pd.DataFrame:
    """Sizes in pixels, types of file and bits of a gray level of the films that can be read."""
    groups = films[films["error"] == ""].groupby(_KEYS)
    return _plain(
        pd.DataFrame(
            {
                "width": groups["width"].apply(_spread),
                "height": groups["height"].apply(_spread),
                "sizes": groups["size"].nunique(),
                "file types": groups["file_type"].apply(_listed),
                "bits": groups["bits"].apply(_listed),
            }
        )
    )


def persons(films: pd.DataFrame) -> pd.DataFrame:
    """Mean gray level, contrast, age (medians with quartiles), sex and view, where known."""
    groups = films[films["error"] == ""].groupby(_KEYS)
    columns = {"mean gray": groups["mean"].apply(_spread), "contrast": groups["deviation"].apply(_spread)}
    for name, told in (("age", _spread), ("sex", _listed), ("view", _listed)):
        if name in films:
            columns[name] = groups[name].apply(told)
    return _plain(pd.DataFrame(columns))


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    table = table.reset_index().rename(columns={"label": "class"})
    table.columns.name = None
    return table.assign(**{"class": table["class"].replace("", "(no label)")})


def _spread(values: pd.Series) -> str:
    """'median (lower quartile–upper quartile)'; one number where all are the same."""
    low, middle, high = values.quantile([0.25, 0.5, 0.75])
    if pd.isna(middle):
        return ""
    return f"{middle:.0f}" if values.nunique() == 1 else f"{middle:.0f} ({low:.0f}–{high:.0f})"


def _listed(values: pd.Series) -> str:
    """'PNG 120, JPEG 3': the four most frequent values and their films."""
    counts = values.astype(str).replace("", "?").value_counts()
    shown = [f"{name} {count}" for name, count in counts.items()][:4]
    return ", ".join(shown) + (", …" if len(counts) > 4 else "")
