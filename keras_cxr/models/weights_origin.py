"""What a weights file says of itself: the architecture it belongs to and where it comes from."""

import json
import pathlib

import h5py

from keras_cxr.errors import UsageError

ATTRIBUTE = "keras_cxr"


def write_origin(file: pathlib.Path, origin: dict) -> None:
    """Put ``origin`` (see ``import_weights.Imported.origin``) into a ``.weights.h5`` file as a JSON attribute."""
    with h5py.File(file, "a") as content:
        content.attrs[ATTRIBUTE] = json.dumps(origin, ensure_ascii=False)


def read_origin(file: pathlib.Path) -> dict | None:
    """The origin that a weights file tells; None where it tells none or is no HDF5 file."""
    if not h5py.is_hdf5(file):
        return None
    with h5py.File(file) as content:
        text = content.attrs.get(ATTRIBUTE)
    return json.loads(text) if text else None


def check_origin(file: pathlib.Path, architecture: str) -> None:
    """Raise UsageError, which names the right architecture, where the file says that it belongs to another one."""
    origin = read_origin(file)
    if origin and origin["architecture"] != architecture:
        raise UsageError(
            f"The weights file {file} is of {origin['architecture']} ({origin['source']}). "
            f"Received: {architecture}. Try -a {origin['architecture']}."
        )
