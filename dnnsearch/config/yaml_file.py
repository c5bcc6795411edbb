"""A YAML document as plain data, read strictly.

Repeated keys, aliases and tags are errors. As in YAML 1.2, `no` and `2024-01-01` stay text and
`1e-3` is a number. This module does not know what the keys mean.
"""

import copy
import json
import re
import shlex
from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import yaml

from dnnsearch.config.config_files import FOLDER, bundled, find_config
from dnnsearch.errors import UserError
from dnnsearch.runtime.cli_process import program_name
from dnnsearch.storage.sqlite_connection import is_database
from dnnsearch.validators import nearest, shortened, show

ALTERNATIVES = {"units": "width", "width": "units"}  # a document has one of the two
MAX_CONFIGS = 3  # of a table, in a message
MAX_FILE_BYTES = 1 << 20  # a larger file is hardly a config
TABLES = {  # endings; a broken config may end in .json or .txt
    *(".csv", ".tsv", ".tab", ".data", ".dat", ".jsonl", ".ndjson", ".arff", ".xlsx", ".xls"),
    *(".parquet", ".feather", ".arrow", ".npz", ".npy", ".h5", ".hdf5"),
    *(".gz", ".bz2", ".xz", ".zip"),
}


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the plain scalars of YAML 1.2 and without repeated keys."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            raise _problem(event, "aliases (*name) are not allowed")
        if getattr(event, "tag", None) is not None:
            raise _problem(event, "tags (!name) are not allowed")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise _problem(key_node, f"a key must be a name, but got {show(key)}")
            if key in seen:
                raise _problem(key_node, f"a key must be given once, but got {show(key)} twice")
            seen.add(key)
        return super().construct_mapping(node, deep)


def _problem(where: Any, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=where.start_mark)


for _tag, _pattern in {
    "null": r"(?:~|null|)$",
    "bool": r"(?:true|True|TRUE|false|False|FALSE)$",
    "int": r"[-+]?(?:0|[1-9][0-9_]{0,40})$",
    "float": r"(?:[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan)$",
}.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), None)


def parse(text: str, place: str) -> Any:
    """Return the document as dicts, lists, text, numbers, booleans and None.

    Raise UserError, which names `place` and the line, if the text is not YAML.
    """
    try:
        return yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise UserError(f"{place}{line}: must be YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise UserError(f"{place}: must be YAML: {error}") from None
    except RecursionError:
        raise UserError(f"{place}: must be YAML, but it is nested too deeply") from None


def read(path: str | Path) -> dict[str, Any]:
    """Return the mapping in a file, or in the config of a name.

    Raise UserError if the file has none or cannot be read.
    """
    path = find_config(path)
    try:
        return _mapping(parse(_text(path), str(path)), path)
    except UserError:
        if path.is_file() and path.suffix.lower() in TABLES:
            raise UserError(f"{path}: this is a table, {_for_table(path)}") from None
        raise


def _for_table(table: Path) -> str:
    """Return the command that searches with the config of a table, or makes one if it has none."""
    found = [str(path) for path in _configs_of(table)]
    if not found:
        making = f"{program_name()} new {shlex.quote(str(table))} --target COLUMN"
        return f"which has no config yet: {making}"
    its = "and its config is" if len(found) == 1 else "and its configs are"
    searching = f"{program_name()} search {shlex.quote(found[0])}"
    return f"{its} {shortened(found, MAX_CONFIGS)}: {searching}"


def _configs_of(table: Path) -> Iterator[Path]:
    """Yield the configs in configs/ and here whose `data.file` is this table."""
    for path in (*sorted(FOLDER.glob("*.yaml")), *sorted(Path().glob("*.yaml"))):
        with suppress(UserError, OSError, ValueError):  # a broken config is no answer
            data = _mapping(parse(_text(path), str(path)), path).get("data")
            file = data.get("file") if isinstance(data, dict) else None
            if isinstance(file, str) and table.samefile(file):
                yield path


def _mapping(document: Any, path: Path) -> dict[str, Any]:
    """Return the document; raise UserError if it is no mapping."""
    if document is None:
        raise UserError(f"{path}: must be a mapping of keys to values, but the file is empty")
    if not isinstance(document, dict):
        raise UserError(f"{path}: must be a mapping of keys to values, but got {show(document)}")
    return document


def as_settings(overrides: Mapping[str, object]) -> list[str]:
    """Return values by key as `--set` takes them, KEY=JSON; None overrides nothing.

    Text is in quotes, because a study may be called 1e3.
    """
    return [f"{key}={json.dumps(value)}" for key, value in overrides.items() if value is not None]


def _text(path: Path) -> str:
    if is_database(path):
        raise UserError(f"{path}: must be a YAML file, but it is a SQLite database")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            rule = f"a config must have at most {MAX_FILE_BYTES} bytes"
            raise UserError(f"{path}: {rule}, but this file has more")
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        making = f"{program_name()} new FILE --target COLUMN"
        raise UserError(
            f"{path}: there is no such file{_near(path)}; for data of your own, {making} makes a "
            f"config; configs that come with dnnsearch: {', '.join(bundled())}"
        ) from None
    except IsADirectoryError:
        raise UserError(f"{path}: must be a YAML file, but it is a folder") from None
    except UnicodeDecodeError as error:
        problem = f"byte {error.start} is not UTF-8"
        raise UserError(f"{path}: must be text in UTF-8, but {problem}") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        raise UserError(f"{path}: cannot be read: {getattr(error, 'strerror', error)}") from None


def _near(path: Path) -> str:
    """Return ` (did you mean FILE?)` if its folder or configs has a file of a similar name."""
    folders = [path.parent, Path("configs")]
    files = [str(file) for folder in folders for file in sorted(folder.glob("*.yaml"))]
    return (
        nearest(str(path), files)
        or nearest(f"configs/{path.name}", files)
        or nearest(path.stem, bundled())
    )


def override(document: dict[str, Any], settings: Iterable[str]) -> tuple[dict[str, Any], set[str]]:
    """Return a copy of the document with each `key.path=value` set, and the keys that were set.

    A key that is set takes the place of its alternative, unless that is set as well. Raise
    UserError if a setting is not of this form or its value is not YAML.
    """
    result, touched = copy.deepcopy(document), set()
    for setting in settings:
        path, equals, value = setting.partition("=")
        names = [name.strip() for name in path.split(".")]
        if not equals or not all(names):
            raise UserError(f"--set {show(setting)}: must be key=value or key.path=value")
        _put(result, names, parse(value, f"--set {path}"), setting)
        touched.add(names[0])
    for key in touched:
        if (other := ALTERNATIVES.get(key)) and other not in touched:
            result.pop(other, None)
    return result, touched


def _put(document: dict[str, Any], names: list[str], value: Any, setting: str) -> None:
    inner: Any = document
    for name in names[:-1]:
        inner = inner.setdefault(name, {})
        if not isinstance(inner, dict):
            raise UserError(f"--set {setting}: {name} must be a mapping, but it is {show(inner)}")
    inner[names[-1]] = value
