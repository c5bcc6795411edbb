"""Files as people have them: one maker for each kind, seeded.

A kind is what was reported to go wrong in some tool: how numbers, gaps, dates and labels are
written, columns that came along, dialects of text, encodings, formats, and files that are damaged
or no tables. `make(kind, seed)` gives the same file every time. Nothing here knows dnnsearch.
"""

import random

from experiments.file_kinds import cells, columns, dialects, formats  # noqa: F401  (they register)
from experiments.file_kinds.made import KINDS, Made

__all__ = ["KINDS", "Made", "make"]


def make(kind: str, seed: int) -> Made:
    """Return the file of a kind; equal seeds give equal files."""
    return KINDS[kind](random.Random(f"{kind} {seed}"))
