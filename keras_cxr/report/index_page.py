"""A page of pictures: what a folder of overlays looks like in a browser."""

import html
import os
import pathlib
import urllib.parse
from collections.abc import Iterable

from keras_cxr.files import write_text

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --paper: #fafafa; --card: #fff; --ink: #1c1c1c; --faint: #666; --line: #ddd; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --paper: #161616; --card: #222; --ink: #eee; --faint: #aaa; --line: #3a3a3a; }}
}}
body {{ margin: 0 auto; max-width: 1600px; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 16px/1.45 system-ui, sans-serif; }}
h1 {{ margin: 0; font-size: 1.5rem; }}
header p, .note {{ margin: 0.25rem 0 0; color: var(--faint); }}
main {{ display: grid; gap: 1rem; margin-top: 1.5rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); }}
figure {{ margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }}
img {{ display: block; width: 100%; height: auto; }}
figcaption {{ padding: 0.6rem 0.8rem; overflow-wrap: anywhere; }}
figcaption b {{ float: right; margin-left: 1rem; }}
</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p>{count}. For research, not for diagnosis.</p>
<p>A map may look right and show nothing of the network.
<code>keras-cxr explain --score</code> measures what it is worth.</p>
</header>
<main>
{figures}
</main>
</body>
</html>
"""


def write_index(
    path: str | os.PathLike, title: str, rows: Iterable[tuple[str | os.PathLike | None, str, str, float | None, str]]
) -> None:
    """Write one HTML page that shows pictures in a grid; it loads nothing but the pictures.

    Args:
        path: Where to write; its folder is made.
        title: Heading of the page.
        rows: One a film: (path of the picture relative to the page or None where there is none, film name, label,
            probability of the label 0–1 or None or NaN, note). All texts are escaped, the path is quoted.
    """
    figures = [_figure(*row) for row in rows]
    count = f"{len(figures)} film{'' if len(figures) == 1 else 's'}"
    write_text(path, _PAGE.format(title=html.escape(title), count=count, figures="\n".join(figures)))


def _figure(picture, name: str, label: str, probability: float | None, note: str) -> str:
    image = ""
    name = os.fsencode(name).decode("utf-8", "replace")
    if picture is not None:
        link = html.escape(urllib.parse.quote(os.fsencode(pathlib.PurePath(picture).as_posix())))
        alt = html.escape(f"{name} and its heatmap")
        image = f'<a href="{link}"><img src="{link}" alt="{alt}" loading="lazy"></a>\n'
    # NaN, pandas' empty cell, is not equal to itself.
    known = probability is not None and probability == probability
    decision = html.escape(label) + (f" {probability:.3f}" if known else "")
    lines = (f"<b>{decision}</b>" if decision else "") + html.escape(name)
    if note:
        lines += f'\n<p class="note">{html.escape(note)}</p>'
    return f"<figure>\n{image}<figcaption>{lines}</figcaption>\n</figure>"
