"""The templates of this package."""

import functools
import html

import jinja2


@functools.cache
def environment() -> jinja2.Environment:
    """Where templates are found: HTML is escaped, and a name that a template does not know is an error."""
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("keras_cxr.report"),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters["cell"] = markdown_cell
    return found


def markdown_cell(text: object) -> str:
    """Text that a Markdown table or list shows as it is."""
    escaped = html.escape(" ".join(str(text).split()), quote=False)
    return escaped.replace("|", "\\|").replace("*", "\\*").replace("`", "\\`")
