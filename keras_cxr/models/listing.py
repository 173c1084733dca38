"""The architectures as rows of a table."""

from keras_cxr.models.network import build
from keras_cxr.models.registry import architectures
from keras_cxr.models.spatial import spatial_layers


def listing() -> list[dict]:
    """One row an architecture; the counts are those of a two-class network at the default size, built to see.

    Keys: name, parameters, size (pixels), channels, weights (the default), feature_layer (the last
    whose output is a map), summary.
    """
    rows = []
    for name, architecture in architectures().items():
        network = build(name, classes=2, weights="none")
        rows.append(
            {
                "name": name,
                "parameters": network.count_params(),
                "size": architecture.input_size,
                "channels": architecture.channels,
                "weights": architecture.weights,
                "feature_layer": spatial_layers(network)[-1],
                "summary": architecture.summary,
            }
        )
    return rows
