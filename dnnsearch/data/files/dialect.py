"""How a file separates its cells: separator, quotes, decimal mark, header, lines of comment.

Found out from the first rows; whatever a config says is taken as given.
"""

import csv
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dnnsearch.data.files.sheet import MISSING

SAMPLE = 200  # rows that are looked at
SEPARATORS = (",", ";", "\t", "|", " ")
CONSISTENT = 0.8  # of the rows must have one width, else the separator is another
COMMENT = re.compile(r"[|#%]|//|sep=.\n", re.IGNORECASE)  # the last is a spreadsheet's
LARGEST_CELL = 1 << 24  # characters

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
DECIMAL_COMMA = re.compile(r"[-+]?(\d*|\d{1,3}(\.\d{3})+),\d+([eE][-+]?\d+)?")
DECIMAL_POINT = re.compile(r"[-+]?(\d*|\d{1,3}(,\d{3})+)\.\d+([eE][-+]?\d+)?")
PERHAPS_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}\.\d{3}")

Row = list[str]


@dataclass(frozen=True)
class Dialect:
    """What was found, or given."""

    separator: str
    quote: str
    decimal: str
    header: bool

    def as_dict(self) -> dict[str, Any]:
        return {
            "separator": self.separator,
            "quote": self.quote,
            "decimal": self.decimal,
            "header": self.header,
        }


def rows(text: str, separator: str, quote: str) -> Iterator[Row]:
    """The rows of a text, cells as they stand, blank lines left out; ValueError for no table."""
    csv.field_size_limit(LARGEST_CELL)
    lines = (line + "\n" for line in text.split("\n"))
    reader = csv.reader(lines, delimiter=separator, quotechar=quote, skipinitialspace=True)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield row
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num} cannot be read: {error}") from None


def without_comments(text: str) -> tuple[str, int]:
    """The text without leading lines of comment, and how many these were.

    A first line that has as many cells as what follows is a header, even if it begins with `#`.
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
    """The dialect of the text; what is `given` stands. Raises ValueError for what is no table."""
    quote = given.get("quote") or _quote(text)
    separator = given.get("separator") or _separator(text, quote)
    sample = list(itertools.islice(rows(text, separator, quote), SAMPLE))
    decimal = given.get("decimal") or _decimal(sample, separator)
    header = given.get("header")
    if header is None:
        header = _has_header(sample, decimal, target)
    return Dialect(separator, quote, decimal, header)


def _quote(text: str) -> str:
    """A double quote, unless cells stand between single ones."""
    head = text[:100_000]
    single = len(re.findall(r"(?:^|[,;\t|])\s*'[^'\n]*'\s*(?=[,;\t|\n])", head, re.MULTILINE))
    double = len(re.findall(r"(?:^|[,;\t|])\s*\"", head, re.MULTILINE))
    return "'" if single > double else '"'


def _separator(text: str, quote: str) -> str:
    """The one under which rows are of one width and cells hold no other separator."""
    scores = {separator: _score(text, separator, quote) for separator in SEPARATORS}
    best = max(scores, key=lambda separator: scores[separator])
    return best if scores[best][0] > 0 else ","


def _score(text: str, separator: str, quote: str) -> tuple[float, int]:
    try:
        sample = list(itertools.islice(rows(text, separator, quote), SAMPLE))
    except ValueError:
        return 0.0, 0
    if not sample:
        return 0.0, 0
    width, often = Counter(map(len, sample[1:] or sample)).most_common(1)[0]
    often += len(sample) > 1  # a header may have a cell less
    consistency = often / len(sample)
    if width < 2 or consistency < CONSISTENT:
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
    """A comma where columns are numbers with a comma and hardly any with a point.

    `1.234` speaks for neither where there are commas: it may be a thousand.
    """
    if separator == ",":
        return "."
    cells = [cell.strip() for row in sample for cell in row]
    commas = sum(bool(DECIMAL_COMMA.fullmatch(cell)) for cell in cells)
    pointed = [cell for cell in cells if DECIMAL_POINT.fullmatch(cell)]
    points = sum(not PERHAPS_THOUSANDS.fullmatch(cell) for cell in pointed)
    return "," if commas > points else "."


def is_number(cell: str, decimal: str) -> bool:
    return bool(
        NUMBER.fullmatch(cell.strip().replace(",", ".") if decimal == "," else cell.strip())
    )


def _has_header(sample: Sequence[Row], decimal: str, target: str | None) -> bool:
    """Whether the first row names the columns.

    It does if it has the target's name; else if it has neither numbers nor gaps nor doubled cells
    nor anything that its columns have below.
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
