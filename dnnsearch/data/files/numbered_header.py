"""Whether a first row with numbers names the columns: 0, 1, 2, as pandas writes it, or years.

It does if the rows below differ in kind: none of them counts on from cell to cell in the same
columns, or none has a whole number there.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

WHOLE = re.compile(r"\d{1,6}")
YEARS = range(1900, 2101)
MIN_COUNTED = 3  # numbers in a row that count on; two always do


def is_numbered_header(sample: Sequence[Sequence[str]], target: str | None) -> bool:
    """Return whether the first of these rows is a header with numbers among the names."""
    if len(sample) < 2:
        return False
    first, below = [cell.strip() for cell in sample[0]], sample[1:]
    places = [i for i, cell in enumerate(first) if WHOLE.fullmatch(cell)]
    if not places or not _may_be_names(first, places, below):
        return False
    if len(first) == len(below[0]) - 1:  # the rows have names, and the header has none for them
        return True
    numbers = [int(first[i]) for i in places]
    if target in first and WHOLE.fullmatch(str(target)) and int(str(target)) >= len(first):
        return True  # no column has this place, so it is a name
    columns = [[row[i].strip() for row in below if i < len(row)] for i in places]
    if all(not any(WHOLE.fullmatch(cell) for cell in column) for column in columns):
        return True
    rows = [[row[i].strip() for i in places if i < len(row)] for row in below]
    if len(numbers) >= 2 and all(number in YEARS for number in numbers):
        return not any(all(_is_year(cell) for cell in row) for row in rows)
    counts_on = len(numbers) >= MIN_COUNTED and _step(first, places) != 0
    return counts_on and not any(_step(row, range(len(row))) for row in rows)


def _may_be_names(
    first: Sequence[str], places: Sequence[int], below: Sequence[Sequence[str]]
) -> bool:
    """Return whether all cells differ, only the first may be empty, and no text is repeated below.

    Texts are what is not one of the whole numbers at `places`; a number with a fraction is none.
    """
    if len(set(first)) < len(first) or "" in first[1:]:
        return False
    for i, cell in enumerate(first):
        if i in places or not cell:
            continue
        if re.fullmatch(r"[-+]?[\d.,]+([eE][-+]?\d+)?", cell):
            return False
        if any(cell == row[i].strip() for row in below if i < len(row)):
            return False
    return True


def _is_year(cell: str) -> bool:
    return WHOLE.fullmatch(cell) is not None and int(cell) in YEARS


def _step(row: Sequence[str], places: Sequence[int] | range) -> int:
    """Return the step by which the whole numbers at these places count on; 0 if they do not."""
    cells = [row[i].strip() for i in places]
    if len(cells) < MIN_COUNTED or not all(WHOLE.fullmatch(cell) for cell in cells):
        return 0
    numbers = [int(cell) for cell in cells]
    steps = {b - a for a, b in pairwise(numbers)}
    return steps.pop() if len(steps) == 1 else 0
