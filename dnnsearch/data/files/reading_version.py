"""The version of the reading: by which rules a file's content becomes a table.

A study goes on reading its file by the rules with which it began; so does a model. A rule that
changes what is read is a row of CHANGES, and the code that follows it asks `Reading.has`, in one
place. Earlier rules stay in that place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FIRST = 1  # of a config without `data.reading`
READING = 3  # what a new config gets

# What is read in another way -> the reading since which it is so.
CHANGES: dict[str, int] = {
    "marks that the config names join the usual ones": 2,
    "errors of a spreadsheet are gaps": 2,
    "rows without a group are groups of their own": 2,
    "an index that came along is ignored": 2,
    "numbers with marks, units and signs by the whole column": 2,
    "whole numbers beyond 2^53 keep their digits": 2,
    "dates and durations are inputs": 2,
    "None, NA and null may be labels": 2,
    "numbers and text of few levels are a category": 2,
    "whole numbers with rare values are a regression": 2,
    "a first row of numbers may be a header": 2,
    "levels match by their number or truth": 2,
    "code pages are told by chardet": 2,
    "numbers in JSON keep all digits": 2,
    "backslash escapes are read": 2,
    "rules and bars around cells are no data": 2,
    "blanks and tabs separate alike": 2,
    "a caret separates": 2,
    "whole numbers have a median": 3,
}


@dataclass(frozen=True)
class Reading:
    """One version of the reading."""

    version: int = FIRST

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Reading":
        """Return the reading in a config's `data`, or in the form that a model keeps of it."""
        return cls(data.get("reading", FIRST))

    def has(self, change: str) -> bool:
        """Return whether this reading has a row of CHANGES; raise KeyError if there is none."""
        return self.version >= CHANGES[change]


BEFORE = Reading(FIRST)
