"""Recipes as YAML: one key a setting, and a heading ``about`` where an experiment was published."""

import dataclasses
import pathlib
import types
import typing

import yaml

from keras_cxr.errors import CxrError, UsageError, unknown_name
from keras_cxr.files import write_text
from keras_cxr.training.recipe import Recipe

ABOUT = "about"


def write_recipe(path: pathlib.Path, recipe: Recipe) -> None:
    """Write the recipe as YAML."""
    write_text(path, recipe_text(recipe))


def recipe_text(recipe: Recipe) -> str:
    """The recipe as YAML, every setting in a line of its own."""
    content = {**dataclasses.asdict(recipe), "split": list(recipe.split)}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def read_recipe(path: pathlib.Path) -> Recipe:
    """Read a recipe; settings that it does not name are the defaults.

    Raises:
        UsageError: An unknown key, with the nearest known one; a value of another kind or out of its range; no YAML
            mapping.
        CxrError: No such file, or no YAML.
    """
    content = read_mapping(path)
    kinds = {field.name: field.type for field in dataclasses.fields(Recipe)}
    settings = {}
    for key, value in content.items():
        if key == ABOUT:
            continue
        if key not in kinds:
            raise unknown_name(f"key in {path.name}", str(key), kinds)
        try:
            settings[key] = _typed(value, kinds[key])
        except (TypeError, ValueError):
            wanted = _in_words(kinds[key])
            raise UsageError(f"The key '{key}' in {path.name} must be {wanted}. Received: {value!r}.") from None
    try:
        return Recipe(**settings)
    except UsageError as fault:
        raise UsageError(f"The recipe '{path}' cannot be meant: {fault}") from None


def read_mapping(path: pathlib.Path) -> dict:
    """The YAML mapping in a file; raises as ``read_recipe``."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as fault:
        raise CxrError(f"The recipe '{path}' does not exist.") from fault
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        raise CxrError(f"The recipe '{path}' cannot be read as YAML: {' '.join(str(fault).split())}") from fault
    if not isinstance(content, dict):
        raise UsageError(f"The recipe '{path}' must be a mapping of settings. Received: {type(content).__name__}.")
    return content


def _typed(value: object, kind: object) -> object:
    """``value`` as ``kind``, or TypeError or ValueError."""
    choices = typing.get_args(kind)
    if isinstance(kind, types.UnionType):
        return None if value is None else _typed(value, choices[0])
    if typing.get_origin(kind) is tuple and isinstance(value, list):
        return tuple(_typed(part, of) for part, of in zip(value, choices, strict=True))
    if kind is float and isinstance(value, (int, str)) and not isinstance(value, bool):
        # YAML takes 1e-5, written without a point, for text.
        return float(value)
    if value in choices or type(value) is kind:
        return value
    raise TypeError


def _in_words(kind: object) -> str:
    words = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
    choices = typing.get_args(kind)
    if isinstance(kind, types.UnionType):
        return f"{words[choices[0]]} or null"
    if typing.get_origin(kind) is tuple:
        return f"a list of {len(choices)} numbers"
    return words.get(kind) or f"one of {', '.join(choices)}"
