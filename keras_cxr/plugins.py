"""Lists that are folders: every module of a package is an entry, and a further entry is one further file."""

import importlib
import pkgutil
from types import ModuleType

from keras_cxr.errors import unknown_name


def module_names(package: str) -> list[str]:
    """The names of a package's modules, sorted; none of them is imported."""
    return [module.name for module in pkgutil.iter_modules(importlib.import_module(package).__path__)]


def import_all(package: str) -> None:
    """Import every module of a package, for what they register."""
    for name in module_names(package):
        importlib.import_module(f"{package}.{name}")


def import_one(package: str, kind: str, name: str) -> ModuleType:
    """The module called ``name`` of a package.

    Raises:
        UsageError: There is none of that ``kind``; the nearest name is proposed.
    """
    if name not in module_names(package):
        raise unknown_name(kind, name, module_names(package))
    return importlib.import_module(f"{package}.{name}")
