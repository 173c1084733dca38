"""What a model card tells of an evaluation: the films, scores with intervals, subgroups, shift and limits."""

import dataclasses

import pandas as pd

from keras_cxr.report.blocks import Grid
from keras_cxr.report.cells import moment, whole
from keras_cxr.report.other_hospitals import CAPTION, other_hospitals
from keras_cxr.report.sections.account import AT_HOME, LIMITS
from keras_cxr.report.sections.curves import group_scores
from keras_cxr.report.sections.scores import HEADLINE, by_dataset


@dataclasses.dataclass(frozen=True)
class CardEvaluation:
    """An evaluation of one model.

    Attributes:
        created: ISO date and time, UTC.
        films: ``dataset, films, patients, failed, own``, one row a data set: films scored and those that could not be
            read; whether the model was trained on the set.
        tables: By name, ``scores``, and of ``subgroups``, ``shift``, ``remedies`` and ``probe`` those that there are.
        notes: Lines for the user.
    """

    created: str
    films: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    notes: list[str]

    @property
    def when(self) -> str:
        """To the minute."""
        return moment(self.created)

    @property
    def datasets(self) -> Grid:
        """The films that were scored."""
        cells = pd.DataFrame(
            {
                "data set": self.films["dataset"],
                "films scored": self.films["films"].map(whole),
                "patients": self.films["patients"].map(whole),
                "could not be read": self.films["failed"].map(whole),
                "trained on this data set": self.films["own"].map({True: "yes", False: "no"}),
            }
        )
        return Grid("Films that were scored", cells, ["films scored", "patients", "could not be read"])

    @property
    def scores(self) -> Grid:
        """The headline scores, and the AUROC of each class or finding."""
        table = self.tables["scores"]
        single = [name for name in dict.fromkeys(table["metric"]) if name.startswith("AUROC[")]
        cells = by_dataset(table, [*HEADLINE, *single])
        return Grid("Scores by data set, with 95 % intervals", cells, list(cells)[1:])

    @property
    def subgroups(self) -> list[Grid]:
        """One table a data set that was scored by group."""
        table = self.tables.get("subgroups")
        if table is None:
            return []
        return [group_scores(own, str(name)) for name, own in table.groupby("dataset", sort=False)]

    @property
    def elsewhere(self) -> Grid | None:
        """Shift, remedies and shortcut probe, where they were asked for."""
        cells = other_hospitals(self.tables)
        return Grid(CAPTION, cells, []) if len(cells) else None

    @property
    def limits(self) -> list[str]:
        """What the numbers do not say."""
        # The card says the first two in words of its own.
        return [*LIMITS[2:], *([AT_HOME] if self.films["own"].all() else [])]
