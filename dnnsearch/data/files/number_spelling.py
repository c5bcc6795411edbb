"""How the numbers of a column are written: marks, unit and signs, told from the column as a whole.

A spelling is shown as the number 1234.5 in it: `1.234,5 €`, `1,234.5`, `1234,5 %`. It is detected
for a column, never for a cell. `(5)`, `5-` and a typographic minus are negative in every spelling.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from dnnsearch.data.files.sheet import numeric
from dnnsearch.data.files.source import SPELLING, setting

SAMPLE_CELLS = 50
MARKS = (",", ".", "'", "’", " ")  # between thousands, and two of them before decimals
MINUS, BLANK = "[−–‐‒﹣－]", "[\u00a0\u202f\u2009\t]"  # the first: other dashes than `-`
CELL = re.compile(r"(\D*?)([.,]?\d(?:[\d.,'’ ]*\d)?)(\D*)")
SIGNS = " +-()"
WORDS_BEFORE = re.compile(
    "EUR|USD|GBP|CHF|JPY|CNY|INR|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RON|BGN|TRY|RUB|UAH|BRL|MXN|"
    r"ARS|CLP|COP|ZAR|NGN|KES|EGP|ILS|AED|SAR|KRW|THB|IDR|MYR|PHP|VND|SGD|HKD|TWD|[A-Z]{1,2}\$|Rs"
)
WORD_AFTER = re.compile(r"[^\W\d_]{1,12}(/[^\W\d_]{1,8})?[²³]?")
MIN_LABELS = 20  # so many distinct texts with a word are numbers with a unit, fewer are labels
SURE_CELLS = 20  # with exactly three digits behind the mark, beside cells without it: thousands


@dataclass(frozen=True)
class Spelling:
    """The marks and the unit of all numbers of a column."""

    thousands: str = ""  # the mark between groups of three digits
    decimal: str = "."  # empty if all numbers are whole
    unit: str = ""
    is_before: bool = False  # whether the unit stands before the number

    def __str__(self) -> str:
        number = f"1{self.thousands}234" + (f"{self.decimal}5" if self.decimal else "")
        parts = [self.unit, number] if self.is_before else [number, self.unit]
        return " ".join(filter(None, parts))

    @classmethod
    def parse(cls, text: str) -> "Spelling | None":
        """Return the inverse of `str`; None for another text."""
        found = SPELLING.fullmatch(text)
        if found is None:
            return None
        before, after = found["before"] or "", found["after"] or ""
        marks = found["thousands"] or "", found["decimal"] or ""
        return cls(*marks, before or after, bool(before))

    @property
    def is_plain(self) -> bool:
        """Whether pandas reads such numbers by itself."""
        return not self.unit and not self.thousands and self.decimal in ("", ".")

    @property
    def point(self) -> str:
        """The decimal mark, also if no number of the file had one."""
        return self.decimal or ("," if self.thousands == "." else ".")

    def values(self, cells: pd.Series) -> pd.Series:
        """Return text without gaps as float64, each cell by itself; NaN for another spelling."""
        bare, negative = _unsigned(cells)
        if self.unit:
            bare, inner = _unsigned(self._without_unit(bare))
            negative ^= inner
        point = re.escape(self.point)
        groups = rf"\d{{1,3}}(?:{re.escape(self.thousands)}\d{{3}})+|" if self.thousands else ""
        number = rf"[-+]?(?=\D?\d)(?:{groups}\d*)(?:{point}\d*)?(?:[eE][-+]?\d+)?"
        bare = bare.where(bare.str.fullmatch(number).astype(bool), "")
        bare = bare.str.replace(self.thousands, "", regex=False) if self.thousands else bare
        found = numeric(bare.str.replace(self.point, ".", regex=False))
        return found.where(~negative, -found)

    @property
    def swapped(self) -> "Spelling":
        """The same with comma and point exchanged, as another country writes it."""
        marks = {",": ".", ".": ","}
        thousands, decimal = marks.get(self.thousands), marks.get(self.decimal)
        return replace(self, thousands=thousands or self.thousands, decimal=decimal or self.decimal)

    def lacks_unit(self, cells: pd.Series) -> pd.Series:
        """Return the cells that do not have the unit."""
        return cells[~cells.str.contains(self.unit, regex=False)]

    def _without_unit(self, cells: pd.Series) -> pd.Series:
        mark = re.escape(self.unit)
        ends = rf"(?:(?P<sign>[-+]?)\s*{mark}\s*(?P<a>.+)|(?P<b>.+?)\s*{mark})"
        parts = cells.str.extract(rf"^{ends}$").fillna("")
        return parts["sign"] + parts["a"] + parts["b"]


def _unsigned(cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return the cells without (...) and without a minus behind, and whether they had one."""
    bare = cells.str.replace(MINUS, "-", regex=True).str.replace(BLANK, " ", regex=True).str.strip()
    inside = bare.str.fullmatch(r"\([^()]+\)").astype(bool)
    behind = bare.str.fullmatch(r"[^-+()]*[^-+()\s]\s*-").astype(bool)
    bare = bare.where(~inside, bare.str[1:-1]).where(~behind, bare.str[:-1])
    bare = bare.str.replace(r"^([-+])\s+(?=\d)", r"\1", regex=True)
    return bare.str.strip(), inside | behind


@dataclass(frozen=True)
class Spelled:
    """A column of numbers with their spelling, and the other spelling that fits, if one does."""

    numbers: pd.Series
    spelling: Spelling
    other: Spelling | None = None


def detect(cells: pd.Series, decimal: str, separator: str, clear: str) -> Spelled | None:
    """Return the numbers in a column of text (NA is missing); None if it is not numbers.

    `decimal` is the decimal mark of the file; `clear` is it too, if other columns show that it is
    one, else empty. It counts where a mark can be either.
    """
    there = cells.dropna().astype("str").str.strip()
    if not len(there) or not all(CELL.fullmatch(_dashes(c)) for c in there[:SAMPLE_CELLS]):
        return None  # most columns of text end here
    distinct = there.drop_duplicates()  # of codes such as w5, which end here, there are few
    if 2 * len(distinct) < len(there) and _unit(_parts(distinct), distinct) is None:
        return None
    parts = _parts(there)
    unit = _unit(parts, there)
    if unit is None or _are_marks_of_grades(there, parts[1]):
        return None
    fitting = [
        Spelling(thousands, point, *unit)
        for thousands, point in _marks(parts[1])
        if Spelling(thousands, point, *unit).values(there).notna().all()
    ]
    if not fitting:
        return None
    chosen = fitting[0]
    if len(fitting) > 1:
        chosen = fitting[_choice(parts[1], fitting[0].thousands, decimal, separator, clear)]
    if len(fitting) == 1 and chosen.is_plain and numeric(there).notna().all():
        return None
    others = [one for one in fitting if one != chosen]
    numbers = chosen.values(there).reindex(cells.index)
    return Spelled(numbers, chosen, others[0] if others else None)


def _dashes(cell: str) -> str:
    return re.sub(BLANK, " ", re.sub(MINUS, "-", cell))


def _parts(cells: pd.Series) -> pd.DataFrame:
    """Return what is before the number of each cell, the number, and what is after it, or NA."""
    dashed = cells.str.replace(MINUS, "-", regex=True).str.replace(BLANK, " ", regex=True)
    found: pd.DataFrame = dashed.str.extract(f"^{CELL.pattern}$")
    return found


def _unit(parts: pd.DataFrame, there: pd.Series) -> tuple[str, bool] | None:
    """Return the unit that all cells have, and whether it is before.

    None if they differ or a cell has no number.
    """
    if parts.isna().to_numpy().any():
        return None
    before, after = parts[0].str.strip(SIGNS), parts[2].str.strip(SIGNS)
    units = {(b, a) for b, a in zip(before, after)}
    if len(units) != 1:
        return None
    ((first, last),) = units
    if not first and not last:
        return "", False
    if (first and last) or not _is_unit(first or last, WORDS_BEFORE if first else None):
        return None
    if first.isalpha() or last.isalpha():
        is_spaced = parts[2].str.startswith(" ").all() or parts[1].str.contains("[.,]").any()
        if not first and not (is_spaced or there.nunique() >= MIN_LABELS):
            return None
    return first or last, bool(first)


def _is_unit(text: str, words: re.Pattern[str] | None) -> bool:
    """Return whether it is a sign such as % or €, or a word that may stand on this side."""
    if all(unicodedata.category(c) in ("Sc", "So") or c in "%‰" for c in text):
        return len(text) == 1
    if words is None:
        return bool(WORD_AFTER.fullmatch(text) or re.fullmatch(r"°[A-Za-z]", text))
    return bool(words.fullmatch(text))


def _are_marks_of_grades(there: pd.Series, digits: pd.Series) -> bool:
    """Return whether `2-`, or (1), may be labels: a column of single digits."""
    return bool(digits.str.len().max() < 2 and there.str.contains(r"[-)]$").any())


def _marks(numbers: pd.Series) -> list[tuple[str, str]]:
    """Return the pairs of marks, of thousands and decimals, that the digits may have."""
    used = [mark for mark in MARKS if numbers.str.contains(mark, regex=False).any()]
    if not used:
        return [("", "")]
    if len(used) == 1:
        (mark,) = used
        as_thousands = [(mark, "")] if _are_thousands(numbers, mark) else []
        return as_thousands + ([("", mark)] if mark in ".," else [])
    if len(used) == 2:
        return [(a, b) for a, b in (used, reversed(used)) if b in ".,"]
    return []


def _are_thousands(numbers: pd.Series, mark: str) -> bool:
    """Return whether groups are thousands, not parts of telephone numbers, dates or addresses."""
    counts = numbers.str.count(re.escape(mark))
    groups = rf"[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+"
    is_short = numbers[counts == 0].str.len().max() <= 3 if (counts == 0).any() else True
    if not numbers[counts > 0].str.fullmatch(groups).all():
        return False
    is_usual = mark == "," or (mark == "." and counts.min() <= 1) or counts.min() == 0
    return bool(is_usual and (is_short or mark != "."))


def _choice(numbers: pd.Series, mark: str, decimal: str, separator: str, clear: str) -> int:
    """Return 0 if the mark separates thousands, 1 if it is a decimal mark; both fit."""
    counts = numbers.str.count(re.escape(mark))
    has_whole = bool((counts == 0).any())
    if has_whole and (counts > 0).sum() >= SURE_CELLS:
        return 0
    if mark == clear:
        return 1
    if has_whole:
        return 0
    usual = "," if decimal == "." else "."  # between thousands
    return 0 if mark == usual or (separator == ";" and mark == ".") else 1


def may_be_thousands(numbers: pd.Series) -> bool:
    """Return whether pandas may have read `15.531`, beside 628, as fractions with three digits."""
    values = numbers.dropna().to_numpy(np.float64)
    values = values[np.isfinite(values)]
    if not len(values) or not (np.abs(values) < 1000).all():
        return False
    fractions = values[values % 1 != 0]
    if not len(fractions) or (np.abs(fractions) < 1).any():
        return False
    return bool((np.abs(fractions * 1000 - np.round(fractions * 1000)) < 1e-6).all())


def note(name: str, cells: pd.Series, found: Spelled) -> str:
    """Return a line for the user: how a cell is read and, if both fit, how to say the other."""
    there = cells[found.numbers.notna()].astype("str").str.strip()
    values = found.numbers[found.numbers.notna()]
    lengths = there.str.len()
    if found.other:  # show a cell that the two read in different ways
        lengths = lengths.where(found.other.values(there) != values, 0)
    longest = int(lengths.to_numpy().argmax())
    line = f"{name}: {there.iloc[longest]!r} is read as {values.iloc[longest]:.15g}"
    if found.other is None:
        return line
    meant = found.other.values(there).iloc[longest]
    return f"{line}; if it means {meant:.15g}: {setting('data.spelled', name, str(found.other))}"


def written(cells: pd.Series, spelling: Spelling) -> pd.Series:
    """Return text in a known spelling as float64, each cell by itself; NaN for another cell.

    Raise ValueError for a cell without the unit.
    """
    lacking = spelling.lacks_unit(cells) if spelling.unit else cells[:0]
    if len(lacking):
        raise ValueError(
            f"column {cells.name!r} must be numbers with {spelling.unit}, but has cells such as "
            f"{lacking.iloc[0]!r}"
        )
    return spelling.values(cells) if len(cells) else cells.astype(np.float64)


def check_typed(name: str, numbers: np.ndarray, spelling: Spelling) -> None:
    """Raise ValueError for 15.531 in a column whose `15.531` was 15531: another program read it."""
    if spelling.thousands not in (".", ",") or spelling.decimal:
        return
    wrong = numbers[np.isfinite(numbers) & (numbers % 1 != 0)]
    if len(wrong):
        raise ValueError(
            f"column {name!r} must be whole numbers, written such as {spelling}, but has "
            f"{wrong[0]:.15g}: read the column as text, or with thousands={spelling.thousands!r}"
        )


def plain_minus(cells: pd.Series) -> pd.Series:
    """Return text with `-` for a typographic minus."""
    return cells.str.replace(f"^{MINUS}", "-", regex=True)


def known_spelling(form: Mapping[str, str], name: str) -> Spelling | None:
    """Return the spelling that a config's `spelled` has for a column; None if it has none."""
    return Spelling.parse(form.get(name, ""))
