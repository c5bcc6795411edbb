"""Text tables that fit a width: no word is cut, no number is broken.

It knows nothing of studies.
"""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

GAP = "  "


def aligned(
    header: Sequence[str], rows: Iterable[Sequence[str]], width: int | None = None
) -> Iterator[str]:
    """Yield the lines of a table; columns of numbers are aligned to the right.

    If the table is wider than `width`, its longest texts are wrapped between words. It stays wider
    if its longest words are.
    """
    body = [list(row) for row in rows]
    columns = list(zip(header, *body, strict=True))
    widths = _widths(columns, width)
    right = [all(cell[:1] in "0123456789" for cell in column[1:]) for column in columns]
    for line in [list(header), *body]:
        wrapped = [_wrapped(cell, w) for cell, w in zip(line, widths, strict=True)]
        for part in zip_longest(*wrapped, fillvalue=""):
            cells = zip(part, widths, right, strict=True)
            yield GAP.join(c.rjust(w) if r else c.ljust(w) for c, w, r in cells).rstrip()


def table_width(columns: Iterable[Sequence[str]]) -> int:
    """Return the width of a table with these columns, header included, if nothing is wrapped."""
    return sum(max(map(len, column)) + len(GAP) for column in columns) - len(GAP)


def paragraph(text: str, width: int | None) -> list[str]:
    """Return the text in lines of at most `width` characters, broken between words."""
    return [text] if width is None else textwrap.wrap(text, width, break_long_words=False)


def _widths(columns: Sequence[Sequence[str]], width: int | None) -> list[int]:
    """Return the columns' widths; the widest one that can be wrapped gives way first."""
    widths = [max(map(len, column)) for column in columns]
    least = [max(map(_least, column)) for column in columns]
    while width is not None and sum(widths) + len(GAP) * (len(widths) - 1) > width:
        shrinkable = [i for i, w in enumerate(widths) if w > least[i]]
        if not shrinkable:
            break
        widths[max(shrinkable, key=widths.__getitem__)] -= 1
    return widths


def _least(cell: str) -> int:
    """Return the width of the longest part of a cell that is not broken."""
    return len(cell) if "±" in cell else max(map(len, cell.split()), default=0)


def _wrapped(cell: str, width: int) -> list[str]:
    fits = len(cell) <= width
    return [cell] if fits else textwrap.wrap(cell, width, break_on_hyphens=False)
