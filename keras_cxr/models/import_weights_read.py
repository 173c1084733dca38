"""Tensors out of the files that PyTorch's world writes, as numpy arrays. No code in a file is run."""

import pathlib
import pickle
from collections.abc import Mapping

import numpy as np

from keras_cxr.errors import CxrError, UsageError, one_line


def read_tensors(file: pathlib.Path, saving: str) -> dict[str, np.ndarray]:
    """The tensors of a ``.pt`` or ``.pth`` state dict (needs torch) or a ``.safetensors`` file, by name.

    Args:
        file: Where they are.
        saving: Python that saves a state dict; the error for a whole pickled network quotes it.

    Raises:
        UsageError: A file of another form.
        CxrError: Missing, damaged, more than tensors, or of a form whose package is not installed.
    """
    readers = {".safetensors": _safetensors, ".pt": _torch, ".pth": _torch}
    if file.suffix.lower() not in readers:
        raise UsageError(f"The weights to import must be a file .pt, .pth or .safetensors. Received: {file}.")
    if not file.is_file():
        raise CxrError(f"'{file}' does not exist or is no file.")
    try:
        tensors = readers[file.suffix.lower()](file)
    except ModuleNotFoundError as fault:
        raise CxrError(
            f"Reading '{file}' needs {fault.name}, which is not installed. Try pip install 'keras-cxr[{fault.name}]'."
        ) from fault
    except Exception as fault:  # torch and safetensors raise a dozen kinds on damaged files
        if isinstance(fault, pickle.UnpicklingError) and "Unsupported global" in str(fault):
            raise CxrError(
                f"'{file}' holds a whole pickled network, which would run code when read; expected a state dict. "
                f'Save one where its library is installed: python -c "{saving}"'
            ) from fault
        raise CxrError(f"'{file}' cannot be read ({one_line(str(fault))}). Is the download complete?") from fault
    if not isinstance(tensors, Mapping) or not all(isinstance(array, np.ndarray) for array in tensors.values()):
        raise CxrError(f"'{file}' is no state dict: expected tensors by name. Save one with: python -c \"{saving}\"")
    return dict(tensors)


def _safetensors(file: pathlib.Path) -> Mapping:
    from safetensors.numpy import load_file

    return load_file(file)


def _torch(file: pathlib.Path) -> Mapping:
    import torch

    content = torch.load(file, map_location="cpu", weights_only=True)
    if not isinstance(content, Mapping):
        return content
    # numpy has no bfloat16.
    return {
        name: (tensor.float() if tensor.is_floating_point() else tensor).numpy()
        if isinstance(tensor, torch.Tensor)
        else tensor
        for name, tensor in content.items()
    }
