"""``keras-cxr predict``: a folder of unknown films to a CSV file of labels."""

import collections
import pathlib

import click

from keras_cxr.cli.options import (
    find_model,
    find_runtime,
    lung_masks_option,
    max_megapixels_option,
    model_option,
    runtime_options,
)


@click.command()
@click.argument("images", type=click.Path(path_type=pathlib.Path))
@click.option("-o", "--output", type=click.Path(path_type=pathlib.Path), default="preds.csv", show_default=True)
@model_option
@lung_masks_option
@runtime_options
@max_megapixels_option
@click.option("--frontal-only", is_flag=True, help="No label for lateral films and other body parts (DICOM header).")
@click.option("--resume", is_flag=True, help="Keep the rows that are written already.")
@click.option("--strict", is_flag=True, help="Exit with 1 when any file fails.")
def predict(images, output, model, lung_masks, runtime, precision, frontal_only, resume, strict) -> int:
    """Label every film of a folder (or one film), one CSV row a file, failures included with the reason."""
    from keras_cxr.cli.display import progress
    from keras_cxr.data.film_paths import film_paths
    from keras_cxr.prediction.predict import predict as run

    total = sum(1 for _ in film_paths(images)[1])
    saved = find_model(model)
    compute = find_runtime(saved, runtime, precision, unfamiliarity=True)
    with progress("Labelling", total) as advance:
        summary = run(saved, images, output, resume, advance, lung_masks, frontal_only, compute)
    counts = "".join(f", {count} {label}" for label, count in _counts(summary.labels, saved.card.task))
    before = f", {summary.skipped} done before" if summary.skipped else ""
    for note in summary.notes:
        click.echo(f"Note: {note}", err=True)
    click.echo(f"{summary.files} files{counts}, {len(summary.failures)} failed{before}. Model: {saved.folder}")
    for name, reason in summary.failures[:5]:
        click.echo(f"  failed: {name}: {reason}", err=True)
    if len(summary.failures) > 5:
        click.echo(f"  … and {len(summary.failures) - 5} more; see the error column", err=True)
    click.echo(f"Wrote {output}")
    labelled = summary.labels.total() + summary.skipped
    return 1 if not labelled or (strict and summary.failures) else 0


def _counts(labels: collections.Counter, task: str) -> list[tuple[str, int]]:
    """Films by label; multi-label, by finding: there are nearly as many sets of findings as films."""
    from keras_cxr.evaluation.findings import NO_FINDING, findings_in
    from keras_cxr.evaluation.task import MULTI_LABEL

    if task != MULTI_LABEL:
        return sorted(labels.items())
    found = collections.Counter()
    for label, count in labels.items():
        found.update(dict.fromkeys(findings_in(label) or [NO_FINDING], count))
    return sorted(found.items())
