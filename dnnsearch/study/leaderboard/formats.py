"""A leaderboard as text: CSV, JSON, or YAML for a config.

It knows nothing of storages: the caller passes the rows.
"""

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import yaml

from dnnsearch.study.leaderboard.ranking import Leaderboard, Row
from dnnsearch.trials.flat_params import key_of
from dnnsearch.trials.hyperparameter_row import Value
from dnnsearch.trials.hyperparameters import HYPERPARAMETERS, OPTIONAL_KEYS
from dnnsearch.trials.training import CURVES

TABLE_HYPERPARAMETERS = (
    "learning_rate",
    "iterations",
    "units",
    "activation",
    "momentum",
    "batch_size",
)
UNITS_BY_LAYER = "# this trial's units, layer by layer; above they are choices for any layer"


def short(value: Value | None, form: str) -> str:
    """Return the value in the format `form`, text as it is; an empty text for None."""
    if value is None:
        return ""
    return str(value) if isinstance(value, str) else format(value, form)


def in_markdown(text: str) -> str:
    """Return Markdown that is displayed as `text`: its special characters are escaped."""
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)


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
    """Return the row's hyperparameters as YAML that can be part of a config: `config_keys`."""
    about = f"# trial {row.number} of study {board.study}: {board.objective} {row.value!r}\n"
    text = yaml.safe_dump(config_keys(row), sort_keys=False, default_flow_style=False)
    return about + text.replace("\ntry_first:", f"\n{UNITS_BY_LAYER}\ntry_first:")


def config_keys(row: Row) -> dict[str, Any]:
    """Return the row's hyperparameters as keys of a config.

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
    return keys
