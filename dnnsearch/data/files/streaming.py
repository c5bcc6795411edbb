"""Tables in text, read part by part in memory that does not grow with the file.

The dialect is detected from the start of the file, the encoding from all of it.
"""

import codecs
import io
import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from dnnsearch.data.files.arff import arff_dialect, cells_of, is_arff
from dnnsearch.data.files.code_pages import ESCAPE
from dnnsearch.data.files.delimited import ROW_NAMES, TRAILING, UNNAMED, column_names
from dnnsearch.data.files.dialect import Dialect, Row, detect, rows, without_comments
from dnnsearch.data.files.encoding import decode, later_encoding
from dnnsearch.data.files.line_forms import line_forms, rewritten, rewritten_text
from dnnsearch.data.files.open_bytes import BLOCK_BYTES, check_content, opened
from dnnsearch.data.files.reading_version import BEFORE, Reading
from dnnsearch.data.files.size_limits import LineLimit, RowReader, lines_of

HEAD_BYTES = 1 << 20  # from which the dialect is detected
ROWS_PER_PART = 8192
CELLS = ("separator", "decimal")  # keys of a form that a file of another program has otherwise
WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)


@dataclass(frozen=True)
class TextTable:
    """A file whose encoding and dialect are known."""

    path: Path
    encoding: str
    dialect: Dialect
    names: list[str]
    comments: int  # lines before the table
    blanks: bool  # whether a quote may follow a blank
    forms: tuple[str, ...]  # in which the lines are rewritten

    def parts(self) -> Iterator[pd.DataFrame]:
        """Yield the rows, ROWS_PER_PART at a time; raise ValueError with the line of a bad row."""
        with opened(self.path) as raw:
            text = io.TextIOWrapper(raw, self.encoding)  # would close `raw` if it went before
            lines = itertools.islice(lines_of(text), self.comments, None)
            found = self._rows(rewritten(lines, self.forms) if self.forms else lines)
            while part := list(itertools.islice(found, ROWS_PER_PART)):
                yield pd.DataFrame(part, columns=self.names, dtype="str")

    def _rows(self, lines: Iterator[str]) -> Iterator[Row]:
        separator, width = self.dialect.separator, len(self.names)
        lines = (line.strip() for line in lines) if separator == " " else lines
        blanks = self.blanks or separator == " "
        reader = RowReader(lines, separator, self.dialect.quote, blanks)
        try:
            for row in itertools.islice(reader, int(self.dialect.header), None):
                if len(row) == width:
                    yield row
                elif len(row) > 1 or any(cell.strip() for cell in row):
                    raise ValueError(f"it has {len(row)} cells, but must have {width}")
        except ValueError as error:  # a UnicodeDecodeError is one
            line = self.comments + reader.line
            raise ValueError(f"line {line} cannot be read: {error}") from None


def text_table(path: Path, given: Mapping[str, Any], wanted: Collection[str]) -> TextTable:
    """Return a file with its encoding and dialect, apart from what is `given`.

    If the given separator separates nothing, it and the decimal mark are detected: other rows may
    come from another program. A first row with a `wanted` name is a header. Raise ValueError if the
    file is not a table.
    """
    encoding = _encoding(path, given)
    text, comments = without_comments(_head(path, encoding))
    forms = line_forms(text, given)
    text = rewritten_text(text, forms)
    dialect = detect(text, given, None)
    if not _separates(text, dialect, wanted):
        dialect = detect(text, {key: given[key] for key in given if key not in CELLS}, None)
    first, second = _first_rows(text, dialect)
    if "header" not in given:
        dialect = replace(dialect, header=_is_header(first, wanted, dialect.header))
    extra = ""
    if dialect.header and len(second) == len(first) + 1:
        extra = ROW_NAMES if second[-1].strip() else TRAILING
    names = column_names(first, dialect, extra)
    blanks = re.search(re.escape(dialect.separator) + " +" + re.escape(dialect.quote), text)
    return TextTable(path, encoding, dialect, names, comments, blanks is not None, forms)


def _first_rows(text: str, dialect: Dialect) -> tuple[Row, Row]:
    """Return the first two rows; a row that is not there is empty."""
    found = itertools.islice(rows(text, dialect.separator, dialect.quote), 2)
    return next(found, []), next(found, [])


def _separates(text: str, dialect: Dialect, wanted: Collection[str]) -> bool:
    """Return whether the dialect makes cells of the text: several, or one `wanted` name."""
    first, _ = _first_rows(text, dialect)
    return len(first) != 1 or first[0].strip() in wanted


def _is_header(first: Row, wanted: Collection[str], looks_like: bool) -> bool:
    """Return whether the first row is a header.

    A model whose columns are named by numbers was trained without one.
    """
    if any(cell.strip() in wanted for cell in first):
        return True
    numbered = re.compile(UNNAMED.format("[0-9]+"))
    return looks_like and not all(numbered.fullmatch(name) for name in wanted)


def check_limits(path: Path, given: Mapping[str, Any]) -> None:
    """Raise ValueError, with the line, for a cell, a line or a row beyond the limits of a table.

    Memory does not grow with the file: one that is unpacked may be a bomb, such as a quote that is
    not closed. What else is wrong is found when the table is read.
    """
    start, _ = _first_lines(path)
    try:
        text, encoding = decode(
            start if b"\0" in start else start[: start.rfind(b"\n") + 1] or start, given
        )
    except ValueError:
        return  # it is refused, with its reason, when it is read
    text, comments = without_comments(text)
    dialect = arff_dialect(text) if is_arff(start) else detect(text, given, None)
    with opened(path) as raw, io.TextIOWrapper(raw, encoding, errors="replace") as stream:
        lines: Iterator[str] = itertools.islice(lines_of(stream), comments, None)
        lines = cells_of(lines) if is_arff(start) else lines
        reader = RowReader(lines, dialect.separator, dialect.quote, has_blanks=True)
        try:
            _check_rows(reader, has_widths=not is_arff(start))
        except ValueError as error:
            place = "" if is_arff(start) else f"line {comments + reader.line} cannot be read: "
            raise ValueError(f"{place}{error}") from None


def _check_rows(rows: Iterable[Row], has_widths: bool) -> None:
    """Read the rows; with widths, all after a first one, maybe a header, must have the same."""
    there = (row for row in rows if any(cell.strip() for cell in row))
    width = 0
    for row in itertools.islice(there, 1, None):
        width = width or len(row)
        if has_widths and len(row) != width:
            cells = f"it has {len(row)} cells and the rows before it have {width}"
            raise ValueError(f"all rows must have one width, but {cells}")


def _first_lines(path: Path) -> tuple[bytes, bool]:
    """Return the start of the file, at least to the end of a line, and whether it is all."""
    limit, blocks = LineLimit(), list[bytes]()
    with opened(path) as raw:
        while block := raw.read(HEAD_BYTES):
            limit.check(block)
            blocks.append(block)
            if b"\n" in block or b"\r" in block:
                break
        return b"".join(blocks), not raw.read(1)


def _head(path: Path, encoding: str) -> str:
    """Return whole lines from the start of the text."""
    start, is_all = _first_lines(path)
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(start, final=is_all)
    except (LookupError, UnicodeDecodeError):
        decode(start, {"encoding": encoding})  # raises ValueError with the reason
        raise
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    check_content(text)
    return text if is_all else text[: text.rfind("\n") + 1] or text


def _encoding(path: Path, given: Mapping[str, Any]) -> str:
    """Return UTF-8 if the whole file is, else what the first block that is not says."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with opened(path) as raw:
        first = block = raw.read(BLOCK_BYTES)
        limit = LineLimit()
        if not _may_be_utf8(first, given):
            name = later_encoding(first[: len(first) // 2 * 2], given)
            if name != "utf-8":
                return name
        try:
            while block:
                limit.check(block)
                decoder.decode(block)
                block = raw.read(BLOCK_BYTES)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return later_encoding(_whole_lines(block or first), given)
    return "utf-8-sig" if first.startswith(codecs.BOM_UTF8) else "utf-8"


def _whole_lines(block: bytes) -> bytes:
    """Return a block of a file without the parts of lines, and so of characters, at its ends."""
    if len(block) < BLOCK_BYTES:
        return block
    return block[block.find(b"\n") + 1 : block.rfind(b"\n") + 1] or block


def _may_be_utf8(first: bytes, given: Mapping[str, Any]) -> bool:
    """Return whether it depends on the whole file, which begins so, if it is UTF-8."""
    if given.get("encoding") and Reading.of(given) == BEFORE:
        return False  # it is the given one
    return not (first.startswith(WIDE_MARKS) or b"\0" in first or ESCAPE in first)
