"""How the answer depends on one column: its partial dependence (Friedman 2001), as a small curve.

    effect(v) = mean over rows i of f(x[i] with column c = v)

f is the probability of a class, or the value of a regression. The other columns keep each row's own
values. If columns go together, the curve includes combinations that no row has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dnnsearch.models.input_columns import CATEGORY, NUMBER, InputColumns
from dnnsearch.reporting.analysis.dev_networks import DevNetworks
from dnnsearch.statistics.interval import Interval, student

MAX_VALUES = 12  # at which a curve is drawn
MAX_LEVELS = 10  # of a category; the most frequent ones
MAX_OUTCOMES = 4  # of a classification: the classes that the column changes most
TAIL = 0.02  # share of the rows beyond each end of a curve


@dataclass(frozen=True)
class Outcome:
    """The mean prediction at each value of a column: of one class, or of a regression."""

    name: str  # of the class; of a regression empty
    means: list[float]
    intervals: list[Interval] | None  # 95 %, over networks; None for a single network


@dataclass(frozen=True)
class Effect:
    """The curve of one column."""

    column: str
    kind: str  # number, category or date
    values: list[float | str | None]  # None: missing
    outcomes: list[Outcome]


def column_effect(
    networks: DevNetworks, columns: InputColumns, name: str, classes: Sequence[str]
) -> Effect:
    """Return the effect of a column; `classes` are empty for a regression."""
    rows = networks.prepared
    values = _values(columns.values(name, rows).ravel(), columns.kinds[name])
    at = columns.places()[name]
    prepared = networks.pieces.scale(
        columns.prepared(name, _cells(values, columns, name), rows.dtype)
    )
    each = []
    for v in range(len(values)):
        X = networks.X.copy()
        X[..., at] = prepared[..., v : v + 1, :][..., at]
        each.append(networks.mean_outputs(X))
    found = np.stack(each, axis=-1)  # (R, n[L], values)
    return Effect(name, columns.kinds[name], values, _outcomes(found, classes))


def _values(there: np.ndarray, kind: str) -> list[float | str | None]:
    """Return the values at which the curve is drawn, None last if some are missing."""
    if there.dtype == object:
        known, gaps = there[there != ""], (there == "").any()
    else:
        known, gaps = there[~np.isnan(there)], np.isnan(there).any()
    found: list[float | str | None] = []
    if kind == CATEGORY:
        names, counts = np.unique(known.astype(str), return_counts=True)
        found += names[np.argsort(-counts, kind="stable")][:MAX_LEVELS].tolist()
    else:
        distinct = np.unique(known)
        if len(distinct) > MAX_VALUES:
            at = np.linspace(TAIL, 1 - TAIL, MAX_VALUES) * (len(known) - 1)
            distinct = np.unique(np.sort(known)[np.rint(at).astype(int)])
        found += distinct.tolist()
    return [*found, None] if gaps else found


def _cells(values: Sequence[Any], columns: InputColumns, name: str) -> list[Any]:
    """Return the values as `InputColumns.prepared` takes them."""
    missing: Any = np.nan if columns.kinds[name] == NUMBER else ""
    return [missing if value is None else value for value in values]


def _outcomes(found: np.ndarray, classes: Sequence[str]) -> list[Outcome]:
    """Return the outcomes of predictions (R, n[L], values)."""
    names = [""] if not classes else [classes[1]] if found.shape[1] == 1 else list(classes)
    spread = np.ptp(found.mean(axis=0), axis=-1)
    most = sorted(np.argsort(-spread, kind="stable")[:MAX_OUTCOMES].tolist())
    return [Outcome(names[k], found[:, k].mean(axis=0).tolist(), _bands(found[:, k])) for k in most]


def _bands(found: np.ndarray) -> list[Interval] | None:
    """Return the interval at each value of predictions (R, values)."""
    if len(found) == 1:
        return None
    return [student(column) for column in found.T.tolist()]
