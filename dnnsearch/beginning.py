"""`new`: from a file to a config that runs at once.

The file is read and checked whole before anything is written, and nothing is ever overwritten.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dnnsearch import drafting, filetables, yamlfile
from dnnsearch.config import parse_config
from dnnsearch.errors import UserError
from dnnsearch.files.arrayfiles import is_idx
from dnnsearch.files.opening import unpacked
from dnnsearch.files.reading import read
from dnnsearch.files.source import data_name, source
from dnnsearch.filetables import FileTable
from dnnsearch.rules import study_name

FOLDER = Path("configs")
OPENML = "openml:"
SHARES = ((0.0, 0.0), (0.3, 0.3), (0.35, 0.35))  # the plan's own, then larger ones for rare classes
TRIED = ("train", "t10k"), ("train", "test")


@dataclass(frozen=True)
class Beginning:
    """What was found, and what was written."""

    path: Path
    lines: list[str]  # a short profile


def new(
    data: str,
    target: str | None,
    name: str | None = None,
    test: str | None = None,
    settings: Iterable[str] = (),
) -> Beginning:
    """Write configs/NAME.yaml for a file; raises UserError for whatever is wrong with it.

    `target` is a column's name, or its number counted from 0 (-1 is the last); `test` an official
    test file; `settings` are `key.path=value` for keys of the config (data.task, split.by, ...).
    """
    given = yamlfile.override({"data": _source(data, target, test)}, settings)[0]
    try:
        wanted = _with_column(source(given.pop("data")))
        split = {key: str(value) for key, value in given.get("split", {}).items()}
        table = filetables.load(wanted, split.get("by"))
        name = study_name(
            name or re.sub(r"[^\w.-]+", "_", _called(data, wanted)).strip("._-") or "data"
        )
    except ValueError as error:
        raise UserError(str(error)) from None
    path = FOLDER / f"{name}.yaml"
    _write(path, _fitting(wanted, table, given, path))
    return Beginning(path, drafting.report(table))


def _called(data: str, wanted: Mapping[str, Any]) -> str:
    """By the folder where that was named, else by the file."""
    return Path(data).resolve().name if Path(data).is_dir() else data_name(wanted)


def _source(data: str, target: str | None, test: str | None) -> dict[str, Any]:
    """The keys of `data` that the arguments mean."""
    if data.startswith(OPENML):
        which = data.removeprefix(OPENML)
        return {"openml": int(which) if which.isdecimal() else which, "target": target or "class"}
    files = {"file": str(_images(data))} | ({"test_file": test} if test else {})
    files |= _companions(files["file"], target) if _may_be_idx(files["file"]) else {}
    return files | ({"target": target} if target and "labels" not in files else {})


def _images(data: str) -> Path:
    """The file itself; in a folder of idx files, the images to train on."""
    path = Path(data)
    if not path.is_dir():
        return path
    found = sorted(path.glob("*train*images*")) or sorted(path.glob("*images*"))
    if len(found) != 1:
        raise UserError(f"{data} is a folder: name the file in it that has the data")
    return found[0]


def _may_be_idx(file: str) -> bool:
    try:
        return is_idx(unpacked(Path(file)))
    except ValueError:
        return False  # whoever reads it says why


def _companions(file: str, target: str | None) -> dict[str, str]:
    """The labels of idx images, and the test set beside them, by the names that MNIST gave them."""
    path = Path(file)
    labels = Path(target) if target else _renamed(path, "images", "labels")
    if labels == path or not labels.is_file():
        raise UserError(f"{file} has images only: say where the labels are with --target FILE")
    found = {"labels": str(labels)}
    for one, other in TRIED:
        images, theirs = _renamed(path, one, other), _renamed(labels, one, other)
        if images != path and images.is_file() and theirs.is_file():
            return {**found, "test_file": str(images), "test_labels": str(theirs)}
    return found


def _renamed(path: Path, old: str, new_: str) -> Path:
    name = path.name.replace(old, new_)
    return path.with_name(name.replace("idx3", "idx1") if new_ == "labels" else name)


def _with_column(wanted: dict[str, Any]) -> dict[str, Any]:
    """The target by its name where it was given by its number."""
    target = wanted.get("target", "")
    if "labels" in wanted or not re.fullmatch(r"-?\d{1,6}", target):
        return wanted
    names = list(read(wanted).frame.columns)
    if target in names:
        return wanted
    if not -len(names) <= int(target) < len(names):
        raise ValueError(f"target must be a column from 0 to {len(names) - 1}, but got {target}")
    return {**wanted, "target": names[int(target)]}


def _fitting(wanted: dict[str, Any], table: FileTable, given: Mapping[str, Any], path: Path) -> str:
    """The draft under the first split that leaves every part what it needs, checked as a config."""
    rows, features = len(table.target.y), len(table.roles)
    suits = drafting.plan(rows, features, table.test is not None)
    problem = ""
    for dev, test in SHARES:
        split = {"dev": dev or suits.dev, "test": test or suits.test, "seed": 0}
        split |= given.get("split", {})
        text = drafting.draft(wanted, table, split)
        document = yamlfile.override(yamlfile.parse(text, str(path)), _leaves(given))[0]
        config = parse_config(document, str(path), path.stem)
        try:
            filetables.split(table, config.split.model_dump(), config.folds)
        except ValueError as error:
            problem = problem or str(error)
            continue
        return _with_settings(text, given)
    raise UserError(f"{wanted.get('file', 'data')}: {problem}")


def _leaves(given: Mapping[str, Any]) -> list[str]:
    """Settings again, as `key.path=value`, apart from data and split, which the draft has."""
    return [f"{key}={json.dumps(value)}" for key, value in given.items() if key != "split"]


def _with_settings(text: str, given: Mapping[str, Any]) -> str:
    """The draft with what was set by hand in place of its own lines."""
    for setting in _leaves(given):
        key, _, value = setting.partition("=")
        line = f"{key}: {value}".ljust(drafting.WIDTH) + "  # as was asked for"
        pattern = re.compile(rf"^{re.escape(key)}:.*$", re.MULTILINE)
        found = pattern.search(text)
        start, end = found.span() if found else (len(text), len(text))
        text = text[:start] + line + text[end:] + ("" if found else "\n")
    return text


def _write(path: Path, text: str) -> None:
    """Whole or not at all; raises UserError rather than overwrite."""
    try:
        path.parent.mkdir(exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        problem = f"{path} exists already" if path.exists() else f"{path.parent} must be a folder"
        raise UserError(f"{problem}: choose another name with --name, or remove it") from None
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from None
