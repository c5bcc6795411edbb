"""The target: classes from labels, or numbers.

Unless the config gives the task, the column decides it: text is classes, whole numbers with few
distinct values are classes, all other numbers are a regression.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dnnsearch.data.files.number_formats import read_numbers
from dnnsearch.data.files.number_spelling import Spelling
from dnnsearch.data.files.reading_version import BEFORE, Reading
from dnnsearch.data.files.sheet import Marks, numeric
from dnnsearch.data.files.source import set_option
from dnnsearch.data.labels import (
    Relabel,
    mixed_advice,
    mixed_spelling,
    number_of,
    rare_advice,
    spelled_twice,
    spelling_advice,
    texts_advice,
)
from dnnsearch.data.table import Task
from dnnsearch.validators import counted, shortened, show

MAX_WHOLE_NUMBERS_AS_CLASSES = 20  # distinct values; more are a regression
MIN_GRADES = 11  # so many different whole numbers, some of them rare, are an amount
MIN_ROWS_OF_A_CLASS = 5
MAX_CLASSES = 10_000
MAX_NUMBER = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Target:
    """The column to predict; rows without a target are left out of `y`."""

    task: Task
    y: np.ndarray  # (m,): int64 indices into the classes, or float64
    classes: tuple[str, ...]  # none in a regression
    there: np.ndarray  # (all rows,) bool: whether the row has a target

    @property
    def missing(self) -> int:
        """The number of rows without a target."""
        return int((~self.there).sum())

    @property
    def counts(self) -> dict[str, int]:
        """The examples of each class; empty for a regression."""
        if not self.classes:
            return {}
        numbers = np.bincount(self.y, minlength=len(self.classes))
        return dict(zip(self.classes, numbers.tolist()))


def read_target(
    column: pd.Series,
    wanted: str | None = None,
    decimal: str = ".",
    reading: Reading = BEFORE,
    spelled: str = "",
) -> Target:
    """Return the target in a column, for the `wanted` task or the one that the column suggests.

    `decimal` is the file's decimal mark, `reading` the version of the rules, `spelled` the
    spelling of its numbers, if it is known. Raise ValueError if the task cannot be learnt from it.
    """
    there = column.notna().to_numpy()
    given = column[there]
    if len(given) == 0:
        raise ValueError(f"the target {column.name!r} must have values, but all are missing")
    numbers = _numbers(given, decimal, spelled)
    task = wanted or _task(given, numbers, reading)
    try:
        if task == "regression":
            return Target("regression", _values(column.name, given, numbers), (), there)
        labels = texts(given)
        classes = _classes(column.name, labels)
    except ValueError as error:
        if wanted in (None, "regression") and (rule := _rule_for_numbers(given, decimal, spelled)):
            raise ValueError(rule) from None
        if wanted or numbers.isna().any() or numbers.nunique() < 3:
            raise
        raise ValueError(
            f"{error}; or predict it as a number: --set data.task=regression"
        ) from None
    if wanted == "binary" and len(classes) != 2:
        raise ValueError(f"task binary needs 2 classes, but {column.name!r} has {len(classes)}")
    y = pd.Index(classes).get_indexer(pd.Index(labels)).astype(np.int64)
    return Target("binary" if len(classes) == 2 else "multiclass", y, classes, there)


def without_word_gaps(column: pd.Series, marks: Marks) -> tuple[pd.Series, list[str]]:
    """Return the target with `NA` and the like missing if the others are numbers, and notices.

    Among labels they are labels, as a notice says.
    """
    words = column[column.isin(list(marks.labels))] if marks.labels else column[:0]
    if not len(words) or pd.api.types.is_numeric_dtype(column.dtype):
        return column, []
    others = column.drop(words.index).dropna().astype("str")
    counts = words.value_counts()
    shown = ", ".join(f"{word!r} ({count} rows)" for word, count in counts.items())
    if len(others) and numeric(others).notna().all():
        return column.mask(column.isin(list(marks.labels))), [
            f"{column.name}: {shown} is missing, because the other values are numbers"
        ]
    mark = set_option("data.missing", [str(word) for word in counts.index])
    return column, [f"{column.name}: {shown} is a class; if it means missing: {mark}"]


def relabelled(column: pd.Series, names: Relabel, *, is_whole: bool = True) -> pd.Series:
    """Return the column with its labels, as text, as `names` says; missing cells stay missing.

    Raise ValueError for a name that is no label of the column, unless that is a part of the data.
    """
    if not names:
        return column
    there = column.notna()
    labels = column.astype("str").where(there)
    labels[there] = texts(column[there])
    known = labels.dropna().unique().tolist()
    unknown = [name for name in names if name not in known]
    if unknown and is_whole:
        rule = f"relabel must name labels of {column.name!r}, but {unknown[0]!r} is none"
        raise ValueError(f"{rule}; they are: {shortened(sorted(known), 12)}")
    return labels.map(lambda label: names.get(label, label), na_action="ignore").astype("str")


def _numbers(given: pd.Series, decimal: str, spelled: str = "") -> pd.Series:
    if pd.api.types.is_numeric_dtype(given.dtype):
        return given.astype(np.float64)
    text = given.astype("str")
    if spelling := Spelling.parse(spelled):
        return spelling.values(text)
    found = read_numbers(text, decimal)
    if found:
        return found[0]
    return numeric(text.str.replace(",", ".", regex=False) if decimal == "," else text)


def is_graded(numbers: pd.Series, reading: Reading) -> bool:
    """Return whether whole numbers of few values are an amount: of many values, some are rare."""
    if not reading.has("whole numbers with rare values are a regression"):
        return False
    counts = numbers.value_counts()
    if len(counts) > MAX_WHOLE_NUMBERS_AS_CLASSES or (numbers % 1 != 0).any():
        return False
    return len(counts) >= MIN_GRADES and int(counts.min()) < MIN_ROWS_OF_A_CLASS


def _task(given: pd.Series, numbers: pd.Series, reading: Reading) -> str:
    if numbers.isna().any() or is_graded(numbers, reading):
        return "classes" if numbers.isna().any() else "regression"
    is_whole = bool(np.equal(np.mod(numbers, 1), 0).all())
    return (
        "classes"
        if is_whole and numbers.nunique() <= MAX_WHOLE_NUMBERS_AS_CLASSES
        else "regression"
    )


def _values(name: object, given: pd.Series, numbers: pd.Series) -> np.ndarray:
    """Return the numbers of a regression; raise ValueError for text and for a constant."""
    if numbers.isna().any():
        texts_ = given[numbers.isna()]
        example = f"{counted(len(texts_), 'text')} such as {show(str(texts_.iloc[0]))}"
        raise ValueError(f"a regression needs numbers, but the target {name!r} has {example}")
    values = numbers.to_numpy(np.float64)
    check_range(str(name), values)
    if len(np.unique(values)) < 2:
        raise ValueError(f"the target {name!r} must vary, but is always {show(values[0].item())}")
    return values


def _rule_for_numbers(given: pd.Series, decimal: str, spelled: str) -> str:
    """Return what is wrong with a target of numbers and a few texts; empty for another target.

    In a column with such a text, pandas and the detection of formats read no number.
    """
    text = given.astype("str")
    numbers = _numbers(given[text.str.contains(r"\d").astype(bool)], decimal, spelled).dropna()
    marks = text.drop(numbers.index).value_counts()
    texts_ = {str(text): int(count) for text, count in marks.items()}
    advice = texts_advice(texts_, numbers.value_counts().to_list())
    if not advice:
        return ""
    found = f"{len(numbers)} numbers and {counted(sum(texts_.values()), 'text')}"
    return f"a target must be numbers or classes, but {given.name!r} has {found}: {advice}"


def check_range(name: str, values: np.ndarray, advice: str = "mend them") -> None:
    """Raise ValueError for infinite numbers, and for those too large for float32."""
    wrong = values[~np.isnan(values) & ~(np.abs(values) <= MAX_NUMBER)]
    if len(wrong):
        rule = f"numbers must be finite and at most {MAX_NUMBER:.2g}"
        found = f"column {name!r} has {len(wrong)}, such as {wrong[0]:.3g}"
        raise ValueError(f"{rule}, but {found}: {advice}")


def texts(given: pd.Series) -> np.ndarray:
    """Return values as text, (m,) of objects; whole numbers of any type have no point."""
    if pd.api.types.is_float_dtype(given.dtype):
        kinds, codes = np.unique(given.to_numpy(np.float64), return_inverse=True)
        return np.array(
            [str(int(v)) if v.is_integer() else repr(v) for v in kinds.tolist()], object
        )[codes]
    return given.astype("str").to_numpy(object)


def _classes(name: object, labels: np.ndarray) -> tuple[str, ...]:
    """Return the classes, numbers by value and text by letter; raise ValueError if unlearnable."""
    found = pd.Series(labels).value_counts().sort_index()
    kinds, counts = [str(label) for label in found.index], found.to_numpy()
    what = f"the target {name!r}"
    rows = dict(zip(kinds, counts.tolist()))
    doubled = spelled_twice(rows)
    if doubled:
        spelled = " and ".join(f"{show(label)} ({rows[label]} rows)" for label in doubled)
        advice = spelling_advice(rows)
        raise ValueError(f"{what} spells one label in two ways: {spelled}; {advice}")
    mixed = mixed_spelling(kinds)
    if mixed:
        raise ValueError(
            f"{what} must spell its labels in one way, but mixes {mixed}; {mixed_advice(rows)}"
        )
    if len(kinds) < 2:
        raise ValueError(
            f"{what} must have 2 classes, but all {len(labels)} rows are {show(kinds[0])}"
        )
    if len(kinds) == len(labels) > 2:
        raise ValueError(f"{what} looks like an identifier: every row has a different label")
    if len(kinds) > MAX_CLASSES:
        raise ValueError(f"{what} must have at most {MAX_CLASSES} classes, but has {len(kinds)}")
    if counts.min() < 2:
        rare = [label for label, count in zip(kinds, counts) if count < 2]
        which = shortened([show(label) for label in rare], 3)
        raise ValueError(
            f"each class must have at least 2 examples, but of {what} these have 1: {which}; "
            f"{rare_advice(rows, rare)}"
        )
    return tuple(sorted(kinds, key=lambda label: (number_of(label), label)))


def read_test_target(
    column: pd.Series, target: Target, decimal: str = ".", spelled: str = ""
) -> Target:
    """Return the target of a test file, with the classes of the training file.

    A full stop after a label and another spelling of a number make no difference. Raise ValueError
    for a class that the training file does not have.
    """
    there = column.notna().to_numpy()
    given = column[there]
    if target.task == "regression":
        values = _values(column.name, given, _numbers(given, decimal, spelled))
        return Target("regression", values, (), there)
    places = {label: i for i, label in enumerate(target.classes)}
    numbers = {number_of(label): i for label, i in places.items() if number_of(label) < np.inf}
    known = {}
    for label in pd.unique(texts(given)):
        place = places.get(label, places.get(label.rstrip(".").strip()))
        place = numbers.get(number_of(label)) if place is None else place
        if place is None:
            raise ValueError(
                f"class {show(label)} of the test file is missing from the training file"
            )
        known[label] = place
    y = np.array([known[label] for label in texts(given)], np.int64)
    return Target(target.task, y, target.classes, there)
