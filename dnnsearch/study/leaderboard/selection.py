"""Filter and sort the trials of a leaderboard.

A condition is a column, a relation and a value, such as `learning_rate<0.1` or `activation=relu`;
it is parsed, never evaluated as code. A trial without a value in the column matches no condition on
it and sorts last.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from dnnsearch.errors import UserError
from dnnsearch.study.leaderboard.formats import column_values
from dnnsearch.study.leaderboard.ranking import STATES, Leaderboard, Row
from dnnsearch.validators import show

RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": le,
    ">=": ge,
    "!=": ne,
    "==": eq,
    "<": lt,
    ">": gt,
    "=": eq,
}
CONDITION = re.compile(rf"\s*(\w+)\s*({'|'.join(RELATIONS)})\s*(.*?)\s*")
EQUALITY = ("=", "==", "!=")


@dataclass(frozen=True)
class Condition:
    """Such as learning_rate < 0.1; the value is a number if the column has numbers."""

    column: str
    relation: str
    value: float | str

    def holds(self, cell: Any) -> bool:
        """Return whether the cell fulfils the condition; None never does."""
        if cell is None:
            return False
        comparable = str(cell) if isinstance(self.value, str) else _rank(cell)
        return RELATIONS[self.relation](comparable, self.value)


def select(
    board: Leaderboard,
    where: Sequence[str] = (),
    states: Sequence[str] = (),
    sort: str | None = None,
) -> Leaderboard:
    """Return the board with the rows that fulfil every condition and are in one of the states.

    `sort` is a column to sort by, ascending, or descending with a `-` before it; without it the
    best row is first. Raises UserError for an invalid condition, state or column.
    """
    for state in states:
        if state not in STATES:
            raise UserError(f"--state must be one of {', '.join(STATES)}, but got {show(state)}")
    table = {row.number: cells(row, board.objective) for row in board.rows}
    conditions = [condition(text, table.values()) for text in where]
    rows = [
        row
        for row in board.rows
        if (not states or row.state in states)
        and all(c.holds(table[row.number].get(c.column)) for c in conditions)
    ]
    if sort is not None:
        rows = _sorted(rows, table, sort)
    return replace(board, rows=rows)


def cells(row: Row, objective: str) -> dict[str, Any]:
    """Return name -> value for all names of a condition: also `units` and unprefixed metrics."""
    return {**row.final, **column_values(row, objective), "units": row.units}


def condition(text: str, table: Iterable[dict[str, Any]]) -> Condition:
    """Return the condition that the text states on a table; raises UserError if it is invalid."""
    match = CONDITION.fullmatch(text)
    if not match:
        relations = " ".join(RELATIONS)
        raise UserError(
            f"--where must be a column, one of {relations} and a value, such as "
            f"'learning_rate<0.1', but got {show(text)}"
        )
    column, relation, value = match.groups()
    if _is_text(_values(column, table, "--where")):
        if relation not in EQUALITY:
            raise UserError(f"--where {show(text)}: {column} is text and has no order: use = or !=")
        return Condition(column, relation, value)
    return Condition(column, relation, _number(text, column, value))


def _number(text: str, column: str, value: str) -> float:
    try:
        number = _rank(value) if value == "full" else float(value)
    except ValueError:
        number = float("nan")
    if number != number:
        raise UserError(
            f"--where {show(text)}: {column} is compared with a number, but got {show(value)}"
        )
    return number


def _is_text(cells: Sequence[Any]) -> bool:
    """Return whether a column has text; `full` counts as a number of examples."""
    return bool(cells) and all(isinstance(cell, str) and cell != "full" for cell in cells)


def _rank(cell: Any) -> float:
    """Return the number by which a cell is compared: a full batch is the largest."""
    return float("inf") if isinstance(cell, str) else float(cell)


def _values(column: str, table: Iterable[dict[str, Any]], option: str) -> list[Any]:
    """Return the values in a column; raises UserError if there is no such column."""
    rows = [*table]
    names = dict.fromkeys(name for row in rows for name in row)
    if rows and column not in names:
        near = difflib.get_close_matches(column, names, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
        raise UserError(f"{option}: there is no column {show(column)}; {hint}")
    return [row[column] for row in rows if row.get(column) is not None]


def _sorted(rows: list[Row], table: dict[int, dict[str, Any]], sort: str) -> list[Row]:
    """Return the rows sorted; the sort is stable, so ties keep the leaderboard's order."""
    column, descending = sort.removeprefix("-"), sort.startswith("-")
    is_text = _is_text(_values(column, table.values(), "--sort"))

    def key(row: Row) -> Any:
        cell = table[row.number][column]
        return cell if is_text else _rank(cell)

    known = [row for row in rows if table[row.number].get(column) is not None]
    missing = [row for row in rows if table[row.number].get(column) is None]
    return [*sorted(known, key=key, reverse=descending), *missing]
