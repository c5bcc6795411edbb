"""`new`: from a file to a config that runs at once.

The file is read and checked whole before anything is written, and nothing is ever overwritten.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dnnsearch.config import recommendations, template, yaml_file
from dnnsearch.config.config import parse_config
from dnnsearch.config.search_space import check_fits
from dnnsearch.config.validation_errors import format_errors
from dnnsearch.data import file_table
from dnnsearch.data.datasets import DATASETS
from dnnsearch.data.file_table import FileTable
from dnnsearch.data.files import bundled
from dnnsearch.data.files.read import read
from dnnsearch.data.files.sibling_files import companions, images
from dnnsearch.data.files.source import BUNDLED, data_name, source
from dnnsearch.data.prepare import DataShape, outputs_of
from dnnsearch.data.split_config import Split
from dnnsearch.data.splitting import Indices
from dnnsearch.errors import UserError
from dnnsearch.validators import nearest, shortened, show, study_name

FOLDER = Path("configs")
OPENML = "openml:"
SEVERAL_TARGETS = ("linnerud",)
SHARES = ((0.0, 0.0), (0.3, 0.3), (0.35, 0.35))  # the plan's own, then larger ones for rare classes


@dataclass(frozen=True)
class NewConfig:
    """What was found, and what was written."""

    path: Path
    lines: list[str]  # a short profile


def new(
    data: str,
    target: str | None,
    name: str | None = None,
    test: str | None = None,
    settings: Sequence[str] = (),
) -> NewConfig:
    """Write configs/NAME.yaml for a file; raises UserError for whatever is wrong with it.

    `target` is a column's name, or its number counted from 0 (-1 is the last); `test` an official
    test file; `settings` are `key.path=value` for keys of the config (data.task, split.by, ...).
    """
    try:
        given = yaml_file.override({"data": _source(data, target, test)}, settings)[0]
        wanted, split = _with_column(source(_asked(given.pop("data")))), _split(given)
        table = file_table.load_table(wanted, split.get("by"))
        name = study_name(
            name or re.sub(r"[^\w.-]+", "_", _called(data, wanted)).strip("._-") or "data"
        )
    except ValueError as error:
        place = "" if data in str(error) else f"{_plain(data)}: "
        raise UserError(f"{place}{error}") from None
    path = FOLDER / f"{name}.yaml"
    text, split, folds = _fitting(wanted, table, split, _others(settings), path)
    _write(path, text)
    return NewConfig(path, template.report(table, split, folds))


def _plain(data: str) -> str:
    return data if data.isprintable() else repr(data)


def _split(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of the split, checked; raises ValueError."""
    try:
        split = Split.model_validate(given.get("split", {}))
    except ValidationError as error:
        known = {"": list(Split.model_fields)}
        raise ValueError(f"split: {format_errors(error.errors(), known, {}, ())}") from None
    return split.model_dump(exclude_unset=True)


def _called(data: str, wanted: Mapping[str, Any]) -> str:
    """By the folder where that was named, else by the file."""
    return Path(data).resolve().name if Path(data).is_dir() else data_name(wanted)


def _source(data: str, target: str | None, test: str | None) -> dict[str, Any]:
    """The keys of `data` that the arguments mean."""
    tested = {"test_file": test} if test else {}
    if data.startswith(OPENML):
        which = data.removeprefix(OPENML)
        number = int(which) if which.isdecimal() else which
        return {"openml": number, "target": target or "class", **tested}
    if _is_set(data):
        return {"bundled": data, "target": target or bundled.TARGET, **tested}
    files = {"file": str(images(data)), **tested}
    files |= companions(files["file"], target)
    has_target = "labels" in files or "target" in files or not target
    return files if has_target else files | {"target": target}


def _is_set(data: str) -> bool:
    """Whether it is a bundled set; a file of that name goes first. ValueError for a set that has
    no config to be drafted, and for a name that is nearly one."""
    if Path(data).exists() or data.count("/") or data.count("."):
        return False
    if data in SEVERAL_TARGETS:
        raise ValueError(f"{data} has several targets at once, and a network here predicts one")
    if data in DATASETS and data not in BUNDLED:
        raise ValueError(f"{data} is generated, not a table: say `data: {data}` in a config")
    meant = nearest(data, list(BUNDLED))
    if data not in BUNDLED and meant:
        raise ValueError(
            f"there is no file {data}, and no set of scikit-learn's of that name{meant}"
        )
    return data in BUNDLED


def _asked(given: Any) -> dict[str, Any]:
    """What is said of the data; without a target, ValueError with the columns to choose from."""
    if not isinstance(given, Mapping):
        raise ValueError(f"data must be a mapping such as {{task: regression}}, not {show(given)}")
    if given.get("target") or given.get("labels"):
        return dict(given)
    names = [str(name) for name in read(given).frame.columns]
    raise ValueError(f"--target is required: choose one of {shortened(names, 20)}")


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


def _others(settings: Sequence[str]) -> list[str]:
    """The settings that are of neither data nor split, which a draft has from the beginning."""
    keys = ((setting.partition("=")[0].partition(".")[0].strip(), setting) for setting in settings)
    return [setting for key, setting in keys if key not in ("data", "split")]


def _fitting(
    wanted: dict[str, Any],
    table: FileTable,
    given: Mapping[str, Any],
    settings: Sequence[str],
    path: Path,
) -> tuple[str, dict[str, Any], int | None]:
    """The draft under the first split that leaves every part what it needs, that split, its folds.

    It was checked as a config. Raises UserError where no split will do.
    """
    suits = recommendations.recommend(table)
    problem = ""
    for dev, test in SHARES:
        split = {"dev": dev or suits.dev, "test": test or suits.test, "seed": 0, **given}
        for folds in _folds(table, split, settings):
            text = template.draft(wanted, table, split, folds)
            document, touched = yaml_file.override(yaml_file.parse(text, str(path)), settings)
            config = parse_config(document, str(path), path.stem)
            try:
                rows = table.split(config.split, config.folds)
            except ValueError as error:
                problem = problem or str(error)
                continue
            check_fits(config, _shape(table, rows))
            changed = {key: document[key] for key in touched}
            return _with_settings(text, changed), split, config.folds
    raise UserError(f"{wanted.get('file', 'data')}: {problem}")


def _shape(table: FileTable, rows: Indices) -> DataShape:
    """As far as it is known before the columns are prepared: of each at least one input."""
    sizes = {part: these.shape[-1] for part, these in rows.items()}
    test = {"test": len(table.test[1])} if table.test else {}
    outputs = outputs_of(table.task, table.classes)
    return DataShape(len(table.roles), outputs, **sizes, **test, task=table.task)


def _folds(
    table: FileTable, split: Mapping[str, Any], settings: Sequence[str]
) -> Iterable[int | None]:
    """What to try: what was asked for, else what is advised, or none at all."""
    asked = yaml_file.override({}, settings)[0]
    if "folds" in asked:
        return [asked["folds"] if isinstance(asked["folds"], int) else None]
    advised = None if "replicates" in asked else recommendations.advised_folds(table, split)
    return dict.fromkeys((advised, None))


def _with_settings(text: str, given: Mapping[str, Any]) -> str:
    """The draft with what was set by hand in place of its own lines."""
    for key, value in given.items():
        line = f"{key}: {json.dumps(value)}".ljust(template.WIDTH) + "  # as was asked for"
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
