"""Films that a reader should see."""

from keras_cxr.report.blocks import Films, Section
from keras_cxr.report.contents import ModelResults


def films(results: ModelResults, key: str) -> Section | None:
    """The worst errors, the least certain and the most unfamiliar films, as thumbnails."""
    blocks = [
        Films(f"{each.name}: {caption}", shown) for each in results.scored for caption, shown in each.shown if shown
    ]
    about = (
        "Heatmaps show where the evidence for the label given lies, in the manner of their method; they are known to "
        "mislead, and prove neither that a finding is there nor that the model saw it."
    )
    heatmaps = any(block.pairs for block in blocks)
    return Section("Errors and uncertain films", [*([about] if heatmaps else []), *blocks]) if blocks else None
