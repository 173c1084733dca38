"""The comparison's tables as they go into a report: Markdown, and text cells for the terminal."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

HEADLINE = (
    "AUROC",
    "macro AUROC",
    "accuracy",
    "balanced accuracy",
    "macro F1",
    "sensitivity",
    "specificity",
    "F1",
)
_METHOD = (
    "Scores with 95 % intervals, at the threshold of each model's card. Differences are model less reference, with "
    "95 % intervals of the bootstrap clustered by patient (2,000 draws). p, two-sided: AUROC by DeLong's test "
    "(Obuchowski's covariance where patients have several films), every other score by permutation (10,000 swaps of "
    "the two models' answers, a patient's films together, or every swap where there are fewer); adjusted after Holm "
    "over the models, not over the scores. Films a second: the network alone with the runtime named, on decoded films "
    "in batches of 32, on the machine of the comparison. Seconds an epoch: the mean of the training, on the machine of "
    "the training. For research, not for diagnosis."
)


def facts_cells(models: pd.DataFrame) -> pd.DataFrame:
    """What each model is and cost, as text; the columns of ``models`` that are no scores."""
    cells = models[["model", "architecture"]].astype(str)
    for name in ("input size", "parameters", "epochs"):
        cells[name] = [_number(value, "{:,.0f}") for value in models[name]]
    for name in ("seconds an epoch", "films a second"):
        cells[name] = [_number(value, "{:,.1f}") for value in models[name]]
    return cells.assign(runtime=models["runtime"])


def scores_cells(models: pd.DataFrame) -> pd.DataFrame:
    """The headline scores of each model as text, value and interval."""
    cells = models[["model"]].astype(str)
    for metric in HEADLINE:
        if metric in models:
            columns = models[[metric, f"{metric} low", f"{metric} high"]]
            cells[metric] = [_interval(*row, "{:.3f}") for row in columns.itertuples(index=False)]
    return cells


def differences_cells(differences: pd.DataFrame, metrics: Iterable[str] | None = None) -> pd.DataFrame:
    """The differences as text: ``model, score, difference, p``.

    Args:
        differences: Table with ``model, metric, difference, low, high, p``.
        metrics: Those to show; None: all.
    """
    rows = differences if metrics is None else differences[differences["metric"].isin(list(metrics))]
    return pd.DataFrame(
        {
            "model": rows["model"].astype(str),
            "score": rows["metric"],
            "difference": [_interval(row.difference, row.low, row.high, "{:+.3f}") for row in rows.itertuples()],
            "p": ["< 0.001" if p < 0.001 else _number(p, "{:.3f}") for p in rows["p"]],
        }
    )


def comparison_page(models: pd.DataFrame, differences: pd.DataFrame, notes: list[str]) -> str:
    """The whole comparison as Markdown, with its figure.

    Args:
        models: One row a model: ``model, architecture, input size, parameters, epochs, seconds an epoch, runtime,
            films a second``, scores as ``<metric>``, ``<metric> low``, ``<metric> high``, and ``films``.
        differences: See ``differences_cells``; with ``dataset`` and ``reference`` as well.
        notes: What was left out, and why.
    """
    dataset, reference = differences[["dataset", "reference"]].iloc[0]
    parts = [
        f"# Comparison on {_escaped(dataset)}, {models['films'].iloc[0]:,} films",
        _markdown(facts_cells(models)),
        _markdown(scores_cells(models)),
        "![Scores and differences with 95 % intervals](comparison.png)",
        f"Differences against {_escaped(reference)}:",
        _markdown(differences_cells(differences)),
        _METHOD,
        "\n".join(f"- {_escaped(note)}" for note in notes),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _markdown(cells: pd.DataFrame) -> str:
    texts = [list(cells.columns), ["---"] * len(cells.columns), *cells.astype(str).to_numpy().tolist()]
    rule = texts.pop(1)
    lines = [" | ".join(_escaped(text) for text in row) for row in texts]
    return "\n".join(f"| {line} |" for line in [lines[0], " | ".join(rule), *lines[1:]])


def _escaped(text: str) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def _number(value: float | None, form: str) -> str:
    return "–" if value is None or np.isnan(value) else form.format(value)


def _interval(value: float, low: float, high: float, form: str) -> str:
    return "–" if np.isnan(value) else f"{form} ({form} to {form})".format(value, low, high)
