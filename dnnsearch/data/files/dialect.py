"""How a file separates its cells: separator, quotes, decimal mark, header, comment lines.

It is detected from the first rows; what the config states is taken without detection.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dnnsearch.data.files.numbered_header import is_numbered_header
from dnnsearch.data.files.reading_version import Reading
from dnnsearch.data.files.sheet import MISSING
from dnnsearch.data.files.size_limits import RowReader

SAMPLE_ROWS = 200
SEPARATORS = (",", ";", "\t", "|", " ")
CARET, COLON = "^", ":"  # the second only if nothing else separates: it is in times
MIN_SHARE_OF_ONE_WIDTH = 0.8  # of the rows, or the separator is another
COMMENT = re.compile(r"[|#%]|//|sep=.\n", re.IGNORECASE)  # the last is written by spreadsheets

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
DECIMAL_COMMA = re.compile(r"[-+]?(\d*|\d{1,3}(\.\d{3})+),\d+([eE][-+]?\d+)?")
DECIMAL_POINT = re.compile(r"[-+]?(\d*|\d{1,3}(,\d{3})+)\.\d+([eE][-+]?\d+)?")
MAYBE_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}\.\d{3}")

Row = list[str]


@dataclass(frozen=True)
class Dialect:
    """What was detected, or given by the config."""

    separator: str
    quote: str
    decimal: str
    header: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the equivalent keys of `data` in a config."""
        return {
            "separator": self.separator,
            "quote": self.quote,
            "decimal": self.decimal,
            "header": self.header,
        }


def rows(text: str, separator: str, quote: str) -> Iterator[Row]:
    """Yield the rows of a text, cells as they are, without blank lines.

    Raise ValueError, with the line, if the text is not a table.
    """
    reader = RowReader(_lines(text), separator, quote, has_blanks=True)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield row
    except ValueError as error:
        raise ValueError(f"line {reader.line} cannot be read: {error}") from None


def _lines(text: str) -> Iterator[str]:
    """Yield the lines one by one; all at once would take several times the memory of the text."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start : end + 1]
        start = end + 1
    yield text[start:] + "\n"


def without_comments(text: str) -> tuple[str, int]:
    """Return the text without leading comment lines, and how many there were.

    A first line with as many cells as the next one is a header, even if it starts with `#`.
    """
    start, count = 0, 0
    while COMMENT.match(text, start):
        end = text.find("\n", start) + 1
        if end == 0:
            break
        line, rest = text[start:end], text[end : end + 10_000].split("\n", 1)[0]
        if any(line.count(s) == rest.count(s) > 0 for s in SEPARATORS[:-1]):
            break
        start, count = end, count + 1
    return text[start:], count


def detect(text: str, given: Mapping[str, Any], target: str | None) -> Dialect:
    """Return the dialect of the text, apart from what is `given`.

    Raise ValueError if the text is not a table.
    """
    quote = given.get("quote") or _quote(text)
    separator = given.get("separator") or _separator(text, quote, Reading.of(given))
    sample = list(itertools.islice(rows(text, separator, quote), SAMPLE_ROWS))
    decimal = given.get("decimal") or _decimal(sample, separator)
    header = given.get("header")
    if header is None:
        numbered = Reading.of(given).has("a first row of numbers may be a header")
        header = (numbered and is_numbered_header(sample, target)) or _has_header(
            sample, decimal, None if numbered and _is_place(target, sample) else target
        )
    return Dialect(separator, quote, decimal, header)


def _quote(text: str) -> str:
    """Return a double quote, unless cells are in single quotes."""
    head = text[:100_000]
    single = len(re.findall(r"(?:^|[,;\t|])\s*'[^'\n]*'\s*(?=[,;\t|\n])", head, re.MULTILINE))
    double = len(re.findall(r"(?:^|[,;\t|])\s*\"", head, re.MULTILINE))
    return "'" if single > double else '"'


def _separator(text: str, quote: str, reading: Reading) -> str:
    """Return the separator that makes rows of one width and cells without other separators."""
    known = (*SEPARATORS, CARET) if reading.has("a caret separates") else SEPARATORS
    scores = {separator: _score(text, separator, quote) for separator in known}
    best = max(scores, key=lambda separator: scores[separator])
    if scores[best][0] > 0:
        return best
    return next((rare for rare in (CARET, COLON) if _score(text, rare, quote)[0] > 0), ",")


def _score(text: str, separator: str, quote: str) -> tuple[float, int]:
    try:
        sample = list(itertools.islice(rows(text, separator, quote), SAMPLE_ROWS))
    except ValueError:
        return 0.0, 0
    if not sample:
        return 0.0, 0
    width, often = Counter(map(len, sample[1:] or sample)).most_common(1)[0]
    often += len(sample) > 1  # a header may have a cell less
    consistency = often / len(sample)
    if width < 2 or consistency < MIN_SHARE_OF_ONE_WIDTH:
        return 0.0, 0
    cells = [cell for row in sample for cell in row]
    clean = sum(_is_clean(cell, separator) for cell in cells) / len(cells)
    return consistency * clean, width


def _is_clean(cell: str, separator: str) -> bool:
    others = [s for s in SEPARATORS[:-1] if s != separator]
    if separator == ",":
        return not any(other in cell for other in others)
    return bool(DECIMAL_COMMA.fullmatch(cell.strip())) or not any(o in cell for o in others)


def _decimal(sample: Sequence[Row], separator: str) -> str:
    """Return a comma if more cells are numbers with a decimal comma than with a decimal point.

    `1.234` counts for neither, because it may be a thousand.
    """
    if separator == ",":
        return "."
    cells = [cell.strip() for row in sample for cell in row]
    commas = sum(bool(DECIMAL_COMMA.fullmatch(cell)) for cell in cells)
    pointed = [cell for cell in cells if DECIMAL_POINT.fullmatch(cell)]
    points = sum(not MAYBE_THOUSANDS.fullmatch(cell) for cell in pointed)
    return "," if commas > points else "."


def is_number(cell: str, decimal: str) -> bool:
    """Return whether the cell is a number with this decimal mark."""
    return bool(
        NUMBER.fullmatch(cell.strip().replace(",", ".") if decimal == "," else cell.strip())
    )


def _is_place(target: str | None, sample: Sequence[Row]) -> bool:
    """Return whether the target can be the number of a column."""
    width = len(sample[0]) if sample else 0
    return bool(target and re.fullmatch(r"-?\d{1,6}", target) and -width <= int(target) < width)


def _has_header(sample: Sequence[Row], decimal: str, target: str | None) -> bool:
    """Return whether the first row names the columns.

    It does if it has the target's name, or if it has no numbers, no missing values, and nothing
    that is repeated in the column below.
    """
    if not sample:
        return False
    first, below = [cell.strip() for cell in sample[0]], sample[1:]
    if target is not None and target in first:
        return True
    gaps = sum(cell in MISSING for cell in first[1:])
    if gaps or any(is_number(cell, decimal) for cell in first):
        return False
    columns = [{row[i].strip() for row in below if i < len(row)} for i in range(len(first))]
    if any(name in column for name, column in zip(first, columns)):
        return False
    return bool(below)
