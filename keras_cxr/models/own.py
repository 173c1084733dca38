"""Networks of the user's own: FILE:FUNCTION in place of an architecture's name. The protocol: docs/own_networks.md."""

import ast
import contextlib
import dataclasses
import functools
import importlib.machinery
import importlib.util
import pathlib
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from keras_cxr.errors import CxrError, UsageError, one_line, unknown_name
from keras_cxr.models.architecture import Architecture, Plan

if TYPE_CHECKING:
    import keras


def own_architecture(name: str) -> Architecture:
    """The architecture that FILE:FUNCTION stands for, named after the function; the file is run when it is built.

    Raises:
        UsageError: Not of that form, no such file, or a file that is no Python.
    """
    text, _, function = name.rpartition(":")
    file = pathlib.Path(text).expanduser()
    if not text or not function.isidentifier():
        raise UsageError(
            f"A network of your own must be named FILE:FUNCTION. Received: {name}. Try my_network.py:build."
        )
    if not file.is_file():
        raise UsageError(f"'{file}' is no file. Received: {name}. A network of your own must be named FILE:FUNCTION.")
    try:
        ast.parse(file.read_bytes(), str(file))
    except (SyntaxError, ValueError) as fault:
        where = f", line {fault.lineno}" if isinstance(fault, SyntaxError) and fault.lineno else ""
        raise UsageError(f"'{file}'{where}: {type(fault).__name__}: {one_line(str(fault))}.") from fault
    return Architecture(
        function,
        f"your own, of {file}",
        functools.partial(_build, file, function),
        channels=1,
        parameters=None,
        feature_layer=None,
        smallest=1,
        backbone=True,
    )


def _build(file: pathlib.Path, function: str, plan: Plan) -> "keras.Model":
    """The network of ``plan`` around what the user's function returns.

    Raises:
        UsageError: The file cannot be run, has no such function, or returns no body that can be used and saved.
    """
    from keras_cxr.models.own_body import check_body
    from keras_cxr.models.scratch import pooled, scratch_network, zero_to_one
    from keras_cxr.models.transfer import backbone_of

    with _folder_on_path(file.resolve().parent):
        with _told_in_one_line(file, "cannot be imported"):
            module = _run(file)
        with _told_in_one_line(file, f"{function}(plan) failed"):
            body = _function(module, file, function)(plan)
    body = check_body(body, plan, f"{function} of '{file}'")
    # The body's name must differ from those of the layers around it, whatever the function is called.
    inner = dataclasses.replace(plan, name=f"{plan.name}_body")
    return scratch_network(plan, pooled(plan, backbone_of(inner, lambda **_: body)), zero_to_one)


def _run(file: pathlib.Path):
    name = f"own_network_{file.stem}"
    loader = importlib.machinery.SourceFileLoader(name, str(file))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    # Dataclasses and pickles look their module up there.
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _function(module, file: pathlib.Path, function: str) -> Callable:
    found = getattr(module, function, None)
    if not callable(found):
        own = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
        raise unknown_name(f"function of '{file}'", function, own)
    return found


@contextlib.contextmanager
def _folder_on_path(folder: pathlib.Path) -> Iterator[None]:
    """For the length of the block, so that the file finds the modules beside it."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


@contextlib.contextmanager
def _told_in_one_line(file: pathlib.Path, what: str) -> Iterator[None]:
    """Any fault in the user's file as a UsageError that names the file's line."""
    try:
        yield
    except CxrError:
        raise
    except (Exception, SystemExit) as fault:
        own = [frame.lineno for frame in traceback.extract_tb(fault.__traceback__) if frame.filename == str(file)]
        where = f", line {own[-1]}" if own else ""
        reason = one_line(str(fault), 200)
        raise UsageError(f"'{file}'{where}: {what} ({type(fault).__name__}: {reason}).") from fault
