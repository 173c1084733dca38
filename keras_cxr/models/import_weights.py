"""PyTorch weights of a published network to the weights file of a backbone here, every tensor accounted for."""

import os
import pathlib
import re
import tempfile
from collections.abc import Iterator
from typing import NamedTuple

import keras
import numpy as np

from keras_cxr.errors import CxrError, UsageError, unknown_name
from keras_cxr.models.architecture import Architecture
from keras_cxr.models.freeze import backbone
from keras_cxr.models.import_weights_read import read_tensors
from keras_cxr.models.import_weights_sources import MIXES, SOURCES, Family, Source, mix_of, plain_name
from keras_cxr.models.network import build
from keras_cxr.models.registry import find
from keras_cxr.models.torch_layout import EPSILON
from keras_cxr.models.weights_origin import write_origin

SUFFIX = ".weights.h5"


class Imported(NamedTuple):
    """What was imported."""

    file: pathlib.Path
    origin: dict
    """As the file tells it: architecture, source, trained_on, preprocessing, input_size, channels, feature_layer (the
    last layer, so a cut may end there or before), pathologies."""
    tensors: int
    """Tensors that the backbone took."""
    dropped: list[str]
    """Names of those it has no use for."""


def import_weights(source: str, file: str | os.PathLike, output: str | os.PathLike) -> Imported:
    """Write the weights of a PyTorch network as those of a backbone, for ``build(…, weights=output)``.

    Args:
        source: One of ``SOURCES``: the library that published the network.
        file: A ``.pt`` or ``.pth`` state dict or a ``.safetensors`` file.
        output: To write: ``….weights.h5``.

    Raises:
        UsageError: An unknown source, or file names of another form.
        CxrError: A file that cannot be read or whose tensors are not those of the network, named.
    """
    if source not in SOURCES:
        raise unknown_name("source", source, SOURCES)
    library, file, output = SOURCES[source], pathlib.Path(file), pathlib.Path(output)
    if not output.name.endswith(SUFFIX):
        raise UsageError(f"The file to write must end in {SUFFIX}. Received: {output}.")
    read = read_tensors(file, library.saving)
    tensors = {plain_name(name): array for name, array in read.items()}
    if len(tensors) < len(read):
        raise CxrError(
            f"'{file}' holds some tensors twice, with and without 'model.'. Save the state dict of one network."
        )
    network = library.network(tensors)
    if network is None:
        known = ", ".join(other.architecture for other in library.networks)
        raise CxrError(f"'{file}' holds the tensors of no network of {source} that is known here ({known}).")
    known = find(network.architecture)
    channels = known.weights_channels or known.channels
    # Kernels do not depend on the input's size; a small one is built sooner.
    inner = backbone(build(known.name, classes=2, size=64, weights="none", channels=channels))
    dropped = [name for name in tensors if re.fullmatch(network.family.dropped, name)]
    held = {name: array for name, array in tensors.items() if name not in dropped}
    _check(held, _needed(inner, network.family), f"'{file}' does not fit {network.architecture} ({source})")
    _fill(inner, held, network.family)
    origin = _origin(library, known, tensors.get("op_threshs"))
    _write(inner, output, origin)
    return Imported(output, origin, len(held), dropped)


def _parts(inner: keras.Model, family: Family) -> Iterator[tuple[keras.layers.Layer, list[str]]]:
    """Each layer with weights, and the names of its tensors in the order of ``get_weights``."""
    for layer in inner.layers:
        if layer.weights:
            normalization = isinstance(layer, keras.layers.BatchNormalization)
            kinds = ("weight", "bias", "running_mean", "running_var") if normalization else ("weight",)
            yield layer, [f"{family.module(layer.name)}.{kind}" for kind in kinds]


def _needed(inner: keras.Model, family: Family) -> dict[str, tuple[int, ...]]:
    """Name and PyTorch shape of every tensor of the backbone."""
    shapes = {}
    for layer, names in _parts(inner, family):
        for name, weight in zip(names, layer.weights, strict=True):
            shape = tuple(weight.shape)
            # Kernels: (height, width, in, out) in Keras, (out, in, height, width) in PyTorch.
            shapes[name] = tuple(shape[axis] for axis in (3, 2, 0, 1)) if len(shape) == 4 else shape
    return shapes


def _check(held: dict[str, np.ndarray], needed: dict[str, tuple[int, ...]], what: str) -> None:
    """Refuse tensors that are missing, too many, of another shape or not finite, by name."""
    common = [name for name in needed if name in held]
    shapes = [
        f"{name} {held[name].shape}, expected {needed[name]}" for name in common if held[name].shape != needed[name]
    ]
    broken = [name for name in common if not np.isfinite(held[name]).all()]
    faults = {
        "missing": [name for name in needed if name not in held],
        "unknown": [name for name in held if name not in needed],
        "of another shape": shapes,
        "not finite": broken,
    }
    told = [
        f"{len(names)} {fault}: {', '.join(names[:3])}{', …' if len(names) > 3 else ''}"
        for fault, names in faults.items()
        if names
    ]
    if told:
        raise CxrError(f"{what}; {'; '.join(told)}. Is it another network, or another library's?")


def _fill(inner: keras.Model, held: dict[str, np.ndarray], family: Family) -> None:
    for layer, names in _parts(inner, family):
        arrays = [held[name].astype("float32") for name in names]
        if len(arrays) == 1:
            arrays = [arrays[0].transpose(2, 3, 1, 0)]
        else:
            # BatchNorm divides by the root of variance + epsilon, and keras.applications' epsilon is another one.
            arrays[3] = arrays[3] + np.float32(EPSILON - layer.epsilon)
        layer.set_weights(arrays)


def _origin(library: Source, known: Architecture, thresholds: np.ndarray | None) -> dict:
    mix = mix_of(thresholds)
    return {
        "architecture": known.name,
        "source": " ".join(filter(None, (library.name, mix))),
        "trained_on": MIXES[mix].trained_on if mix else library.trained_on,
        "preprocessing": library.preprocessing,
        "input_size": known.input_size,
        "channels": known.weights_channels or known.channels,
        "feature_layer": known.feature_layer,
        "pathologies": list(library.pathologies),
    }


def _write(inner: keras.Model, output: pathlib.Path, origin: dict) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    # Keras insists on the double suffix, which ``whole_file`` would not keep.
    with tempfile.TemporaryDirectory(prefix=".", dir=output.parent) as folder:
        temporary = pathlib.Path(folder) / output.name
        inner.save_weights(temporary)
        write_origin(temporary, origin)
        os.replace(temporary, output)
