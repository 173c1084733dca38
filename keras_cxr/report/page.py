"""A report as one HTML file that loads nothing: text, tables, figures as SVG, films as data URIs."""

import dataclasses
import os
import re

from keras_cxr.files import write_text
from keras_cxr.report.blocks import Code, Facts, Films, Grid, Listing, Matrix, Picture, Row, Section, Text
from keras_cxr.report.contents import Contents
from keras_cxr.report.sections import account, curves, elsewhere, films, heatmaps, material, overview, scores
from keras_cxr.report.templating import environment

OF_A_MODEL = (
    material.training,
    material.learning,
    material.scored_films,
    scores.scores,
    curves.discrimination,
    scores.confusions,
    curves.calibration,
    curves.thresholds,
    scores.not_used,
    curves.subgroups,
    elsewhere.shift,
    elsewhere.probe,
    elsewhere.remedies,
    elsewhere.recalibration,
    heatmaps.map_scores,
    films.films,
    account.notes,
)
BEFORE = (account.at_a_glance, account.matrix, overview.elsewhere)
AFTER = (account.common_notes, account.limits, account.provenance)
_MACROS = {
    Text: "text",
    Listing: "listing",
    Code: "code",
    Facts: "facts",
    Grid: "grid",
    Matrix: "matrix",
    Picture: "picture",
    Row: "row",
    Films: "films",
}


def write_page(path: str | os.PathLike, contents: Contents) -> None:
    """Write a report."""
    write_text(path, page(contents))


def page(contents: Contents) -> str:
    """The HTML of a report. Every text of ``contents`` is escaped."""
    sections = [section(contents) for section in BEFORE]
    several = len(contents.models) > 1
    for place, results in enumerate(contents.models):
        own = [section(results, f"m{place}") for section in OF_A_MODEL]
        if several:
            sections.append(Section(results.name, []))
            own = [dataclasses.replace(section, level=3) for section in own if section]
        sections += own
    sections += [section(contents) for section in AFTER]
    entries = _with_ids([section for section in sections if section])
    return environment().get_template("report.html").render(contents=contents, entries=entries)


def _with_ids(sections: list[Section]) -> list[dict]:
    """Each section with an id that no other has, and its blocks with the names of their macros."""
    seen: dict[str, int] = {}
    entries = []
    for section in sections:
        name = re.sub(r"[^a-z0-9]+", "-", section.title.lower()).strip("-") or "section"
        seen[name] = seen.get(name, 0) + 1
        name = name if seen[name] == 1 else f"{name}-{seen[name]}"
        blocks = [_block(block) for block in section.blocks]
        entries.append({"id": f"s-{name}", "section": section, "blocks": blocks})
    return entries


def _block(block: object) -> tuple[str, object]:
    if isinstance(block, str):
        block = Text(block)
    elif isinstance(block, list):
        block = Listing(block)
    return _MACROS[type(block)], block
