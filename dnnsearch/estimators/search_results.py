"""The trials of a study in the form of scikit-learn's `cv_results_`."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dnnsearch.study.leaderboard.ranking import Leaderboard, Row
from dnnsearch.trials.hyperparameter_row import Value
from dnnsearch.trials.hyperparameters import value_of
from dnnsearch.trials.metrics import METRICS


def arguments(params: Mapping[str, Value]) -> dict[str, Any]:
    """Return a trial's hyperparameters as arguments of an estimator; `units` by layer."""
    layers = range(1, int(params["hidden_layers"]) + 1)
    others = {name: value for name, value in params.items() if not name.startswith("units_")}
    return {**others, "units": tuple(int(params[f"units_{layer}"]) for layer in layers)}


def cv_results(board: Leaderboard, splits: int) -> dict[str, Any]:
    """Return the trials by number, as the columns of GridSearchCV's `cv_results_`.

    Scores are the objective, NaN for a trial without a value, which is ranked last. `splits` is the
    number of folds, or 1.
    """
    rows = sorted(board.rows, key=lambda row: row.number)
    scores = np.array([_scores(row, splits) for row in rows]).reshape(len(rows), splits)
    key = METRICS[board.objective].direction.sort_key
    best_first = sorted(key(row.value) for row in rows)
    params = [arguments(row.params) for row in rows]
    names = dict.fromkeys(name for one in params for name in one)
    return {
        "params": params,
        **{f"param_{name}": _column([value_of(one, name) for one in params]) for name in names},
        **{f"split{i}_test_score": scores[:, i] for i in range(splits)},
        "mean_test_score": np.array([_number(row.value) for row in rows]),
        "std_test_score": scores.std(axis=1),
        "rank_test_score": np.array(
            [1 + bisect_left(best_first, key(row.value)) for row in rows], np.int32
        ),
        "mean_fit_time": np.array([_number(row.seconds) for row in rows]),
        "state": [row.state for row in rows],
    }


def _scores(row: Row, splits: int) -> Sequence[float]:
    """Return the objective of each split of a trial."""
    if row.value is not None and len(row.values) == splits:
        return row.values
    return [_number(row.value)] * splits


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def _column(values: list[Any]) -> np.ma.MaskedArray[Any, Any]:
    """Return one hyperparameter of all trials; a tuple is one value."""
    return np.ma.array(np.fromiter(values, dtype=object, count=len(values)))
