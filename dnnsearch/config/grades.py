"""What `new` says of classes that are whole numbers: they may be grades, such as 3 to 9.

Grades have an order. So they can be searched as numbers, and a rare one is joined with the nearest.
This module cannot tell grades from numbers that are mere codes, so its sentences say `if`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from dnnsearch.data.file_table import FileTable
from dnnsearch.data.labels import MAX_IN_ADVICE, rare_advice, setting

WHOLE_NUMBER = re.compile(r"-?\d{1,9}", re.ASCII)
MIN_GRADES = 3  # two classes have no order that counts


def may_be_grades(classes: Iterable[str]) -> bool:
    """Return whether the classes are three or more whole numbers."""
    names = list(classes)
    return len(names) >= MIN_GRADES and all(WHOLE_NUMBER.fullmatch(name) for name in names)


def grades_note(table: FileTable) -> str:
    """Return how to search grades as numbers; empty if the classes are none, or of pictures."""
    if not may_be_grades(table.target.counts) or "pixel" in table.roles.values():
        return ""
    return (
        "if these are grades in order, they can be searched as numbers: --set data.task=regression"
    )


def rare_classes_advice(counts: Mapping[str, int], rare: Sequence[str]) -> str:
    """Return what can be done about rare classes that folds can keep, as `rare_advice` does.

    A rare class that may be a grade is joined with the nearest one that is not rare.
    """
    others = [name for name in counts if name not in rare]
    if not may_be_grades(counts) or len(others) < 2 or len(rare) > MAX_IN_ADVICE:
        return rare_advice(counts, rare, can_keep=True)
    joined = {name: _nearest(name, others) for name in rare}
    return (
        f"leave them out: {setting(dict.fromkeys(rare))}; or join each with the nearest number: "
        f"{setting(joined)}; or keep them, but not in test: --set folds=2"
    )


def _nearest(name: str, others: Sequence[str]) -> str:
    return min(others, key=lambda other: abs(int(other) - int(name)))
