"""Figures as SVG inside a page: in the page's own colours, light or dark, and with names that no other figure has."""

import pathlib
import re
import tempfile
from collections.abc import Callable
from xml.sax.saxutils import escape

import matplotlib as mpl

from keras_cxr.report.blocks import Picture

# What is black, gray or white in a figure follows the page, and so does the blue, too dim on a dark one; the other
# curves keep their colours.
_PAGE_COLOURS = {
    "#0072b2": "var(--blue)",
    "#000000": "currentColor",
    "#222222": "currentColor",
    "#444444": "var(--axis)",
    "#555555": "var(--faint)",
    "#8a8a8a": "var(--muted)",
    "#e6e6e6": "var(--grid)",
    "#ffffff": "var(--paper)",
}
_SETTINGS = {
    # Letters as outlines: the same on every reader's machine.
    "svg.fonttype": "path",
    "svg.hashsalt": "keras-cxr",
    "savefig.transparent": True,
}
_POINT = 96 / 72


def inline_svg(draw: Callable[[pathlib.Path], None], name: str, alt: str, caption: str) -> Picture:
    """Draw a figure for a page.

    Args:
        draw: Writes the figure to a file whose suffix is ``.svg``.
        name: Letters, digits and hyphens, another one for each figure of the page; its ids begin with it.
        alt: What the figure shows, in words, for those who cannot see it.
        caption: Below it.
    """
    with tempfile.TemporaryDirectory() as folder, mpl.rc_context(_SETTINGS):
        file = pathlib.Path(folder, "figure.svg")
        draw(file)
        text = file.read_text(encoding="utf-8")
    width, height = (float(found) for found in re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text).groups())
    body = text[text.index(">", text.index("<svg")) + 1 :]
    body = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r"\s*\n\s*", " ", body)
    body = re.sub(r'\bid="', f'id="{name}-', body)
    body = re.sub(r'href="#', f'href="#{name}-', body).replace("url(#", f"url(#{name}-")
    body = body.replace("xlink:href", "href")
    for colour, of_the_page in _PAGE_COLOURS.items():
        body = body.replace(colour, of_the_page)
    head = (
        f'<svg role="img" aria-labelledby="{name}-title" viewBox="0 0 {width:g} {height:g}" fill="currentColor">'
        f'<title id="{name}-title">{escape(alt)}</title>'
    )
    return Picture(head + body.strip(), caption, round(width * _POINT))
