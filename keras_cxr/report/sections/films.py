"""Films that a reader should see."""

from keras_cxr.report.blocks import Films, Section
from keras_cxr.report.contents import ModelResults

NEIGHBOURS = (
    "Beside a film stand the training films nearest to it by the network's features, the nearest first, each "
    "with the label that it was trained with. Distance: Euclidean, of standardised features; 1 is about one standard "
    "deviation in every feature. What is alike to the network may be exposure, framing or a marker, and need not be "
    "alike to a reader. A film of the same patient, or the same file, is marked."
)


def films(results: ModelResults, key: str) -> Section | None:
    """The worst errors, the least certain and the most unfamiliar films, each with the training films nearest to it."""
    blocks = [
        Films(f"{each.name}: {caption}", shown) for each in results.scored for caption, shown in each.shown if shown
    ]
    about = (
        "Heatmaps show where the evidence for the label given lies, in the manner of their method; they are known to "
        "mislead, and prove neither that a finding is there nor that the model saw it."
    )
    told = [about] if any(block.pairs for block in blocks) else []
    if any(block.neighbours for block in blocks):
        told.append(NEIGHBOURS)
    return Section("Errors and uncertain films", [*told, *blocks]) if blocks else None
