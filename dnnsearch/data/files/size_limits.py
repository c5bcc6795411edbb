"""Limits of a table in text, checked while it is read: a small file may unpack to anything.

A file of any size is read if its lines, cells and columns are within them.
"""

import csv
import io
from collections.abc import Iterable, Iterator

MAX_COLUMNS = 100_000
MAX_CELL_CHARACTERS = 1_000_000
MAX_LINE_BYTES = 100_000_000
MAX_PACKING = 200  # of arrays and of columns, whose size is known before they are unpacked
MAX_UNCHECKED_BYTES = 1 << 30
TOO_LONG = f"a line must have at most {MAX_LINE_BYTES // 1_000_000} MB, but one has more"
TOO_WIDE = f"a table must have at most {MAX_COLUMNS:,} columns, but a row has more"
TOO_LARGE = f"a cell must have at most {MAX_CELL_CHARACTERS:,} characters, but one has more"
BLANK = "a table must not begin or go on with blanks alone"


class LineLimit:
    """Blocks of bytes, one after another, in which no line may be too long."""

    def __init__(self) -> None:
        self._length = 0  # of the line that is not yet complete

    def check(self, block: bytes) -> None:
        """Raise ValueError if a line is too long, or if a large block is blank."""
        ends = [i for end in (b"\n", b"\r") if (i := block.find(end)) >= 0]
        if self._length + min(ends, default=len(block)) > MAX_LINE_BYTES:
            raise ValueError(TOO_LONG)
        if len(block) > MAX_CELL_CHARACTERS and block.isspace():
            raise ValueError(BLANK)
        last = max(block.rfind(b"\n"), block.rfind(b"\r"))
        self._length = len(block) - last - 1 + (self._length if last < 0 else 0)


def check_values(block: bytes, place: object) -> None:
    """Raise ValueError for a large block of JSON in which no value ends: a text, or brackets."""
    if len(block) > MAX_CELL_CHARACTERS and b"," not in block:
        size = f"{len(block) // 1_000_000} MB without a comma"
        raise ValueError(f"{place}: JSON must have values side by side, but has {size}")


def check_packed(claimed: int, packed: int) -> None:
    """Raise ValueError if so few bytes claim to hold so many: no data are packed so well."""
    if claimed > max(MAX_UNCHECKED_BYTES, MAX_PACKING * packed):
        rule = f"data are packed at most {MAX_PACKING}-fold"
        raise ValueError(f"{rule}, but {packed:,} bytes claim to hold {claimed:,}")


def lines_of(text: io.TextIOBase) -> Iterator[str]:
    """Yield the lines of a stream; raise ValueError for one that is too long."""
    while line := text.readline(MAX_LINE_BYTES + 1):
        if len(line) > MAX_LINE_BYTES:
            raise ValueError(TOO_LONG)
        yield line


class _CheckedLines:
    """Lines on their way to `csv`, none with too many cells."""

    def __init__(self, lines: Iterable[str], separator: str, quote: str) -> None:
        self.count = 0  # of the lines that were read
        self.is_within_cell = False  # whether the row goes on in the next line
        self._lines, self._separator, self._quote = iter(lines), separator, quote

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """Return a line; raise ValueError, before its cells are made, for a row too wide."""
        line = next(self._lines)
        self.count += 1
        if len(line) > MAX_COLUMNS and self._width(line) > MAX_COLUMNS:
            raise ValueError(TOO_WIDE)
        self.is_within_cell = True
        return line

    def _width(self, line: str) -> int:
        """Return the number of cells that begin in a line; separators in quotes do not count."""
        parts = line.split(self._quote) if self._quote in line else [line]
        return 1 + sum(part.count(self._separator) for part in parts[self.is_within_cell :: 2])


class RowReader:
    """The rows of lines, as `csv` reads them; lines end in `\n`."""

    def __init__(self, lines: Iterable[str], separator: str, quote: str, has_blanks: bool) -> None:
        csv.field_size_limit(MAX_CELL_CHARACTERS)
        self._lines = _CheckedLines(lines, separator, quote)
        self._reader = csv.reader(
            self._lines, delimiter=separator, quotechar=quote, skipinitialspace=has_blanks
        )

    @property
    def line(self) -> int:
        """The number of lines that were read."""
        return self._lines.count

    def __iter__(self) -> Iterator[list[str]]:
        """Yield the rows; raise ValueError for one that csv refuses, or beyond the limits."""
        try:
            for row in self._reader:
                self._lines.is_within_cell = False
                if len(row) > MAX_COLUMNS:
                    raise ValueError(TOO_WIDE)
                yield row
        except csv.Error as error:
            raise ValueError(TOO_LARGE if "field limit" in str(error) else error) from None
