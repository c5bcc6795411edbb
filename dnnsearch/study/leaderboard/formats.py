"""A leaderboard as text: an aligned table, CSV, JSON, or YAML for a config.

It knows nothing of storages: the caller passes the rows.
"""

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import yaml

from dnnsearch.study.leaderboard.ranking import Leaderboard, Row
from dnnsearch.trials.hyperparameters import (
    HYPERPARAMETERS,
    OPTIONAL,
    OPTIONAL_KEYS,
    Value,
    key_of,
    value_of,
)
from dnnsearch.trials.training import CURVES

TABLE_HYPERPARAMETERS = (
    "learning_rate",
    "iterations",
    "units",
    "activation",
    "momentum",
    "batch_size",
)


def aligned(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table; columns of numbers are aligned to the right."""
    body = [list(row) for row in rows]
    columns = list(zip(header, *body, strict=True))
    widths = [max(map(len, column)) for column in columns]
    right = [all(cell[:1] in "0123456789" for cell in column[1:]) for column in columns]
    for line in [list(header), *body]:
        cells = zip(line, widths, right, strict=True)
        yield "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in cells).rstrip()


def studies(boards: Iterable[Leaderboard]) -> Iterator[str]:
    """Yield a header and one line for each study."""
    yield from aligned(("study", "objective", "best", "trial", "trials"), map(_study, boards))


def _study(board: Leaderboard) -> list[str]:
    best = board.ranked[0] if board.ranked else None
    value, number = (short(best.value, ".4f"), str(best.number)) if best else ("", "")
    return [board.study, board.objective, value, number, board.counts]


def table(board: Leaderboard, top: int) -> Iterator[str]:
    """Yield the first `top` rows; the value's standard error, if it is known, follows a `±`.

    Hyperparameters that are the same in all trials are in a line below.
    """
    train = board.objective.replace("dev_", "train_")
    train = train if train in CURVES else "train_cost"  # other scores are of the dev set only
    shown = [
        n
        for n in (*TABLE_HYPERPARAMETERS, *OPTIONAL)
        if any(n == "units" or n in r.params for r in board.rows)
    ]
    values = {name: [hyper(row, name) for row in board.rows] for name in shown}
    varied = [name for name in shown if len(set(values[name])) > 1]
    ties = [""] if board.tied else []
    header = ("trial", "state", board.objective, *ties, train, "seconds", "parameters", *varied)
    yield from aligned(header, (_cells(board, row, train, varied) for row in board.rows[:top]))
    if len(board.rows) > top:
        yield f"... and {len(board.rows) - top} more"
    if board.rows and len(varied) < len(shown):
        same = [f"{name} {values[name][0]}" for name in shown if name not in varied]
        yield f"in all of them: {', '.join(same)}"


def _cells(board: Leaderboard, row: Row, train: str, hyperparameters: Iterable[str]) -> list[str]:
    ties = ["tie" if row.number in board.tied else ""] if board.tied else []
    return [
        str(row.number),
        row.state,
        measured(row),
        *ties,
        short(row.final.get(train), ".4f"),
        short(row.seconds, ".2f"),
        short(row.parameters, "d"),
        *(hyper(row, name) for name in hyperparameters),
    ]


def measured(row: Row) -> str:
    """Return the value with its standard error, if it is known."""
    return short(row.value, ".4f") + ("" if row.error is None else f" ± {row.error:.4f}")


def hyper(row: Row, name: str) -> str:
    """Return the row's hyperparameter with few digits; `units` are those of all layers."""
    return row.units if name == "units" else short(value_of(row.params, name), ".4g")


def short(value: Value | None, form: str) -> str:
    """Return the value in the format `form`, text as it is; an empty text for None."""
    if value is None:
        return ""
    return str(value) if isinstance(value, str) else format(value, form)


def csv_text(boards: Sequence[Leaderboard]) -> str:
    """Return a CSV table of every trial with every column and all digits, in the boards' order.

    With several boards the first column is the study's name.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, all_columns(boards), lineterminator="\n")
    writer.writeheader()
    writer.writerows(all_column_values(boards))
    return text.getvalue()


def json_text(boards: Sequence[Leaderboard]) -> str:
    """Return what `csv_text` has as a JSON list of objects; null if a value is missing.

    A number that is not finite is null too.
    """
    names = all_columns(boards)
    rows = [
        finite_or_null({name: one.get(name) for name in names}) for one in all_column_values(boards)
    ]
    return json.dumps(rows, indent=1, allow_nan=False) + "\n"


def finite_or_null(value: Any) -> Any:
    """Return the value for JSON: None for a number that is not finite, also within containers."""
    if isinstance(value, dict):
        return {key: finite_or_null(one) for key, one in value.items()}
    if isinstance(value, list):
        return [finite_or_null(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def all_columns(boards: Sequence[Leaderboard]) -> list[str]:
    """Return the columns of all the boards; the first is `study` if there are several boards."""
    names = [name for board in boards for name in columns(board)]
    return list(dict.fromkeys(names if len(boards) == 1 else ["study", *names]))


def all_column_values(boards: Sequence[Leaderboard]) -> Iterator[dict[str, Any]]:
    """Yield column -> value for each trial; the columns are those of `all_columns`."""
    for board in boards:
        study = {"study": board.study} if len(boards) > 1 else {}
        for row in board.rows:
            tied = {} if board.tied is None else {"tied": row.number in board.tied}
            yield {**study, **column_values(row, board.objective), **tied}


def columns(board: Leaderboard) -> list[str]:
    """Return the columns of `column_values`, hyperparameters in the order of asking."""
    params = {name for row in board.rows for name in row.params}
    asked = list(HYPERPARAMETERS)

    def order(name: str) -> tuple[int, int, str]:
        place = asked.index(key_of(name))
        return place, len(name), name  # units_2 before units_10

    return [
        *("trial", "state", board.objective, "standard_error"),
        *([] if board.tied is None else ["tied"]),
        *sorted(params, key=order),
        *(f"final_{name}" for name in _finals(board.rows)),
        *("seconds", "parameters", "digest", "reason"),
    ]


def _finals(rows: Iterable[Row]) -> list[str]:
    """Return the names of the curves, and of the metrics measured in addition."""
    measured = dict.fromkeys(name for row in rows for name in row.final if name not in CURVES)
    return [*CURVES, *measured]


def column_values(row: Row, objective: str) -> dict[str, Any]:
    """Return column -> value of a row."""
    return {
        "trial": row.number,
        "state": row.state,
        objective: row.value,
        "standard_error": row.error,
        **row.params,
        **{f"final_{name}": row.final.get(name) for name in _finals([row])},
        "seconds": row.seconds,
        "parameters": row.parameters,
        "digest": row.digest,
        "reason": row.reason,
    }


def fragment(board: Leaderboard, row: Row) -> str:
    """Return the row's hyperparameters as YAML that can be part of a config.

    A config has one `units` for all layers. If the layers of the trial differ, `units` is a list of
    choices and `try_first` has the units layer by layer. If there is no hidden layer, `units` is 1
    and has no effect.
    """
    layers = range(1, int(row.params["hidden_layers"]) + 1)
    units = [row.params[f"units_{layer}"] for layer in layers]
    different = list(dict.fromkeys(units))
    keys: dict[str, Any] = {
        n: row.params.get(n) for n in HYPERPARAMETERS if n in row.params or n not in OPTIONAL_KEYS
    }
    keys.pop("width", None)
    keys["units"] = different if len(different) > 1 else (units or [1])[0]
    if len(different) > 1:
        keys["try_first"] = [{"units": units}]
    about = f"# trial {row.number} of study {board.study}: {board.objective} {row.value!r}\n"
    return about + yaml.safe_dump(keys, sort_keys=False, default_flow_style=False)
