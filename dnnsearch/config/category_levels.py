"""How many levels of a category have an input each: what `new` drafts, and what it says of it.

The rare levels share one input. That is right for a few of them; where half of the rows have such a
level, the column says little, and nobody would know.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from dnnsearch.data.column_roles import IT_IS_TEXT, MIN_SHARE_OF_RECURRING
from dnnsearch.data.file_table import FileTable
from dnnsearch.data.files.source import MAX_LEVELS_ASKED
from dnnsearch.data.labels import alike
from dnnsearch.data.preprocessing import MAX_LEVELS, MIN_EXAMPLES_IF_ASKED, frequent
from dnnsearch.data.splitting import Indices

MIN_ROWS_OF_A_DRAFTED_LEVEL = 10
MAX_DRAFTED_CELLS = 20_000_000  # of a category's inputs: 80 MB in float32
MIN_SHARE_TOLD = 0.05  # of the rows of train


def drafted_levels(table: FileTable) -> int | None:
    """Return how many levels of a category should have inputs; None if the usual number will do.

    Text is a category, too, if levels of so many rows are most of it.
    """
    most = min(MAX_LEVELS_ASKED, MAX_DRAFTED_CELLS // len(table.frame))
    levels = min(max(map(len, _frequent_levels(table)), default=0), most)
    return levels if levels > MAX_LEVELS else None


def _frequent_levels(table: FileTable) -> Iterator[pd.Series]:
    """Yield the counts of the levels with enough rows, of each category and of text."""
    for column in table.columns:
        if column.role == "category" or column.reason.startswith(IT_IS_TEXT):
            counts = table.frame[column.name].value_counts()
            found = counts[counts >= MIN_ROWS_OF_A_DRAFTED_LEVEL]
            if column.role == "category" or found.sum() >= MIN_SHARE_OF_RECURRING * counts.sum():
                yield found


def alike_levels_note(table: FileTable, name: str) -> str:
    """Return which levels of a category are spelled in two ways, as it seems; empty if none are."""
    if table.roles.get(name) != "category":
        return ""
    shown = alike(str(level) for level in table.frame[name].value_counts().index)
    text = "levels that differ in case or blanks only are different levels"
    return f"{text}: {shown}; if they mean the same, spell them alike in the file" if shown else ""


def shared_levels_note(table: FileTable, rows: Indices, name: str) -> str:
    """Return how many levels of a category share one input, and what to set; empty if few rows do.

    `rows` are those of the split.
    """
    if table.roles.get(name) != "category":
        return ""
    folds = np.atleast_2d(rows["train"])
    each = [frequent(table.frame[name].iloc[train], table.levels) for train in folds]
    kept = set.intersection(*(set(one.kept) for one in each))
    counts = each[0].counts
    shared = [count for level, count in counts.items() if level not in kept]
    if sum(shared) < MIN_SHARE_TOLD * folds.shape[1]:
        return ""
    share = sum(shared) / folds.shape[1]
    text = f"{len(shared)} of {len(counts)} levels, those of {share:.0%} of train, share one input"
    could = sum(count >= MIN_EXAMPLES_IF_ASKED for count in counts.values())
    if could <= (table.levels or MAX_LEVELS):
        return f"{text}: too few rows of train have each of them"
    who = f"each that {MIN_EXAMPLES_IF_ASKED} rows of train have"
    return f"{text}; to give one to {who}: --set data.levels={could}"
