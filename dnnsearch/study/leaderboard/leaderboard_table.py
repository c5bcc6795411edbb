"""A leaderboard, and the studies of a storage, as tables for a terminal or for a log.

A table that is wider than the terminal gives up columns in a fixed order, and says which.
"""

from collections.abc import Iterable, Iterator

from dnnsearch.runtime.text_table import aligned, paragraph, table_width
from dnnsearch.statistics.interval import wilson, with_error
from dnnsearch.study.leaderboard.formats import TABLE_HYPERPARAMETERS, short
from dnnsearch.study.leaderboard.ranking import Leaderboard, Row
from dnnsearch.trials.hyperparameters import OPTIONAL, value_of
from dnnsearch.trials.training import CURVES

KEPT = ("learning_rate", "units", "activation")  # the hyperparameters that are never left out
MARK = ""  # the header of the column that has `best`, `tie` and `champion`
Columns = dict[str, list[str]]  # header -> cells


def studies(boards: Iterable[Leaderboard], width: int | None = None) -> Iterator[str]:
    """Yield a header and one line for each study; champions have a column if there are any."""
    every = list(boards)
    header = ["study", "objective", "best", "trial", "trials"]
    rows = [_study(board) for board in every]
    if any(board.champion is not None for board in every):
        header.insert(4, "champion")
        for row, board in zip(rows, every, strict=True):
            row.insert(4, short(board.champion, "d"))
    yield from aligned(header, rows, width)


def _study(board: Leaderboard) -> list[str]:
    best = board.ranked[0] if board.ranked else None
    value, number = (short(best.value, ".4f"), str(best.number)) if best else ("", "")
    return [board.study, board.objective, value, number, board.counts]


def table(board: Leaderboard, top: int, width: int | None = None) -> Iterator[str]:
    """Yield the first `top` rows; the value's standard error, if it is known, follows a `±`.

    Hyperparameters that are the same in all trials are in a line below, and so are the columns that
    are left out because the table would be wider than `width`. If it still is, each trial is
    described in a few words, as while a search runs.
    """
    shown = [
        n
        for n in (*TABLE_HYPERPARAMETERS, *OPTIONAL)
        if any(n == "units" or n in r.params for r in board.rows)
    ]
    values = {name: [hyper(row, name) for row in board.rows] for name in shown}
    varied = [name for name in shown if len(set(values[name])) > 1]
    rows = board.rows[:top]
    columns, note = _fitting(_columns(board, rows, varied), board, rows, width)
    yield from aligned(list(columns), zip(*columns.values(), strict=True), width)
    if len(board.rows) > top:
        yield f"... and {len(board.rows) - top} more"
    if legend := _legend(board, rows):
        yield from paragraph(legend, width)
    yield from paragraph(note, width) if note else ()
    if board.rows and len(varied) < len(shown):
        same = [f"{name} {values[name][0]}" for name in shown if name not in varied]
        yield from paragraph(f"the same in all trials: {', '.join(same)}", width)


def _legend(board: Leaderboard, rows: list[Row]) -> str:
    """Return what the marks of these rows mean; empty if they have none."""
    meanings = {
        "± is one standard error": any("±" in measured(row) for row in rows),
        board.tie_meaning: any(marks_of(board, row).startswith("tie") for row in rows),
    }
    return "; ".join(text for text, is_shown in meanings.items() if text and is_shown)


def _columns(board: Leaderboard, rows: list[Row], varied: list[str]) -> Columns:
    marks = [marks_of(board, row) for row in rows]
    train = _train(board)
    return {
        "trial": [str(row.number) for row in rows],
        "state": [row.state for row in rows],
        board.objective: [measured(row) for row in rows],
        **({MARK: marks} if any(marks) else {}),
        train: [short(row.final.get(train), ".4f") for row in rows],
        "seconds": [short(row.seconds, ".2f") for row in rows],
        "parameters": [short(row.parameters, "d") for row in rows],
        **{name: [hyper(row, name) for row in rows] for name in varied},
    }


def _train(board: Leaderboard) -> str:
    train = board.objective.replace("dev_", "train_")
    return train if train in CURVES else "train_cost"  # other scores are of the dev set only


def marks_of(board: Leaderboard, row: Row) -> str:
    """Return what the row is in its study, such as `best, champion`; empty if nothing special."""
    is_tied = board.tied is not None and row.number in board.tied
    marks = {
        "best": row.number == board.leader,
        "tie": is_tied and row.number != board.leader,
        "champion": row.number == board.champion,
    }
    return ", ".join(mark for mark, is_one in marks.items() if is_one)


def _fitting(
    columns: Columns, board: Leaderboard, rows: list[Row], width: int | None
) -> tuple[Columns, str]:
    """Return columns that fit the width, and a note on what is left out."""
    order = ["seconds", "parameters", _train(board)]
    order += [name for name in reversed((*TABLE_HYPERPARAMETERS, *OPTIONAL)) if name not in KEPT]
    left_out = []
    for name in filter(columns.__contains__, order):
        if _fits(columns, width):
            break
        columns = {header: cells for header, cells in columns.items() if header != name}
        left_out.append(name)
    if _fits(columns, width):
        return columns, _note(left_out, width) if left_out else ""
    shown = _narrow(columns, board, rows)
    missing = [header for header in columns if header not in shown and header not in KEPT]
    return shown, _note([*left_out, *missing], width)


def _note(left_out: list[str], width: int | None) -> str:
    """Return which columns are left out, and how to see them."""
    how = "a wider terminal shows them, and so does show --csv -"
    return f"left out at {width} columns: {', '.join(left_out)} ({how})"


def _fits(columns: Columns, width: int | None) -> bool:
    filled = [(header, *cells) for header, cells in columns.items()]
    return width is None or table_width(filled) <= width


def _narrow(columns: Columns, board: Leaderboard, rows: list[Row]) -> Columns:
    """Return one short description for each trial, in place of its hyperparameters."""
    return {
        "trial": columns["trial"],
        board.objective: [measured(row) or row.state for row in rows],
        **({MARK: columns[MARK]} if MARK in columns else {}),
        "configuration": [row.configuration for row in rows],
    }


def measured(row: Row) -> str:
    """Return the value with its standard error, if it is known; an interval if that is zero."""
    if row.value is None or row.error is None:
        return short(row.value, ".4f")
    interval = wilson(row.value, row.examples) if row.examples else None
    return with_error(row.value, row.error, interval)


def hyper(row: Row, name: str) -> str:
    """Return the row's hyperparameter with few digits; `units` are those of all layers."""
    return row.units if name == "units" else short(value_of(row.params, name), ".4g")
