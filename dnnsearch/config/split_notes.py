"""What `new` says of columns that the split may go by: dates, and what a row is of.

A random split puts rows of one shop, or of one day, in all parts. That suits new rows that are like
these; if they are later, or of other shops, a score on them would be too good.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from dnnsearch.data.file_table import FileTable
from dnnsearch.data.files.source import DATE, setting
from dnnsearch.data.split_config import Split

IDENTIFIER = re.compile(r".*(_id|[a-z](Id|ID))|id", re.DOTALL)  # a column's name, as `shop_id`
MIN_GROUPS = 10  # fewer are too few for three parts


def split_notes(table: FileTable, split: Mapping[str, Any]) -> Iterator[str]:
    """Yield how to split by the first column of dates, and by one whose values recur, if one can.

    Nothing is said if the user has chosen a column, or has a test file.
    """
    if split.get("by") or table.test:
        return
    dates = [name for name, role in table.roles.items() if role == DATE]
    for name in dates[:1]:
        if _can_split(table, split, {"by": name, "order": "time"}):
            advice = f"{setting('split', 'by', name)} {setting('split', 'order', 'time')}"
            yield f"if new rows are later than these, test on the last: {advice}"
    groups = [column.name for column in table.columns if _recurs(table, column.name)]
    for name in groups[:1]:
        if _can_split(table, split, {"by": name}):
            advice = setting("split", "by", name)
            yield f"if new rows are of others than these in {name}, keep each in one part: {advice}"


def _recurs(table: FileTable, name: str) -> bool:
    """Return whether a column names what a row is of, and each is of several rows on average."""
    if not IDENTIFIER.fullmatch(name):
        return False
    count = table.sheet.frame[name].nunique()
    return MIN_GROUPS <= count <= len(table.target.y) / 2


def _can_split(table: FileTable, split: Mapping[str, Any], more: Mapping[str, str]) -> bool:
    groups = table.sheet.frame[more["by"]][table.target.there]
    wanted = {key: value for key, value in split.items() if key != "equal_rows"}
    try:
        replace(table, by=groups).split(Split.model_validate({**wanted, **more}), None)
    except ValueError:  # of the rules of `split`, or of too few groups or times
        return False
    return True
