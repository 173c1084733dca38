"""Packages that only some methods need."""

import importlib
from types import ModuleType

from keras_cxr.errors import CxrError


def extra(module: str, name: str, what: str) -> ModuleType:
    """Import a module of the package's extra called ``name``.

    Args:
        module: Its full name.
        name: The extra that brings it.
        what: What needs it, as the user calls it.

    Raises:
        CxrError: It is not installed, with what to install.
    """
    try:
        return importlib.import_module(module)
    except ImportError as fault:
        missing = (fault.name or module).partition(".")[0]
        raise CxrError(
            f"{what} needs {missing}, which is not installed. Try pip install 'keras-cxr[{name}]'."
        ) from fault
