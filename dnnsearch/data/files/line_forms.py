"""Text that is not yet CSV: backslash escapes, boxes around cells, blanks mixed with tabs.

A form is told from the head of a text. It rewrites line by line, so that a file larger than memory
is read as a small one is.
"""

import csv
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dnnsearch.data.files.reading_version import Reading
from dnnsearch.data.files.sheet import MISSING

HEAD_CHARACTERS = 1 << 20
SAMPLE_LINES = 200
MIN_SHARE_OF_NUMBERS = 0.5  # of the words between blanks, or they are text

# MySQL's and PostgreSQL's: https://www.postgresql.org/docs/current/sql-copy.html
NULL_CELL = re.compile(r"(?:(?<=[\t,;|])|^)\"?\\N\"?(?=[\t,;|\n]|$)", re.MULTILINE)
ESCAPE = re.compile(r"\\(.)")
ESCAPED = {'"': '""', "n": " ", "t": " ", "r": "", "b": "", "0": "", "Z": ""}
END_OF_DATA = "\\."
RULE = re.compile(r"(?=.*[-=]{2})[-+|:= ]+")  # such as +----+---+, ----+--- or |---|:--|
FOOTER = re.compile(r"\(\d+ rows?\)|\d+ rows? in set.*", re.IGNORECASE)
QUOTED = re.compile(r"\"[^\"]*\"")
WORD = re.compile(rf"{QUOTED.pattern}|[^\s\"]+")
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
THOUSANDS = re.compile(r"[-+]?\d{1,3}(?: \d{3})+")


@dataclass(frozen=True)
class LineForm:
    """One form: how it is told, what it makes of a line (None: nothing), and a notice of it."""

    applies: Callable[[str, Mapping[str, Any]], bool]
    line: Callable[[str], str | None]
    notice: str


def line_forms(text: str, given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the forms that the text has."""
    head, found = text[:HEAD_CHARACTERS], []
    for name, form in FORMS.items():
        if form.applies(head, given):
            found.append(name)
            head = "".join(rewritten(_lines(head), [name]))
    return tuple(found)


def rewritten_text(text: str, forms: Iterable[str]) -> str:
    """Return the whole text in the form of CSV."""
    return "".join(rewritten(_lines(text), forms)) if forms else text


def rewritten(lines: Iterable[str], forms: Iterable[str]) -> Iterator[str]:
    """Yield the lines, which end in `\\n`, in the form of CSV."""
    steps = [FORMS[name] for name in forms]
    for line in _joined(lines) if "backslash" in forms else lines:
        changed: str | None = line
        for step in steps:
            changed = None if changed is None else step.line(changed)
        if changed is not None:
            yield changed


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a text; `splitlines` also ends one at a form feed."""
    return (line + "\n" for line in text.removesuffix("\n").split("\n"))


def _joined(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines; one that ends in an escaped line end goes on in the next."""
    start = ""
    for line in lines:
        body = line.rstrip("\n")
        if (len(body) - len(body.rstrip("\\"))) % 2:
            start += body[:-1] + " "
        else:
            yield start + line
            start = ""
    if start:
        yield start


def _has_escapes(head: str, given: Mapping[str, Any]) -> bool:
    """Return whether a NULL is written `\\N`, or only escaped quotes make the text a table."""
    if "\\" not in head or not Reading.of(given).has("backslash escapes are read"):
        return False
    if NULL_CELL.search(head):
        return True
    if '\\"' not in head:
        return False
    sample = list(itertools.islice(_lines(head), SAMPLE_LINES))
    return not _is_table(sample) and _is_table(rewritten(sample, ["backslash"]))


def _is_table(lines: Iterable[str]) -> bool:
    """Return whether the lines are strict CSV with rows of one width."""
    sample = list(lines)
    return any(_is_strict(sample, separator) for separator in ",;\t|")


def _is_strict(lines: list[str], separator: str) -> bool:
    widths = set()
    reader = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True)
    try:
        for row in reader:
            widths.add(len(row))
    except csv.Error as error:
        if "unexpected end" not in str(error):  # the sample ends within a cell
            return False
    return len(widths - {0}) == 1 and max(widths) > 1


def _unescaped(line: str) -> str | None:
    if line.strip() == END_OF_DATA:
        return None
    if "\\" not in line:
        return line
    return ESCAPE.sub(lambda found: ESCAPED.get(found[1], found[1]), NULL_CELL.sub("", line))


def _has_box(head: str, given: Mapping[str, Any]) -> bool:
    """Return whether a rule of dashes stands above or below the header, and bars between cells."""
    if not Reading.of(given).has("rules and bars around cells are no data"):
        return False
    first = [line for line in itertools.islice(head.split("\n"), 6) if line.strip()]
    rules = [bool(RULE.fullmatch(line.strip())) for line in first[:3]]
    others = [line for line in first if not RULE.fullmatch(line.strip())]
    return any(rules[:2]) and len(others) > 1 and all("|" in line for line in others[:2])


def _without_box(line: str) -> str | None:
    text = line.strip()
    if RULE.fullmatch(text) or FOOTER.fullmatch(text):
        return None
    return re.sub(r"\s*\|\s*", "|", text.removeprefix("|").removesuffix("|").strip()) + "\n"


def _mixes_blanks(head: str, given: Mapping[str, Any]) -> bool:
    """Return whether tabs and blanks separate alike.

    They do if the config says that blanks separate, or if the words between both make rows of one
    width and most of those with a blank between them are numbers: `38.8 4 185.9<tab>"ford pinto"`.
    """
    if "\t" not in head or given.get("separator", " ") != " ":
        return False
    if given.get("separator"):
        return True
    if not Reading.of(given).has("blanks and tabs separate alike"):
        return False
    lines = [line for line in head.split("\n")[:SAMPLE_LINES] if line.strip()][:-1]
    widths = {len(WORD.findall(line)) for line in lines[1:]}
    spaced = [cell.strip() for line in lines[1:] for cell in QUOTED.sub("", line).split("\t")]
    spaced = [cell for cell in spaced if " " in cell and not THOUSANDS.fullmatch(cell)]
    if len(widths) != 1 or len(WORD.findall(lines[0])) not in (*widths, *(w - 1 for w in widths)):
        return False
    words = [word for cell in spaced for word in cell.split()]
    numbers = sum(bool(NUMBER.fullmatch(word)) or word in MISSING for word in words)
    return numbers > MIN_SHARE_OF_NUMBERS * len(words) > 0


def _with_blanks(line: str) -> str:
    """Return the line with blanks for the tabs outside of quotes."""
    if "\t" not in line:
        return line
    parts = line.split('"')
    return '"'.join(p if i % 2 else p.replace("\t", " ") for i, p in enumerate(parts))


FORMS = {
    "box": LineForm(_has_box, _without_box, "the rules and bars around the cells were left out"),
    "backslash": LineForm(_has_escapes, _unescaped, "backslash escapes were read, \\N as a gap"),
    "blanks": LineForm(_mixes_blanks, _with_blanks, "blanks and tabs separate cells alike"),
}
