"""What the user wants to know of predictions beside the usual scores."""

import dataclasses

from keras_cxr.errors import UsageError
from keras_cxr.evaluation.task import MULTI_LABEL, ONE_CLASS


@dataclasses.dataclass(frozen=True)
class ScoreOptions:
    """What the user wants to know beside the usual scores.

    Attributes:
        at_sensitivity: Scores at the threshold that reaches it on validation films.
        prevalence: PPV and NPV at this share of positive films.
        by: Columns of the data set to score by.
        ordered: Three or more classes are ordered, by name.
        order: Their order, the least first.
    """

    at_sensitivity: float | None = None
    prevalence: float | None = None
    by: tuple[str, ...] = ()
    ordered: bool = False
    order: tuple[str, ...] = ()

    def check(self, classes: list[str], task: str = ONE_CLASS) -> None:
        """Hold the options against the classes.

        Raises:
            UsageError: An option for two classes where there are more, or the other way round, or a wrong order; one
                that does not go with multi-label.
        """
        given = {"--at-sensitivity": self.at_sensitivity, "--prevalence": self.prevalence}
        given |= {"--ordered": self.ordered or None, "--order": self.order or None}
        wrong = [name for name, value in given.items() if value is not None]
        if task == MULTI_LABEL and wrong:
            raise UsageError(f"{wrong[0]} does not go with multi-label ({', '.join(classes)}).")
        for name, value in (("--at-sensitivity", self.at_sensitivity), ("--prevalence", self.prevalence)):
            if value is not None and len(classes) > 2:
                raise UsageError(f"{name} needs two classes. There are {len(classes)}: {', '.join(classes)}.")
        if (self.ordered or self.order) and len(classes) < 3:
            raise UsageError(f"--ordered and --order need three classes or more. There are: {', '.join(classes)}.")
        if self.order and sorted(self.order) != sorted(classes):
            raise UsageError(
                f"--order must name each class once: {', '.join(classes)}. Received: {', '.join(self.order)}."
            )

    def order_of(self, classes: list[str]) -> list[str] | None:
        """The classes from the least to the greatest, None where they have no order."""
        return list(self.order) or (sorted(classes) if self.ordered else None)
