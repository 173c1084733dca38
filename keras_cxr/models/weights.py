"""Weights files into a backbone: every form that Keras writes, the whole of it or nothing.

Keras itself takes a file only into a model of exactly the same layers. Here the file may hold more than the backbone
needs (the application's classifier, the part behind a cut), and a file that holds less is refused by name.
"""

import pathlib

import h5py
import keras
import numpy as np

from keras_cxr.errors import CxrError
from keras_cxr.models.spatial import spatial_layers


def load_backbone(file: pathlib.Path, backbone: keras.Model, whole: keras.Model) -> None:
    """Load ``file`` into ``backbone``, in place.

    Args:
        file: ``.weights.h5``, ``.h5`` (weights or model, with or without classifier, also of keras.applications), or
            ``.keras`` (the application, or a network of this package on it).
        backbone: The model to load; it may be a cut of ``whole``.
        whole: The application without top. Its layers, which ``backbone`` shares, may be written to.

    Raises:
        CxrError: If the file cannot be read, or does not hold every layer of ``backbone``.
    """
    try:
        if file.suffix == ".keras":
            donor = _saved_model(file, backbone)
        else:
            donor = _filled(file, backbone, whole)
        held = {layer.name: layer for layer in donor.layers if layer.weights}
        needed = [layer for layer in backbone.layers if layer.weights]
        missing = [layer.name for layer in needed if layer.name not in held]
        if missing:
            raise _too_short(file, backbone, missing)
        for layer in needed:
            layer.set_weights(held[layer.name].get_weights())
    except CxrError:
        raise
    except Exception as error:  # Keras and h5py raise many kinds here
        reason = " ".join(str(error).split())[:200]
        raise CxrError(
            f"The weights file {file} does not fit {backbone.name} or cannot be read ({reason}). "
            f"It must be a file that Keras wrote of keras.applications' {backbone.name}: .weights.h5, .h5 or .keras."
        ) from error


def _saved_model(file: pathlib.Path, backbone: keras.Model) -> keras.Model:
    """The model in a ``.keras`` file, or nested in it, that shares most layer names with ``backbone``."""
    saved = keras.models.load_model(file, compile=False)
    wanted = {layer.name for layer in backbone.layers}
    models = [saved, *(layer for layer in saved.layers if isinstance(layer, keras.Model))]
    return max(models, key=lambda model: len(wanted & {layer.name for layer in model.layers}))


def _filled(file: pathlib.Path, backbone: keras.Model, whole: keras.Model) -> keras.Model:
    """The cut of ``whole`` that has as many arrays as the file, loaded from it.

    A weights file names layers by kind and order, not by their names, so it has to meet a model of the same layers.
    """
    legacy = _legacy_layers(file)
    held = _array_count(file) if legacy is None else sum(len(arrays) for arrays in legacy)
    cuts = (keras.Model(whole.input, whole.get_layer(name).output) for name in reversed(spatial_layers(whole)))
    for model in (backbone, whole, *cuts):
        if len(model.weights) == held:
            break
    else:
        raise CxrError(
            f"The weights file {file} holds {held} arrays, and {backbone.name} has {len(whole.weights)} or, cut "
            f"at a layer, another number. Try a file of keras.applications' {backbone.name}, or a whole model (.keras)."
        )
    if legacy is None:
        model.load_weights(file)
    else:
        for layer, arrays in zip([layer for layer in model.layers if layer.weights], legacy, strict=True):
            layer.set_weights(arrays)
    return model


def _array_count(file: pathlib.Path) -> int:
    """The number of arrays in a ``.weights.h5`` file, less those of dense layers: backbones have none."""
    paths = []
    with h5py.File(file) as content:
        content.visititems(lambda path, item: paths.append(path) if isinstance(item, h5py.Dataset) else None)
    return sum("/dense" not in path for path in paths)


def _legacy_layers(file: pathlib.Path) -> list[list[np.ndarray]] | None:
    """The arrays of each layer with weights, in order, of a legacy ``.h5`` (weights or model); None for another form.

    Dense layers, the application's classifier, are left out.
    """
    with h5py.File(file) as content:
        layers = content.get("model_weights", content)
        if "layer_names" not in layers.attrs:
            return None
        found = []
        for name in layers.attrs["layer_names"]:
            group = layers[_text(name)]
            arrays = [group[_text(weight)][()] for weight in group.attrs["weight_names"]]
            if arrays and arrays[0].ndim != 2:
                found.append(arrays)
    return found


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _too_short(file: pathlib.Path, backbone: keras.Model, missing: list[str]) -> CxrError:
    """The error for a file that ends before the backbone does."""
    names = [layer.name for layer in backbone.layers]
    held = [name for name in spatial_layers(backbone) if names.index(name) < names.index(missing[0])]
    cut = f"--features-from {held[-1]}, or " if held else ""
    return CxrError(
        f"The weights file {file} lacks {len(missing)} layers of {backbone.name}: {missing[0]} to {missing[-1]}. "
        f"Try {cut}a file of the whole backbone."
    )
