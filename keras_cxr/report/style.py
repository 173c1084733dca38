"""One look for every figure, without pyplot's global state."""

import contextlib
import os
from collections.abc import Iterator

import matplotlib as mpl
from matplotlib.figure import Figure

from keras_cxr.files import whole_file

# Okabe & Ito's palette, told apart by colour-blind readers, without its pale yellow.
COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000"]
LINES = ["-", "--", "-.", (0, (1, 1.2)), (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2))]  # and told apart in gray
MUTED = "#8a8a8a"

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#444444",
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.8,
    "figure.constrained_layout.w_pad": 0.12,
    "figure.constrained_layout.h_pad": 0.1,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.8,
    "savefig.dpi": 150,
    "savefig.facecolor": "white",
}


def line_style(index: int) -> dict:
    """Colour and dash of the ``index``-th curve, as keywords of ``Axes.plot``."""
    return {"color": COLORS[index % len(COLORS)], "linestyle": LINES[index % len(LINES)]}


@contextlib.contextmanager
def png(path: str | os.PathLike, width: float, height: float) -> Iterator[Figure]:
    """Yield an empty figure of ``width`` by ``height`` inches; write it to ``path``, whole, when the block ends."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure
        with whole_file(path) as temporary:
            figure.savefig(temporary)
