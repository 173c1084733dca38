"""What a running command shows: a progress bar with time left on a terminal, plain lines elsewhere."""

import contextlib
import sys
from collections.abc import Callable, Iterator

import click

from keras_cxr.training.monitor import Monitor


@contextlib.contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with the number of films done; draws nothing where standard error is no terminal."""
    if not sys.stderr.isatty():
        yield lambda films: None
        return
    with _bar() as bar:
        task = bar.add_task(what, total=total)
        yield lambda films: bar.advance(task, films)


def _bar():
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=Console(stderr=True), transient=True)


def print_table(table, title: str = "") -> None:
    """Print a pandas table with its column names, numbers to the right."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 120)
    drawn = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for column in table.columns:
        drawn.add_column(str(column), justify="right" if table[column].dtype.kind in "iuf" else "left")
    for row in table.itertuples(index=False):
        drawn.add_row(*[f"{value:.3f}" if isinstance(value, float) else escape(str(value)) for value in row])
    console.print(drawn)


class TrainingDisplay(Monitor):
    """Shows a training: the data set first, then a line an epoch and, on a terminal, a bar within it."""

    def __init__(self) -> None:
        self._open = contextlib.ExitStack()
        self._step: Callable[[int], None] = lambda steps: None

    def note(self, text: str) -> None:
        """Print a note."""
        self.close()
        click.echo(f"Note: {text}", err=True)

    def data(self, counts, sizes: str, weights: dict[str, float]) -> None:
        """Print the table of films, their sizes and the class weights."""
        self.close()
        table = counts.reset_index(names="class")
        table["weight"] = [f"{weights[name]:.3f}" if name in weights else "" for name in table["class"]]
        print_table(table)
        click.echo(f"Films: {sizes}")

    def start(self, what: str, steps: int) -> None:
        """Open a bar."""
        self.close()
        self._step = self._open.enter_context(progress(what, steps))

    def advance(self, steps: int = 1) -> None:
        """Move the bar."""
        self._step(steps)

    def epoch(self, row: dict, total: int) -> None:
        """Print the epoch's line."""
        self.close()
        click.echo(
            f"Epoch {row['epoch']}/{total} ({row['phase']}): loss {row['loss']:.4f}, accuracy {row['accuracy']:.3f}; "
            f"validation loss {row['val_loss']:.4f}, AUROC {row['val_auroc']:.4f}, accuracy {row['val_accuracy']:.3f}; "
            f"rate {row['learning_rate']:.1e}, {row['seconds']:.0f} s"
        )

    def close(self) -> None:
        """Take the bar away."""
        self._open.close()
        self._step = lambda steps: None
