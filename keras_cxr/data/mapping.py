"""Labels of data sets brought together: renamed by a YAML file or by ``--map``, or their films left out.

A map file has a mapping a data set, by the name of its folder, and one under ``'*'`` for all of them::

    '*':
      No Finding: NORMAL
    hospital-b:
      SICK: PNEUMONIA
      UNSURE: null      # films of this label are left out

A data set's own entry goes before that of ``'*'``, and ``--map`` before both. Labels are renamed once, not in chains.
"""

import difflib
import pathlib
import typing
from collections.abc import Iterable, Sequence

import yaml

from keras_cxr.data.table import Dataset
from keras_cxr.errors import CxrError, UsageError, one_line, unknown_name

EVERY = "*"
LabelMap = dict[str, dict[str, str | None]]
_NULL = "tag:yaml.org,2002:null"
# Of like letters: from this share on a name is taken for another one misspelt.
_LIKE = 0.8


class _Texts(yaml.SafeLoader):
    """YAML whose every scalar is text or null: a label may be called No, 0 or 1e5."""

    yaml_implicit_resolvers: typing.ClassVar = {
        first: [(tag, form) for tag, form in resolvers if tag == _NULL]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        """Refuse a key that is there twice, of which YAML would keep the last."""
        keys = [str(key.value).lower() for key, _ in node.value]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise yaml.YAMLError(f"'{twice}' is there twice (line {node.start_mark.line + 1} and after)")
        return super().construct_mapping(node, deep)


def read_map(file: pathlib.Path) -> LabelMap:
    """Read a map file: data set, or '*' → old label → new label, None where its films are to be left out.

    Raises:
        CxrError: No such file, or no YAML.
        UsageError: Something else than a mapping of mappings of texts.
    """
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), _Texts)
    except FileNotFoundError as fault:
        raise CxrError(f"The map file '{file}' does not exist.") from fault
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        raise CxrError(f"The map file '{file}' cannot be read as YAML: {one_line(str(fault))}") from fault
    if not isinstance(content, dict) or not content:
        raise UsageError(
            f"The map file '{file}' must hold a mapping a data set, such as 'hospital-b: {{SICK: PNEUMONIA}}'. "
            f"Received: {'nothing' if not content else type(content).__name__}."
        )
    return {str(name): _entry(str(name), entry, file) for name, entry in content.items()}


def _entry(name: str, entry: object, file: pathlib.Path) -> dict[str, str | None]:
    if entry is None:
        return {}
    if not isinstance(entry, dict):
        raise UsageError(
            f"The entry '{name}' in {file} must map labels, OLD: NEW, below the name of a data set or '*'. "
            f"Received: {entry!r}."
        )
    for old, new in entry.items():
        if not isinstance(old, str) or not (new is None or (isinstance(new, str) and new)):
            raise UsageError(
                f"The label '{old}' of '{name}' in {file} must be given a label, or null to leave its films out. "
                f"Received: {new!r}."
            )
    return entry


def check_names(label_map: LabelMap, file: object, datasets: Sequence[str]) -> list[str]:
    """Hold the entries against the names of the data sets; return notes on entries of other data sets.

    Raises:
        UsageError: No entry is of any of the data sets, or one looks like a data set without an entry, misspelt.
    """
    others = [name for name in label_map if name != EVERY and name not in datasets]
    without = [name for name in datasets if name not in label_map]
    hint = f"Given: {', '.join(datasets)}. Write 'NAME: {{}}' for one of which nothing is to be renamed."
    for name in others:
        if len(others) == len(label_map) or _misspelt(name, without):
            raise unknown_name(f"data set in {file}", name, without, hint)
    return [f"{file} has an entry of another data set: {name}." for name in others]


def check_labels(label_map: LabelMap, file: object, labels: dict[str, set[str]]) -> None:
    """Hold the labels to be renamed against those of the data sets, by data set; letters' case is passed over.

    Raises:
        UsageError: A data set lacks a label of its own entry; or one of '*' looks like a label without a rule,
            misspelt. Else '*' may name labels that only other data sets have.
    """
    everywhere = set().union(*labels.values()) - {""}
    for name, entry in label_map.items():
        there = everywhere if name == EVERY else labels.get(name, set()) - {""}
        known = {label.lower() for label in there}
        ruled = {old.lower() for one in label_map.values() for old in one}
        for old in entry:
            # Of films without labels nothing can be said.
            if not there or old.lower() in known:
                continue
            if name != EVERY:
                raise unknown_name(f"label of '{name}' in {file}", old, sorted(there))
            if _misspelt(old, known - ruled):
                raise unknown_name(f"label in {file}", old, sorted(there))


def _misspelt(name: str, others: Iterable[str]) -> bool:
    return bool(difflib.get_close_matches(name.lower(), [other.lower() for other in others], cutoff=_LIKE))


def rename_labels(
    dataset: Dataset, renamed: Iterable[tuple[str, str]], label_map: LabelMap | None = None, file: object = ""
) -> None:
    """Rename labels of ``dataset`` in place, in any case of letters, and take out the films that are to be left out.

    Args:
        dataset: Its notes tell what does not occur, what is left out, and which labels a map file does not name.
        renamed: OLD, NEW of ``--map``.
        label_map: Of ``read_map``.
        file: The map file, for the notes.

    Raises:
        CxrError: No film is left.
    """
    renamed, label_map = dict(renamed), label_map or {}
    entries = (label_map.get(EVERY, {}), label_map.get(dataset.root.name, {}), renamed)
    rules = {old.lower(): new for entry in entries for old, new in entry.items()}
    labels = dataset.table["label"]
    there = set(labels.str.lower())
    unused = [old for old in renamed if old.lower() not in there]
    if unused:
        dataset.notes.append(f"--map names labels that do not occur: {', '.join(unused)}.")
    if label_map:
        reached = {new.lower() for new in rules.values() if new}
        loose = labels[~labels.str.lower().isin({*rules, *reached, ""})]
        if len(loose):
            dataset.notes.append(f"Labels of {dataset.root.name} that {file} does not name stay: {counted(loose)}.")
    out = labels.str.lower().isin({old for old, new in rules.items() if new is None})
    if out.any():
        dataset.notes.append(f"Left out of {dataset.root.name} by {file}: {counted(labels[out])}.")
    if out.all() and len(out):
        raise CxrError(f"{file} leaves no film of '{dataset.root}'.")
    table = dataset.table[~out].reset_index(drop=True) if out.any() else dataset.table
    table["label"] = table["label"].map(lambda label: rules.get(label.lower(), label))
    dataset.table = table


def counted(labels) -> str:
    """Labels (a pandas Series) with the number of their films, the commonest first: 'SICK (12), UNSURE (3)'."""
    return ", ".join(f"{label} ({count})" for label, count in labels.value_counts().items())


def lacking_classes(labels: dict[str, set[str]]) -> list[str]:
    """A note a data set on the classes that it has no film of and others have; ``labels`` by data set."""
    everywhere = set().union(*labels.values()) - {""}
    return [
        f"{name} has no film of {', '.join(sorted(everywhere - own))}, of which other data sets have."
        for name, own in labels.items()
        if everywhere - own
    ]
