"""The user's cache folder, and the secret in it by which patients are told apart without being named."""

import os
import pathlib
import secrets
import threading

from keras_cxr.files import whole_file

# Headers are read in threads; two salts drawn at once would make two patients of one.
_DRAWING = threading.Lock()


def cache_folder() -> pathlib.Path:
    """Where this program keeps what it can make again: ``KERAS_CXR_CACHE``, else in the user's cache folder."""
    named = os.environ.get("KERAS_CXR_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(named) if named else pathlib.Path(base) / "keras-cxr"


def patient_salt() -> bytes:
    """32 secret bytes, drawn once a user: hashed patient IDs are equal from run to run, and mean nothing elsewhere."""
    file = cache_folder() / "patient-salt"
    with _DRAWING:
        if not file.is_file():
            with whole_file(file) as temporary:
                temporary.touch(mode=0o600)
                temporary.write_bytes(secrets.token_bytes(32))
        return file.read_bytes()
