"""Weights files into a backbone: every form that Keras writes, the whole of it or nothing.

Keras itself takes a file only into a model of exactly the same layers. Here the file may hold more than the backbone
needs (the application's classifier, the part behind a cut), and a file that holds less is refused by name.
"""

import itertools
import pathlib

import h5py
import keras

from keras_cxr.errors import CxrError
from keras_cxr.models.names import settle_names
from keras_cxr.models.spatial import cut_layers
from keras_cxr.models.weights_origin import check_origin


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
        check_origin(file, backbone.name)
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
    for model in models:
        # A Sequential has no operations; as a part of an application it bears the application's names.
        if not isinstance(model, keras.Sequential):
            settle_names(model)
    return max(models, key=lambda model: len(wanted & {layer.name for layer in model.layers}))


def _filled(file: pathlib.Path, backbone: keras.Model, whole: keras.Model) -> keras.Model:
    """The largest of the backbone, the application and its cuts that the file fills, loaded from it.

    A weights file names layers by kind and order, not by their names, so it has to meet a model that begins with the
    same layers. What else it holds, such as the application's classifier, comes after them and is left.
    """
    held = _array_count(file)
    # A file of the backbone itself: a cut inside a block is no beginning of the application.
    same = [backbone] if len(backbone.weights) == held else []
    cuts = (keras.Model(whole.input, whole.get_layer(name).output) for name in reversed(cut_layers(whole)))
    fill = _fill_in_order if _is_legacy(file) else _fill_by_kind
    for model in itertools.chain(same, [whole], cuts):
        if len(model.weights) <= held and fill(model, file):
            return model
    raise CxrError(
        f"The weights file {file} holds {held} arrays, which are not those of {backbone.name} ({len(whole.weights)} "
        f"arrays) nor of its beginning. Try a file of keras.applications' {backbone.name}, or a whole model (.keras)."
    )


def _fill_by_kind(model: keras.Model, file: pathlib.Path) -> bool:
    """Load a ``.weights.h5`` file; False where it lacks a layer of the model or holds one of another shape."""
    try:
        model.load_weights(file)
    except ValueError:
        return False
    return True


def _fill_in_order(model: keras.Model, file: pathlib.Path) -> bool:
    """Load a legacy ``.h5`` file; False where its first layers are not the model's."""
    layers = [layer for layer in model.layers if layer.weights]
    with h5py.File(file) as content:
        arrays = _legacy_layers(content)[: len(layers)]
        shapes = [[tuple(weight.shape) for weight in layer.weights] for layer in layers]
        if shapes != [[array.shape for array in one] for one in arrays]:
            return False
        for layer, one in zip(layers, arrays, strict=True):
            layer.set_weights([array[()] for array in one])
    return True


def _is_legacy(file: pathlib.Path) -> bool:
    with h5py.File(file) as content:
        return "layer_names" in content.get("model_weights", content).attrs


def _array_count(file: pathlib.Path) -> int:
    """The number of weights in the file; the state of dropout's random numbers is none."""
    if _is_legacy(file):
        with h5py.File(file) as content:
            return sum(len(arrays) for arrays in _legacy_layers(content))
    paths = []
    with h5py.File(file) as content:
        content.visititems(lambda path, item: paths.append(path) if isinstance(item, h5py.Dataset) else None)
    return sum("seed_generator" not in path for path in paths)


def _legacy_layers(content: h5py.File) -> list[list[h5py.Dataset]]:
    """The weights of each layer that has any, in order, of a legacy ``.h5`` (weights or model)."""
    groups = content.get("model_weights", content)
    named = (groups[_text(name)] for name in groups.attrs["layer_names"])
    found = ([group[_text(weight)] for weight in group.attrs["weight_names"]] for group in named)
    return [arrays for arrays in found if arrays]


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _too_short(file: pathlib.Path, backbone: keras.Model, missing: list[str]) -> CxrError:
    """The error for a file that ends before the backbone does."""
    names = [layer.name for layer in backbone.layers]
    held = [name for name in cut_layers(backbone) if names.index(name) < names.index(missing[0])]
    cut = f"--features-from {held[-1]}, or " if held else ""
    return CxrError(
        f"The weights file {file} lacks {len(missing)} layers of {backbone.name}: {missing[0]} to {missing[-1]}. "
        f"Try {cut}a file of the whole backbone."
    )
