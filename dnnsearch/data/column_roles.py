"""What each column of a table is good for: a number, a category, or nothing, with the reason.

A function of the table alone, so that equal files are understood equally. Whatever a config says of
a column stands.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dnnsearch.data.files.sheet import dates, first_code, numeric
from dnnsearch.data.files.source import EVERY_OTHER
from dnnsearch.data.target import Target, check_range, texts
from dnnsearch.validators import show

SKEWED = 3.0  # a standardised third moment beyond this makes a column one for quantiles
FEWEST = 5  # examples that a level of its own has at least
MOST_LEVELS = 50
COVERED = 0.5  # of the rows must have such a level, or the text is no category
FEWEST_FOR_IDENTIFIER = 10  # rows
MOSTLY_THERE = 0.5  # of the rows must have a value that could be the target's
IDENTIFIER = re.compile(
    r"(.*[ _.-])?(id|index|key|uuid|row[ _]?names?|nr|no)|unnamed.*", re.IGNORECASE
)


@dataclass(frozen=True)
class Column:
    """A column of features and what is made of it."""

    name: str
    role: str  # of files.source.ROLES
    reason: str
    missing: int  # rows
    loud: bool = False  # whether a person should know before anything is trained


def profile(
    frame: pd.DataFrame,
    target: Target,
    given: Mapping[str, str],
    declared: Mapping[str, str],
    set_aside: Mapping[str, str],
) -> list[Column]:
    """The columns of `frame` (m rows, those of target.y) with their roles.

    `given` are the config's roles, `declared` the file's; `set_aside` has columns with another use,
    with the reason. Raises ValueError for a column that is neither numbers nor text.
    """
    columns = [
        _column(series, target, _asked(str(name), given, declared), set_aside)
        for name, series in frame.items()
    ]
    if all(column.role == "ignored" for column in columns):
        raise ValueError(
            "a table must have a column to learn from, but each is constant, empty or ignored"
        )
    return columns


def _asked(name: str, given: Mapping[str, str], declared: Mapping[str, str]) -> tuple[str, str]:
    """The role that somebody has said, and who."""
    for roles, who in ((given, "as the config says"), (declared, "as the file declares")):
        role = roles.get(name, roles.get(EVERY_OTHER))
        if role:
            return role, who
    return "", ""


def _column(
    series: pd.Series, target: Target, asked: tuple[str, str], set_aside: Mapping[str, str]
) -> Column:
    name, missing = str(series.name), int(series.isna().sum())
    role, reason = asked
    if role == "ignored":
        return Column(name, role, reason, missing)
    if name in set_aside and not role:
        return Column(name, "ignored", set_aside[name], missing)
    is_number = pd.api.types.is_numeric_dtype(series.dtype)
    if role not in ("category", "pixel") and not is_number:
        _check_mixed(series, role)
    if is_number and series.dtype.kind not in "iu":
        check_range(name, series.to_numpy(np.float64))
    if role in ("pixel", "number", "quantile", "category") and reason == "as the config says":
        return Column(name, role, reason, missing)
    if role == "pixel":
        return Column(name, role, reason, missing)
    useless = _useless(series, missing) or _leak(series, target)
    if useless:
        return Column(name, "ignored", useless, missing, loud="target" in useless)
    if role == "number" or (is_number and not role):
        return _number(series, name, missing)
    return _category(series, name, missing, reason)


def _check_mixed(series: pd.Series, role: str) -> None:
    """Raises ValueError where numbers and text stand in one column."""
    there = series.dropna()
    spelled = numeric(there.astype("str"))
    text, numbers = there[spelled.isna()], there[spelled.notna()]
    if len(text) and (len(numbers) or role):
        rare = numbers if 0 < len(numbers) < len(text) else text
        word, example = ("numbers" if rare is numbers else "texts"), str(rare.iloc[0])
        raise ValueError(
            f"a column must be numbers or text, but {series.name!r} has {len(numbers)} numbers and "
            f"{len(text)} texts, {word} such as {show(example)}: say data.columns.{series.name}="
            f"category or =ignored, or data.missing=[{json.dumps(example[:30])}] if that is a gap"
        )


def _useless(series: pd.Series, missing: int) -> str:
    distinct = series.nunique()
    if distinct == 0:
        return "it has no values"
    if distinct == 1 and missing == 0:
        return f"it is constant: always {show(str(series.iloc[0]))}"
    return ""


def _leak(series: pd.Series, target: Target) -> str:
    """Whether the column is the target under another name, value by value, wherever it has one."""
    there = series.notna().to_numpy()
    if there.mean() < MOSTLY_THERE:
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
    if np.isnan(numbers).any() or len(y) < FEWEST_FOR_IDENTIFIER or numbers.std() * y.std() == 0:
        return ""
    correlation = np.mean((numbers - numbers.mean()) * (y - y.mean())) / numbers.std() / y.std()
    return "it equals the target, in another unit" if abs(correlation) > 1 - 1e-9 else ""


def _number(series: pd.Series, name: str, missing: int) -> Column:
    values = series.dropna().to_numpy(np.float64)
    if _is_identifier(name, values):
        return Column(name, "ignored", "it is an identifier: each row has its own", missing, True)
    deviation = values.std()
    skewness = np.mean(((values - values.mean()) / deviation) ** 3) if deviation > 0 else 0.0
    if abs(skewness) > SKEWED:
        reason = f"numbers with a long tail (skewness {skewness:.0f}): by their rank"
        return Column(name, "quantile", reason, missing)
    return Column(name, "number", f"numbers from {values.min():.4g} to {values.max():.4g}", missing)


def _is_identifier(name: str, values: np.ndarray) -> bool:
    """Whole numbers, each once: without a gap, or under a name that says so."""
    if len(values) < FEWEST_FOR_IDENTIFIER or not np.equal(np.mod(values, 1), 0).all():
        return False
    if len(np.unique(values)) < len(values):
        return False
    return bool(values.max() - values.min() == len(values) - 1) or _is_named_so(name)


def _is_named_so(name: str) -> bool:
    return bool(IDENTIFIER.fullmatch(name)) or name.endswith(("Id", "ID"))


def _category(series: pd.Series, name: str, missing: int, reason: str) -> Column:
    there = series.dropna()
    counts = pd.Series(texts(there)).value_counts()
    frequent = counts[counts >= FEWEST][:MOST_LEVELS]
    if len(there) >= FEWEST_FOR_IDENTIFIER and frequent.sum() < COVERED * len(there):
        what = f"it is text with {len(counts)} different values in {len(there)} rows"
        if dates(there) is not None:
            what = f"it is dates; to split by them: split.by={name}, split.order=time"
        return Column(name, "ignored", what + _code(there), missing, True)
    shown = ", ".join(str(level) for level in counts.index[:4])
    more = ", ..." if len(counts) > 4 else ""
    what = f"{len(counts)} levels: {shown}{more}{_code(there)}"
    what = f"{what}; {reason}" if reason else what
    return Column(name, "category", what, missing, loud=bool(_code(there)))


def _code(there: pd.Series) -> str:
    """Why digits were not taken for numbers."""
    code = "" if pd.api.types.is_numeric_dtype(there.dtype) else first_code(there)
    return f"; codes such as {code} and no numbers" if code else ""
