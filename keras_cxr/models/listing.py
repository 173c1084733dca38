"""The architectures as rows of a table."""

from keras_cxr.models.registry import architectures


def listing() -> list[dict]:
    """One row an architecture, from what is registered of it: nothing is built, TensorFlow is not imported.

    Keys: name, parameters (of a two-class network at the default size), size (pixels), channels, weights (the
    default), feature_layer (the last whose output is a map), cut_layer (a backbone's, where a smaller network is to
    end: --features-from; else None), summary.
    """
    return [
        {
            "name": architecture.name,
            "parameters": architecture.parameters,
            "size": architecture.input_size,
            "channels": architecture.channels,
            "weights": architecture.weights,
            "feature_layer": architecture.feature_layer,
            "cut_layer": architecture.cut_layer,
            "summary": architecture.summary,
        }
        for architecture in architectures().values()
    ]
