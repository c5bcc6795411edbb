"""The keys of a config's `data` that are about a file, their rules, and the files' digests."""

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dnnsearch.data.files.open_bytes import sha256
from dnnsearch.data.files.reading_version import FIRST, READING
from dnnsearch.data.transformations import TRANSFORMATIONS
from dnnsearch.validators import Rule, one_of, options, or_word, show, text, whole, yes_or_no

EVERY_OTHER = "*"  # in `columns`: every column without a role of its own
BUNDLED = ("breast_cancer", "diabetes", "digits", "iris", "wine")  # scikit-learn's own sets
THOUSANDS, UNITS = "thousands", ("%", "$", "€", "£", "¥", "₩", "₹")
WAYS = (THOUSANDS, *UNITS)  # formats of numbers; one with a unit may also have thousands
# A spelling of numbers, shown as the number 1234.5 in it: see number_spelling.
SPELLING = re.compile(
    r"(?:(?P<before>[^\d\s.,'’]+\.?) )?1(?P<thousands>[.,'’ ])?234(?:(?P<decimal>[.,])5\d*)?"
    r"(?: (?P<after>[^\d\s]\D*))?"
)
UNIT_ENDS = re.compile(r"(?<=[^\d\s.,'’])(?=1)|(?<=\d)(?=[^\d\s.,'’])")
ISO, DURATION, DATE = "ISO8601", "duration", "date"  # how dates are written; the role
MAX_LEVELS_ASKED = 10_000  # of a category, that have an input each
TASKS = ("binary", "multiclass", "regression")
# keys: the form of the file
FORM = (
    "encoding",
    "separator",
    "quote",
    "decimal",
    "header",
    "missing",
    "spelled",
    "sheet",
    "reading",
)
ORIGINS = ("file", "openml", "bundled")  # keys: the origin of the table; exactly one is given
PATHS = ("file", "labels", "test_file", "test_labels")


def roles() -> list[str]:
    """Return the roles that a config can give a column."""
    return [*TRANSFORMATIONS, DATE, "category", "ignored"]


def _columns(value: object) -> dict[str, str]:
    role = one_of(roles())
    if isinstance(value, str):
        return {EVERY_OTHER: role(value)}
    if not isinstance(value, Mapping):
        raise ValueError(f"must be a mapping of columns to {', '.join(roles())}, not {show(value)}")
    return {str(name): _role(role, str(name), given) for name, given in value.items()}


def _role(rule: Rule, name: str, given: object) -> str:
    try:
        return str(rule(given))
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None


def _spelled(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError(f"must be a mapping of columns to {', '.join(WAYS)}, not {show(value)}")
    return {str(name): _role(_way, str(name), given) for name, given in value.items()}


def _way(value: object) -> str:
    """Return one of WAYS, or how a number or a date is written: `1.234,5 €`, `%d.%m.%Y`.

    A blank between number and unit may be left out; it is there in what is returned.
    """
    text_ = str(value)  # YAML reads 1234.5 as a number
    if SPELLING.fullmatch(text_) or text_ == DURATION or is_date_format(text_):
        return text_
    if SPELLING.fullmatch(apart := UNIT_ENDS.sub(" ", text_)):
        return apart
    try:
        return str(one_of(WAYS)(value))
    except ValueError as error:
        rule = "must be the number 1234.5 as the column writes it, such as `€ 1.234,5`, a format of"
        also = str(error).removeprefix("must be one of ")
        raise ValueError(f"{rule} dates such as `%d.%m.%Y`, {DURATION}, or one of {also}") from None


def is_date_format(way: str) -> bool:
    """Return whether a value of `spelled` says how dates are written."""
    is_number = SPELLING.fullmatch(way) is not None  # with a unit such as %vol
    return way == ISO or (re.search("%[A-Za-z]", way) is not None and not is_number)


def set_option(key: str, value: object) -> str:
    """Return the option that sets a key to a text or JSON value, to be pasted into a shell.

    JSON's escapes stand for characters that a terminal does not show, as a no-break space.
    """
    is_plain = isinstance(value, str) and re.fullmatch(r"[\w.,-]+", value)
    path = f"{key}={value if is_plain else json.dumps(value, ensure_ascii=False)}"
    shown = (c if c.isprintable() else json.dumps(c)[1:-1] for c in path)
    return f"--set {shlex.quote(''.join(shown))}"


def setting(section: str, name: str, value: str) -> str:
    """Return the option that sets a column's key in a section of the config, to be pasted."""
    if re.search(r"[.=]", name) or name != name.strip() or not name.isprintable():
        return set_option(section, {name: value})
    return set_option(f"{section}.{name}", value)


def _relabel(value: object) -> dict[str, str | None]:
    if not isinstance(value, Mapping):
        raise ValueError(f"must be a mapping of labels to labels or none, not {show(value)}")
    rule = or_word("none", lambda given: text(str(given) if type(given) is int else given), None)
    return {str(label): _as_label(rule, str(label), given) for label, given in value.items()}


def _as_label(rule: Rule, label: str, given: object) -> str | None:
    try:
        found: str | None = rule(given)
    except ValueError as error:
        raise ValueError(f"{label} {error}") from None
    return found


def _marks(value: object) -> list[str]:
    marks = [value] if isinstance(value, str) else value
    if not isinstance(marks, list | tuple) or not all(isinstance(m, str | int) for m in marks):
        raise ValueError(f"must be a list of texts, but got {show(value)}")
    return [str(mark) for mark in marks]


def _one_character(value: object) -> str:
    value = {"tab": "\t", "blank": " "}.get(str(value), value)
    if not isinstance(value, str) or len(value) != 1 or value in "\r\n\0" or value.isalnum():
        raise ValueError(f"must be one character such as ',' or tab, but got {show(value)}")
    return value


def _openml(value: object) -> int | str:
    """Return a number or a name."""
    if isinstance(value, int) and not isinstance(value, bool):
        return int(whole(1, 10**9)(value))
    return str(text(value))


KEYS: dict[str, Rule] = {
    "file": text,
    "openml": _openml,
    "bundled": one_of(BUNDLED),
    "target": lambda value: text(str(value) if type(value) is int else value),
    "labels": text,
    "test_file": text,
    "test_labels": text,
    "task": one_of(TASKS),
    "relabel": _relabel,
    "columns": _columns,
    "encoding": text,
    "separator": _one_character,
    "quote": _one_character,
    "decimal": one_of([".", ","]),
    "header": yes_or_no,
    "missing": _marks,
    "spelled": _spelled,
    "sheet": text,
    "reading": whole(FIRST, READING),
    "levels": whole(1, MAX_LEVELS_ASKED),
}


def is_file(given: object) -> bool:
    """Return whether `data` is a table with columns, not a set with a name."""
    return isinstance(given, Mapping) and any(key in given for key in ORIGINS)


def has_test_file(given: object) -> bool:
    """Return whether `data` is a table whose test rows are in a file of their own."""
    keys = ("test_file", "test_labels")
    return isinstance(given, Mapping) and is_file(given) and any(key in given for key in keys)


def source(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given keys in their normal form; raise ValueError with key, rule and value."""
    options(given, KEYS, "the keys of a file")
    origins = [key for key in ORIGINS if key in given]
    if len(origins) > 1:
        raise ValueError(f"must have one of {', '.join(ORIGINS)}, but got {' and '.join(origins)}")
    normal = {}
    for key, rule in KEYS.items():
        if given.get(key) is not None:
            try:
                normal[key] = rule(given[key])
            except ValueError as error:
                raise ValueError(f"{key} {error}") from None
    if "target" not in normal and "labels" not in normal:
        raise ValueError("target must be given: the name of the column to predict")
    if normal.get("reading") == FIRST:
        del normal["reading"]  # configs of before lack it
    return normal


def contents(source: Mapping[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of each file by its key; raise ValueError if a file is missing."""
    return {key: sha256(Path(source[key])) for key in PATHS if key in source}


def without_paths(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys that do not name files."""
    return {key: value for key, value in data.items() if key not in PATHS}


def identity(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what determines the data: files by their content, wherever they are.

    A set with a name has no `contents`, not even empty ones: caches of before know it so. Raise
    ValueError if a file is missing.
    """
    if not is_file(data):
        return dict(data)
    return {**without_paths(data), "contents": contents(data)}


def rows_to_predict(data: Mapping[str, Any]) -> str:
    """Return what stands for rows behind `predict MODEL`.

    A set that comes with scikit-learn is named itself, and its answers, all its rows, go to a file.
    """
    name = data.get("bundled", data.get("name"))
    return f"{name} --out {name}-answers.csv" if name in BUNDLED else "ROWS.csv"


def data_name(data: Mapping[str, Any]) -> str:
    """Return a short name: the set's, or the file's without folder and endings."""
    if "name" in data or "bundled" in data:
        return str(data.get("name", data.get("bundled")))
    return Path(data["file"]).name.split(".")[0] if "file" in data else f"openml {data['openml']}"
