"""ARFF, the format of Weka and OpenML: a header of typed attributes, then rows, dense or sparse.

https://waikato.github.io/weka-wiki/formats_and_processing/arff_stable/
"""

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dnnsearch.data.files.delimited import parse
from dnnsearch.data.files.dialect import Dialect
from dnnsearch.data.files.encoding import decode
from dnnsearch.data.files.sheet import Marks, Sheet, check_names, plain
from dnnsearch.data.files.size_limits import MAX_COLUMNS, TOO_WIDE
from dnnsearch.data.files.source import EVERY_OTHER

ATTRIBUTE = re.compile(
    r"@attribute\s+('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\s'\"]+)\s*(.*)", re.IGNORECASE
)
QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
CELL = re.compile(rf"{QUOTED.pattern}|[^\s,]+")
NUMBERS = ("numeric", "real", "integer")
IGNORED = ("string", "date")


def is_arff(raw: bytes) -> bool:
    """Return whether the first line that is neither blank nor a comment starts an ARFF header."""
    for line in raw[: 1 << 20].removeprefix(codecs.BOM_UTF8).splitlines():
        start = line.strip().lower()
        if start and not start.startswith(b"%"):
            return start.startswith((b"@relation", b"@attribute"))
    return False


def read_arff(raw: bytes, given: Mapping[str, Any], target: str | None) -> Sheet:
    """Return the table; raise ValueError if the bytes are not ARFF."""
    text, encoding = decode(raw, given)
    lines = iter(text.split("\n"))
    kinds = dict(_attributes(lines))
    if len(kinds) > MAX_COLUMNS:
        raise ValueError(TOO_WIDE)
    check_names(list(kinds))
    rows = (line.strip() for line in lines if line.strip() and not line.lstrip().startswith("%"))
    body = "\n".join(_row(_dense(line, list(kinds.values())), len(kinds)) for line in rows)
    if not kinds or not body:
        raise ValueError("an ARFF file must have @attribute lines, @data and rows")
    dialect = arff_dialect(body)
    quote = dialect.quote
    header = quote + f"{quote},{quote}".join(n.replace(quote, "") for n in kinds) + quote
    body = body.replace("\\'", "") if quote == "'" else body.replace('\\"', "")
    form = {**given, "columns": {EVERY_OTHER: "number"}}  # declared numbers are never codes
    frame = parse(f"{header}\n{body}", dialect, form, target).set_axis(list(kinds), axis=1)
    frame = plain(frame, Marks.of(given), target)
    declared = {name: role for name, kind in kinds.items() if (role := _role(kind))}
    return Sheet(frame, declared=declared, found={"encoding": encoding})


def arff_dialect(body: str) -> Dialect:
    """Return how rows are written: with the quote that is in more of them."""
    return Dialect(",", "'" if body.count("'") >= body.count('"') else '"', ".", True)


def cells_of(lines: Iterable[str]) -> Iterator[str]:
    """Yield the rows among the lines, without escaped quotes; raise ValueError for a wide header.

    Their cells can be checked as those of a CSV file.
    """
    attributes = 0
    for line in lines:
        start = line.lstrip()[:10].lower()
        attributes += start == "@attribute"
        if attributes > MAX_COLUMNS:
            raise ValueError(TOO_WIDE)
        if not start.startswith(("%", "@")):
            yield line.replace("\\'", "").replace('\\"', "")


def _attributes(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Yield names and declared types, up to `@data`."""
    for line in lines:
        line = line.strip()
        if line.lower().startswith("@data"):
            return
        if line.lower().startswith("@attribute"):
            found = ATTRIBUTE.fullmatch(line)
            if found is None:
                raise ValueError(f"an @attribute has a name and a type, but got {line[:60]!r}")
            yield re.sub(r"\\(.)", r"\1", found[1].strip("'\"")), found[2].strip()


def _dense(line: str, kinds: list[str]) -> str:
    """Return a row `{index value, ...}` written out; what a sparse row leaves out is 0."""
    if not (line.startswith("{") and line.endswith("}")):
        return line
    # 0 is the first value of a nominal attribute
    zeros = (k.strip("{}").split(",")[0].strip() if k.startswith("{") else "0" for k in kinds)
    cells = list(zeros)
    for part in filter(None, (part.strip() for part in line[1:-1].split(","))):
        index, _, value = part.partition(" ")
        if not index.isdecimal() or int(index) >= len(cells):
            raise ValueError(f"a sparse row has `index value` pairs, but got {part[:40]!r}")
        cells[int(index)] = value.strip()
    return ",".join(cells)


def _row(line: str, width: int) -> str:
    """Return a row with commas between its cells.

    Weka takes commas, blanks and tabs as separators alike, and a comma at the end as none.
    """
    bare = QUOTED.sub("", line).rstrip() if "'" in line or '"' in line else line
    commas = bare.count(",")
    if commas == width - 1:
        return line
    if commas == width and bare.endswith(","):
        return line.rstrip().removesuffix(",")
    cells = CELL.findall(line)
    return ",".join(cells) if len(cells) == width else line


def _role(kind: str) -> str:
    if kind.startswith("{"):
        return "category"
    word = kind.lower().split()[0] if kind else ""
    return "number" if word in NUMBERS else "ignored" if word in IGNORED else ""
