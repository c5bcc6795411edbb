"""The role of each column of a table: a number, a category, or ignored, with the reason.

It depends on the table alone, so that equal files are understood equally. A role that the config
gives is kept.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from dnnsearch.data.files.reading_version import BEFORE, Reading
from dnnsearch.data.files.sheet import dates, first_code, has_long_digits, numeric
from dnnsearch.data.files.source import DATE, EVERY_OTHER, is_date_format, set_option, setting
from dnnsearch.data.index_columns import REASON as AN_INDEX
from dnnsearch.data.index_columns import index_columns
from dnnsearch.data.preprocessing import MAX_LEVELS
from dnnsearch.data.target import Target, check_range, texts
from dnnsearch.validators import counted, cut, shortened, show

MAX_SKEWNESS_OF_NUMBERS = 3.0  # beyond it the column is transformed by quantiles
# Text is a category if its recurring levels cover enough rows of the whole table. Which of them get
# an input is another decision, on train: see preprocessing.
MIN_EXAMPLES_TO_RECUR = 5
MAX_MIXED_LEVELS = 20  # of a category that mixes numbers and text
MIN_SHARE_OF_RECURRING = 0.5
MIN_ROWS_FOR_IDENTIFIER = 10
MAX_MARKS_IN_ADVICE = 5
MAX_EXACT = 2**53  # the largest whole number up to which a float64 holds all
SHARE_OF_IDENTIFIERS = 0.9  # of rows with a number of their own
MIN_SHARE_FOR_LEAK = 0.5  # of the rows must have a value, or no copy of the target is looked for
IT_IS_TEXT = "it is text with"  # the reason for which text is no category
BY_CONFIG, BY_FILE = "as the config says", "as the file declares"
IDENTIFIER = re.compile(
    r"(.*[ _.-])?(id|index|key|uuid|row[ _]?names?|nr|no)|unnamed.*", re.IGNORECASE
)


@dataclass(frozen=True)
class Column:
    """A column of features and what is made of it."""

    name: str
    role: str  # of files.source.roles()
    reason: str
    missing: int  # rows
    loud: bool = False  # whether the user should read the reason before training


def profile(
    frame: pd.DataFrame,
    target: Target,
    given: Mapping[str, str],
    declared: Mapping[str, str],
    set_aside: Mapping[str, str],
    reading: Reading = BEFORE,
    spelled: Mapping[str, str] | None = None,
    levels: int | None = None,
) -> list[Column]:
    """Return the columns of `frame` (m rows, those of target.y) with their roles.

    `given` are the config's roles, `declared` the file's; `set_aside` has the reason for each
    column with another use; `reading` is the version of the rules, `spelled` says how columns
    are written, and `levels` how many levels of a category may have an input each, if the config
    does. Raise ValueError for a column that mixes numbers and text, and if no column is left to
    learn from.
    """
    found = index_columns(frame) if reading.has("an index that came along is ignored") else []
    aside = {**dict.fromkeys(found, AN_INDEX), **set_aside}
    columns = [
        _column(series, target, _asked(str(name), given, declared), aside, reading, levels)
        if not is_date_format((spelled or {}).get(str(name), ""))
        else _date(series, target, _asked(str(name), given, declared), aside)
        for name, series in frame.items()
    ]
    if all(column.role == "ignored" for column in columns):
        raise ValueError(
            "a table must have a column to learn from, but each is constant, empty or ignored"
        )
    return columns


def _asked(name: str, given: Mapping[str, str], declared: Mapping[str, str]) -> tuple[str, str]:
    """Return the role that the config or the file gives, and which of them does."""
    for roles, who in ((given, BY_CONFIG), (declared, BY_FILE)):
        role = roles.get(name, roles.get(EVERY_OTHER))
        if role:
            return role, who
    return "", ""


def _column(
    series: pd.Series,
    target: Target,
    asked: tuple[str, str],
    set_aside: Mapping[str, str],
    reading: Reading,
    levels: int | None,
) -> Column:
    name, missing = str(series.name), int(series.isna().sum())
    role, reason = asked
    if role == "ignored":
        return Column(name, role, reason, missing)
    if name in set_aside and not role:
        reason = set_aside[name]
        return Column(name, "ignored", reason, missing, loud=reason == AN_INDEX)
    is_number = pd.api.types.is_numeric_dtype(series.dtype)
    if not role and reading.has("whole numbers beyond 2^53 keep their digits"):
        long = _long_number(series, name, missing)
        if long:
            return long
    mixed = ""
    if not role and not is_number and reading.has("numbers and text of few levels are a category"):
        mixed = _mix_of_levels(series)
    if role not in ("category", "pixel") and not is_number and not mixed:
        _check_mixed(series, role)
    if is_number and series.dtype.kind not in "iu":
        advice = f"mend them, or leave the column out, {setting('data.columns', name, 'ignored')}"
        check_range(name, series.to_numpy(np.float64), advice)
    if role == "pixel" or (role and reason == BY_CONFIG):
        return Column(name, role, reason, missing)
    useless = _useless(series, missing) or _leak(series, target)
    if useless:
        return Column(name, "ignored", useless, missing, loud="target" in useless)
    if role == "number" or (is_number and not role):
        return _number(series, name, missing)
    column = _category(series, name, missing, reason or mixed, levels or MAX_LEVELS)
    return replace(column, loud=True) if mixed else column


def _date(
    series: pd.Series, target: Target, asked: tuple[str, str], set_aside: Mapping[str, str]
) -> Column:
    """Return the role of a column whose cells are all dates."""
    name, missing = str(series.name), int(series.isna().sum())
    role, reason = asked
    if name in set_aside and not role:
        return Column(name, "ignored", set_aside[name], missing)
    if role and reason == BY_CONFIG:
        return Column(name, role, reason, missing)
    useless = _useless(series, missing) or _leak(series, target)
    if useless:
        return Column(name, "ignored", useless, missing, loud="target" in useless)
    what = f"dates such as {series.dropna().iloc[0]}, as days, year and what else of them varies"
    return Column(name, DATE, what, missing, loud=True)


def _long_number(series: pd.Series, name: str, missing: int) -> Column | None:
    """Return what a column of whole numbers beyond 2^53 is; None if it is none."""
    there = series.dropna()
    if series.dtype.kind in "iu":
        if not len(there) or not (there.abs() > MAX_EXACT).any():
            return None
    elif series.dtype.kind == "f" or not has_long_digits(there):
        return None
    share = there.nunique() / len(there)
    if share == 1 / len(there) and not missing:
        return None  # constant
    lengths = there.astype("str").str.len()
    digits = int(lengths.max())
    looks_so = digits - lengths.min() <= 1 or _is_named_as_identifier(name)
    if share >= SHARE_OF_IDENTIFIERS and looks_so:
        reason = f"it is an identifier: numbers of {digits} digits, {there.nunique()} different"
        return Column(name, "ignored", reason, missing, True)
    reason = f"whole numbers of {digits} digits, of which about 16 count"
    return Column(name, "number", reason, missing, True)


def _is_named_as_identifier(name: str) -> bool:
    return bool(IDENTIFIER.fullmatch(name)) or name.endswith(("Id", "ID"))


def _mix_of_levels(series: pd.Series) -> str:
    """Return, in words, how numbers and text of few levels are mixed; empty if they are not."""
    there = series.dropna().astype("str")
    if there.nunique() > min(MAX_MIXED_LEVELS, len(there) // MIN_EXAMPLES_TO_RECUR):
        return ""
    is_number = numeric(there).notna()
    if is_number.all() or not is_number.any():
        return ""
    text = there[~is_number]
    found = f"{counted(int(is_number.sum()), 'number')} and {counted(len(text), 'text')}"
    return f"{found} such as {show(text.iloc[0])}"


def _check_mixed(series: pd.Series, role: str) -> None:
    """Raise ValueError if numbers and text are in one column."""
    there = series.dropna()
    spelled = numeric(there.astype("str"))
    text, numbers = there[spelled.isna()], there[spelled.notna()]
    if len(text) and (len(numbers) or role):
        rare = numbers if 0 < len(numbers) < len(text) else text
        word, example = ("numbers" if rare is numbers else "texts"), str(rare.iloc[0])
        found = f"{counted(len(numbers), 'number')} and {counted(len(text), 'text')}"
        raise ValueError(
            f"a column must be numbers or text, but {series.name!r} has {found}, {word} such as "
            f"{show(example)}: {_mixed_advice(series, text)}"
        )


def _mixed_advice(series: pd.Series, text: pd.Series) -> str:
    """Return options to be pasted: the column as a category, ignored, or its texts as missing."""
    roles = [setting("data.columns", str(series.name), role) for role in ("category", "ignored")]
    marks = text.astype("str").unique().tolist()
    few = len(marks) <= MAX_MARKS_IN_ADVICE and len(text) < len(series) / 2
    missing = [f"{set_option('data.missing', marks)} if that is missing"] if few else []
    return ", or ".join([*roles, *missing])


def _useless(series: pd.Series, missing: int) -> str:
    distinct = series.nunique()
    if distinct == 0:
        return "it has no values"
    if distinct == 1 and missing == 0:
        return f"it is constant: always {show(str(series.iloc[0]))}"
    return ""


def _leak(series: pd.Series, target: Target) -> str:
    """Return how the column equals the target wherever it has a value; empty if it does not."""
    there = series.notna().to_numpy()
    if there.mean() < MIN_SHARE_FOR_LEAK:
        return ""
    values, y = series[there], target.y[there]
    if target.task == "regression":
        return _same_numbers(pd.to_numeric(values, errors="coerce").to_numpy(np.float64), y)
    codes, kinds = pd.factorize(values)
    if len(kinds) != len(target.classes):
        return ""
    pairs = np.unique(codes * len(kinds) + y)
    return "it equals the target, under other names" if len(pairs) == len(kinds) else ""


def _same_numbers(numbers: np.ndarray, y: np.ndarray) -> str:
    if np.array_equal(numbers, y):
        return "it equals the target"
    if np.isnan(numbers).any() or len(y) < MIN_ROWS_FOR_IDENTIFIER or numbers.std() * y.std() == 0:
        return ""
    correlation = np.mean((numbers - numbers.mean()) * (y - y.mean())) / numbers.std() / y.std()
    return "it equals the target, in another unit" if abs(correlation) > 1 - 1e-9 else ""


def _number(series: pd.Series, name: str, missing: int) -> Column:
    values = series.dropna().to_numpy(np.float64)
    if _is_identifier(name, values):
        return Column(name, "ignored", "it is an identifier: each row has its own", missing, True)
    deviation = values.std()
    skewness = np.mean(((values - values.mean()) / deviation) ** 3) if deviation > 0 else 0.0
    if abs(skewness) > MAX_SKEWNESS_OF_NUMBERS:
        reason = f"numbers with a long tail (skewness {skewness:.0f}): by their rank"
        return Column(name, "quantile", reason, missing)
    return Column(name, "number", f"numbers from {values.min():.4g} to {values.max():.4g}", missing)


def _is_identifier(name: str, values: np.ndarray) -> bool:
    """Return whether the whole numbers are distinct, and without gaps or named as an identifier."""
    if len(values) < MIN_ROWS_FOR_IDENTIFIER or not np.equal(np.mod(values, 1), 0).all():
        return False
    if len(np.unique(values)) < len(values):
        return False
    is_dense = bool(values.max() - values.min() == len(values) - 1)
    return is_dense or _is_named_as_identifier(name)


def _category(series: pd.Series, name: str, missing: int, reason: str, most: int) -> Column:
    there = series.dropna()
    counts = pd.Series(texts(there)).value_counts()
    frequent = counts[counts >= MIN_EXAMPLES_TO_RECUR][:most]
    if len(there) >= MIN_ROWS_FOR_IDENTIFIER and frequent.sum() < MIN_SHARE_OF_RECURRING * len(
        there
    ):
        what = f"{IT_IS_TEXT} {len(counts)} different values in {len(there)} rows"
        if dates(there) is not None:
            what = f"it is dates; to split by them: split.by={name}, split.order=time"
        return Column(name, "ignored", what + _code(there), missing, True)
    what = f"{len(counts)} levels: {shortened(map(cut, counts.index), 4)}{_code(there)}"
    what = f"{what}; {reason}" if reason else what
    return Column(name, "category", what, missing, loud=bool(_code(there)))


def _code(there: pd.Series) -> str:
    """Return why digits were not taken for numbers; empty if there are no codes."""
    code = "" if pd.api.types.is_numeric_dtype(there.dtype) else first_code(there)
    return f"; codes such as {code}, not numbers" if code else ""
