"""`new`: from a file to a ready-to-run config.

The whole file is read and checked before anything is written. No file is overwritten.
"""

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from dnnsearch.config import file_report, recommendations, template, yaml_file
from dnnsearch.config.category_levels import drafted_levels
from dnnsearch.config.config import parse_config
from dnnsearch.config.data_fit import check_fits
from dnnsearch.config.validation_errors import format_errors
from dnnsearch.data import file_table
from dnnsearch.data.datasets import DATASETS
from dnnsearch.data.equal_rows import TOGETHER
from dnnsearch.data.file_table import FileTable
from dnnsearch.data.files import bundled
from dnnsearch.data.files.read import read
from dnnsearch.data.files.reading_version import READING
from dnnsearch.data.files.sibling_files import companions, images
from dnnsearch.data.files.source import BUNDLED, data_name, source
from dnnsearch.data.prepare import DataShape, outputs_of
from dnnsearch.data.split_config import Split
from dnnsearch.data.splitting import Indices
from dnnsearch.errors import UserError
from dnnsearch.runtime.cli_process import program_name
from dnnsearch.storage.atomic_write import create_whole
from dnnsearch.validators import cut, nearest, shortened, show, study_name

FOLDER = Path("configs")
OPENML = "openml:"
MULTI_TARGET_SETS = ("linnerud",)
# Shares of dev and test to try; 0.0 stands for the recommended one, larger ones suit rare classes.
DEV_AND_TEST_SHARES = ((0.0, 0.0), (0.3, 0.3), (0.35, 0.35))


@dataclass(frozen=True)
class NewConfig:
    """The config that was written, and what was found in the file."""

    path: Path
    report: file_report.FileReport  # a short profile
    trials: int  # of the search
    advice: str = ""  # for after the search

    @property
    def lines(self) -> list[str]:
        """The profile as text for a log."""
        return self.report.lines


class Fitting(NamedTuple):
    """A drafted config, the number of its trials, and the rows that its split draws."""

    text: str
    trials: int
    split: Mapping[str, Any]
    folds: int | None
    rows: Indices


def new(
    data: str,
    target: str | None,
    name: str | None = None,
    test: str | None = None,
    settings: Sequence[str] = (),
) -> NewConfig:
    """Write configs/NAME.yaml for a file, or for a data set of scikit-learn or OpenML.

    `target` is a column's name, or its number counted from 0 (-1 is the last); `test` an official
    test file; `settings` are `key.path=value` for keys of the config (data.task, split.by, ...).
    Raise UserError if the file, an argument or a setting is wrong, or the config exists.
    """
    try:
        given = yaml_file.override({"data": _source(data, target, test)}, settings)[0]
        wanted, split = _with_column(source(_asked(given.pop("data")))), _split(given)
        wanted, table = _with_levels(wanted, split.get("by"))
        called = Path(data).resolve().name if Path(data).is_dir() else data_name(wanted)
        name = study_name(name or re.sub(r"[^\w.-]+", "_", called).strip("._-") or "data")
    except ValueError as error:
        place = data if data.isprintable() else repr(data)
        raise UserError(str(error) if data in str(error) else f"{place}: {error}") from None
    path = FOLDER / f"{name}.yaml"
    written = re.compile(r"\s*(data|split)\s*[.=]")  # by the template, from what is known by now
    others = [setting for setting in settings if not written.match(setting)]
    fitting = _fitting(wanted, table, split, others, path)
    _write(path, fitting.text)
    relabel = wanted.get("relabel", {})
    found = file_report.report(table, fitting.split, fitting.folds, fitting.rows, relabel)
    advice = recommendations.outer_folds_advice(table, split, name)
    return NewConfig(path, found, fitting.trials, advice)


def _with_levels(wanted: dict[str, Any], by: str | None) -> tuple[dict[str, Any], FileTable]:
    """Return `data` and its table, with an input for each level of enough rows if none is asked."""
    table = file_table.load_table(wanted, by)
    levels = None if "levels" in wanted else drafted_levels(table)
    if levels is None:
        return wanted, table
    wanted = {**wanted, "levels": levels}
    return wanted, file_table.load_table(wanted, by)


def _split(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of `split` that the user gave. Raise ValueError if they are wrong."""
    try:
        split = Split.model_validate(given.get("split", {}))
    except ValidationError as error:
        known = {"": list(Split.model_fields)}
        raise ValueError(f"split: {format_errors(error.errors(), known, {}, ())}") from None
    return split.model_dump(exclude_unset=True)


def _source(data: str, target: str | None, test: str | None) -> dict[str, Any]:
    """Return the config's `data` section for the arguments."""
    more: dict[str, Any] = {"reading": READING, **({"test_file": test} if test else {})}
    if data.startswith(OPENML):
        which = data.removeprefix(OPENML)
        number = int(which) if which.isdecimal() else which
        return {"openml": number, "target": target or "class", **more}
    if _is_bundled(data):
        return {"bundled": data, "target": target or bundled.TARGET, **more}
    files = {"file": str(images(data)), **more}
    files |= companions(files["file"], target)
    has_target = "labels" in files or "target" in files or not target
    return files if has_target else files | {"target": target}


def _is_bundled(data: str) -> bool:
    """Return whether `data` names a data set of scikit-learn and no file has that name.

    Raise ValueError if no config can be drafted for the set, or if the name is nearly one.
    """
    if Path(data).exists() or data.count("/") or data.count("."):
        return False
    if data in MULTI_TARGET_SETS:
        raise ValueError(f"{data} is a multi-target data set; only one target is supported")
    if data in DATASETS and data not in BUNDLED:
        raise ValueError(f"{data} is generated, not a table: write `data: {data}` in a config")
    meant = nearest(data, list(BUNDLED))
    if data not in BUNDLED and meant:
        raise ValueError(f"there is no file {data}, and no data set {data} in scikit-learn{meant}")
    return data in BUNDLED


def _asked(given: Any) -> dict[str, Any]:
    """Return the `data` section. Raise ValueError, which lists the columns, if it has no target."""
    if not isinstance(given, Mapping):
        rule = "data must be a mapping such as {task: regression}"
        raise ValueError(f"{rule}, but got {show(given)}")
    if given.get("target") or given.get("labels"):
        return dict(given)
    names = [str(name) for name in read(given).frame.columns]
    raise ValueError(f"--target is required: choose one of {shortened(names, 20)}")


def _with_column(wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the `data` section with the target's name, also if the user gave its number."""
    target = wanted.get("target", "")
    if "labels" in wanted or not re.fullmatch(r"-?\d{1,6}", target):
        return wanted
    names = list(read(wanted).frame.columns)
    if target in names:
        return wanted
    if not -len(names) <= int(target) < len(names):
        first, last = cut(names[0]), cut(names[-1])
        raise ValueError(
            f"target must be a column's name, or its number from 0 ({first}) to {len(names) - 1} "
            f"({last}), but got {target}; the columns: {shortened(map(cut, names), 20)}"
        )
    return {**wanted, "target": names[int(target)]}


def _fitting(
    wanted: dict[str, Any],
    table: FileTable,
    given: Mapping[str, Any],
    settings: Sequence[str],
    path: Path,
) -> Fitting:
    """Return the config with the first split that every part can use.

    The config has been checked. Raise UserError, with the first problem, if no split is possible.
    """
    place, problem = str(wanted.get("file") or data_name(wanted)), ""
    for split in _splits(table, given):
        for folds in _folds(table, split, settings):
            text = template.draft(wanted, table, split, folds)
            document, touched = yaml_file.override(yaml_file.parse(text, str(path)), settings)
            config = parse_config(document, place, path.stem)  # no file yet
            try:
                rows = table.split(config.split, config.folds)
            except ValueError as error:
                problem = problem or str(error)
                continue
            check_fits(config, _shape(table, rows))
            changed = {key: document[key] for key in touched}
            return Fitting(_with_settings(text, changed), config.trials, split, config.folds, rows)
    raise UserError(f"{place}: {problem}")


def _splits(table: FileTable, given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the splits to try, the best first."""
    suits = recommendations.recommend(table)
    for dev, test in DEV_AND_TEST_SHARES:
        split = {"dev": dev or suits.dev, "test": test or suits.test, "seed": 0, **given}
        if "equal_rows" not in given and recommendations.keeps_equal_rows_together(table, split):
            yield {**split, "equal_rows": TOGETHER}
        yield split


def _shape(table: FileTable, rows: Indices) -> DataShape:
    """Return the shape of the data before preprocessing: a column counts as one input."""
    sizes = {part: these.shape[-1] for part, these in rows.items()}
    if table.test:
        sizes["test"] = len(table.test[1])
    outputs = outputs_of(table.task, table.classes)
    return DataShape(len(table.roles), outputs, **sizes, task=table.task)


def _folds(
    table: FileTable, split: Mapping[str, Any], settings: Sequence[str]
) -> Iterable[int | None]:
    """Return the folds to try: those of the settings, else the recommended ones and none."""
    asked = yaml_file.override({}, settings)[0]
    if "folds" in asked:
        return [asked["folds"] if isinstance(asked["folds"], int) else None]
    advised = None if "replicates" in asked else recommendations.advised_folds(table, split)
    return dict.fromkeys((advised, None))


def _with_settings(text: str, given: Mapping[str, Any]) -> str:
    """Return the text with the user's settings in place of its own lines."""
    for key, value in given.items():
        other = yaml_file.ALTERNATIVES.get(key, key)
        if other not in given:
            text = re.sub(rf"^{re.escape(other)}:", f"{key}:", text, flags=re.MULTILINE)
        line = f"{key}: {json.dumps(value)}".ljust(template.COMMENT_COLUMN) + "  # set by the user"
        pattern = re.compile(rf"^{re.escape(key)}:.*$", re.MULTILINE)
        found = pattern.search(text)
        start, end = found.span() if found else (len(text), len(text))
        text = text[:start] + line + text[end:] + ("" if found else "\n")
    return text


def _write(path: Path, text: str) -> None:
    """Write a new file. Raise UserError if it exists or cannot be written; then none is left."""
    try:
        path.parent.mkdir(exist_ok=True)
        create_whole(path, text.encode())
    except FileExistsError:
        problem, use = f"{path.parent} must be a folder", ""
        if path.exists():
            problem = f"{path} exists already"
            use = f"search it with `{program_name()} search {shlex.quote(path.stem)}`, "
        advice = f"{use}choose another name with --name, or remove it"
        raise UserError(f"{problem}: {advice}") from None
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from None
