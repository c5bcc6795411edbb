"""The figures of a report by name, for a notebook or a script of one's own."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import plotly.graph_objects as go

from dnnsearch.errors import UserError
from dnnsearch.reporting.analysis.importance import importance
from dnnsearch.reporting.analysis.isolation_plot import isolation
from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.reporting.html import figures, learning_curves
from dnnsearch.reporting.html.plotted_study import in_memory
from dnnsearch.study.leaderboard.ranking import Row
from dnnsearch.validators import one_of

MAX_CURVES = 5


class Plot(NamedTuple):
    """One kind of figure; `names` are the hyperparameters that it can be of, if it is of one."""

    draw: Callable[[ReportData, str], go.Figure | None]
    title: str  # `{}` is the name
    names: Callable[[ReportData], Iterable[str]] | None = None


def plot(data: ReportData, kind: str, name: str | None = None) -> go.Figure:
    """Return a figure of the report; `kind` is a name in PLOTS.

    `name` is the hyperparameter of those kinds that are of one, by default the first one. Raise
    UserError for another kind or name, or if there are too few finished trials.
    """
    found = PLOTS[_checked("plot", kind, PLOTS)]
    if not data.finished:
        raise UserError(f"study {data.name} has no finished trial yet: there is nothing to plot")
    names = [*found.names(data)] if found.names else []
    if name is not None and not names:
        raise UserError(f"the plot {kind} is of all hyperparameters, but got {name!r}")
    chosen = (
        _checked(f"the hyperparameter of the plot {kind}", name or names[0], names) if names else ""
    )
    figure = found.draw(data, chosen)
    if figure is None:
        raise UserError(f"study {data.name} has too few trials for the plot {kind}")
    return figure.update_layout(title=found.title.format(chosen))


def _checked(what: str, given: str, known: Iterable[str]) -> str:
    try:
        return str(one_of([*known])(given))
    except ValueError as error:
        raise UserError(f"{what} {error}") from None


def trial_curves(data: ReportData, row: Row, what: str) -> go.Figure:
    """Return the curves of one trial; `what` is `cost` or `accuracy`.

    Raise UserError if it has none.
    """
    _checked("the curves", what, ("cost", "accuracy"))
    if row.state in ("failed", "unfinished"):
        raise UserError(f"trial {row.number} of study {data.name} is {row.state}: it has no curves")
    figure = learning_curves.curves(data, [row], what)
    return figure.update_layout(title=f"{what} of trial {row.number}: {learning_curves.DASHES}")


def _history(data: ReportData, _: str) -> go.Figure:
    return figures.history(data, in_memory(data))


def _importance(data: ReportData, _: str) -> go.Figure | None:
    found = importance(data.trials)
    return figures.importances(found) if found else None


def _slice(data: ReportData, name: str) -> go.Figure:
    return figures.axis(data, in_memory(data), name)


def _searched(data: ReportData) -> Iterable[str]:
    """Return Optuna's names of the hyperparameters that finished trials have."""
    return dict.fromkeys(name for row in data.finished for name in data.trials[row.number].params)


def _isolation(data: ReportData, name: str) -> go.Figure:
    (axis,) = (axis for axis in data.axes if axis.name == name)
    return figures.best_over_rest(data, axis, isolation(data, axis))


def _axes(data: ReportData) -> Iterable[str]:
    rows = data.finished
    return [a.name for a in data.axes if any(a.place(row.params) is not None for row in rows)]


def _curves(what: str) -> Callable[[ReportData, str], go.Figure]:
    return lambda data, _: learning_curves.curves(data, data.finished[:MAX_CURVES], what)


PLOTS = {
    "history": Plot(_history, "best value so far, and how trials ended"),
    "parallel": Plot(lambda data, _: figures.parallel(data), "all hyperparameters at once"),
    "importance": Plot(_importance, "what mattered"),
    "cost": Plot(_curves("cost"), f"cost of the best trials: {learning_curves.DASHES}"),
    "accuracy": Plot(_curves("accuracy"), f"accuracy of the best trials: {learning_curves.DASHES}"),
    "slice": Plot(_slice, "value against {}", _searched),
    "isolation": Plot(_isolation, "best over the rest: {}", _axes),
    "pareto": Plot(lambda data, _: figures.pareto(data), "value and training cost"),
}
