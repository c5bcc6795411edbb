"""The plots of one study: Optuna's plots with some additions, and our own.

The page chooses titles and all colours that depend on the light or dark theme. Text from data is
escaped, since Plotly interprets some HTML in labels.
"""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import optuna
import plotly.graph_objects as go
from optuna.visualization import (
    plot_optimization_history,
    plot_parallel_coordinate,
    plot_slice,
)

from dnnsearch.config.dimensions import Range
from dnnsearch.reporting.analysis.axis import Axis
from dnnsearch.reporting.analysis.importance import Importance, Share
from dnnsearch.reporting.analysis.isolation_plot import Group
from dnnsearch.reporting.analysis.pareto import pareto_front, trial_costs
from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.reporting.html.log_axis import tick, written_out
from dnnsearch.reporting.html.plotted_study import study_of
from dnnsearch.study.leaderboard.ranking import Row
from dnnsearch.trials.hyperparameters import NEUTRAL, value_of

STATE_MARKERS = {  # of trials without a value
    "pruned": ("triangle-down", "#c08a00"),
    "diverged": ("x", "#c8322b"),
    "failed": ("square-open", "#8a8a8a"),
}
BLUE, ORANGE, GREY = "#2f7fd1", "#e0762b", "#8fa3b8"
MARGIN = 0.08  # share of the visible range, above and below
MAX_HIDDEN_SHARE = 0.15  # of the trials, if they are far from the others


def history(data: ReportData, study: optuna.Study) -> go.Figure:
    """Return the plot of values by trial number, with the best so far and trials without value."""
    figure = plot_optimization_history(study, target_name=data.objective)
    figure.update_traces(marker_color=BLUE, selector={"mode": "markers"})
    figure.update_traces(line_color=ORANGE, line_shape="hv", selector={"mode": "lines"})
    bottom = _bottom(data)
    for state, (symbol, colour) in STATE_MARKERS.items():
        rows = [row for row in data.board.rows if row.state == state]
        if rows:
            figure.add_scatter(
                x=[row.number for row in rows],
                y=[bottom] * len(rows),
                mode="markers",
                marker={"symbol": symbol, "color": colour, "size": 8},
                name=f"{state} ({len(rows)})",
                hovertext=[f"trial {row.number}" for row in rows],
                hoverinfo="text",
            )
    figure.update_yaxes(range=visible_range(data))
    return figure


def _bottom(data: ReportData) -> float:
    """Y coordinate for trials without a value: in the margin on the worse side."""
    low, high = visible_range(data)
    return low + MARGIN / 2 * (high - low) if data.sign > 0 else high - MARGIN / 2 * (high - low)


def visible_range(data: ReportData) -> tuple[float, float]:
    """Return the y range of the plots: all values but a few outliers on the worse side."""
    worth = np.sort([data.sign * (row.value or 0.0) for row in data.finished] or [0.0])
    low, high = worth[0], worth[-1]
    bulk = high - np.quantile(worth, MAX_HIDDEN_SHARE)
    if high - low > 3 * bulk > 0:
        low = high - 1.5 * bulk
    margin = MARGIN * (high - low or 1.0)
    ends = sorted((data.sign * (low - margin), data.sign * (high + margin)))
    return float(ends[0]), float(ends[1])


def hidden(data: ReportData) -> list[Row]:
    """Return the finished trials that lie outside of the visible range, the best first."""
    low, high = visible_range(data)
    return [row for row in data.finished if not low <= (row.value or 0.0) <= high]


def parallel(data: ReportData) -> go.Figure | None:
    """Return the parallel coordinates of the visible trials; None if they share no hyperparameter.

    Only hyperparameters that all of them have are shown: a line needs a place on every axis.
    """
    low, high = visible_range(data)
    finished = [data.trials[r.number] for r in data.finished if low <= (r.value or 0) <= high]
    names = set.intersection(*(set(trial.params) for trial in finished)) if finished else set()
    if not names:
        return None
    ordered = [name for name in finished[0].params if name in names]
    study = study_of(finished, data.metric.direction)
    figure = plot_parallel_coordinate(study, params=ordered, target_name=data.objective)
    figure.update_traces(marker_showscale=False)  # the first axis says the same
    figure.for_each_annotation(lambda label: label.update(text=written_out(label.text)))
    return _recoloured(figure, data.sign)


def _recoloured(figure: go.Figure, sign: int) -> go.Figure:
    """Colour better trials orange: Optuna's dark blue is hard to see on a dark page."""
    scale = [[0, GREY], [1, ORANGE]] if sign > 0 else [[0, ORANGE], [1, GREY]]
    figure.update_traces(
        marker={"colorscale": scale, "reversescale": False}, selector={"mode": "markers"}
    )
    lines = list(figure.select_traces(selector={"mode": "lines"}))
    values = sign * np.array([trace.y[0] for trace in lines])  # the first axis is the objective
    for trace, value in zip(lines, values, strict=True):
        share = float((values <= value).mean()) ** 3  # rank: an outlier does not matter
        trace.line.color = _between(GREY, ORANGE, share)
        trace.opacity = 0.35 + 0.6 * share
    return figure


def _between(a: str, b: str, share: float) -> str:
    """Return the colour that is `share` of the way from a to b, both as #rrggbb."""
    ends = ([int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (a, b))
    mixed = (round(x + share * (y - x)) for x, y in zip(*ends, strict=True))
    return f"rgb({','.join(map(str, mixed))})"


def axis(data: ReportData, study: optuna.Study, name: str) -> go.Figure:
    """Return the plot of value against one of Optuna's parameters, with diverged trials."""
    figure = plot_slice(study, params=[name], target_name=data.objective)
    figure.update_traces(marker={"coloraxis": "coloraxis", "colorscale": None, "colorbar": None})
    figure.update_layout(coloraxis={"colorbar": {"title": {"text": "trial"}}})
    as_choice = figure.layout.xaxis.type == "category"
    if as_choice:
        figure.for_each_trace(lambda trace: trace.update(x=[plain(x) for x in trace.x]))
    rows = [row for row in data.diverged if name in row.params or name in NEUTRAL]
    if rows:
        symbol, colour = STATE_MARKERS["diverged"]
        values = [value_of(row.params, name) for row in rows]
        figure.add_scatter(
            x=[str(v) for v in values] if as_choice else values,
            y=[_bottom(data)] * len(rows),
            mode="markers",
            marker={"symbol": symbol, "color": colour, "size": 8},
            name="diverged",
            hovertext=[f"trial {row.number} diverged" for row in rows],
            hoverinfo="text",
            showlegend=False,
        )
    figure.update_yaxes(range=visible_range(data))
    if figure.layout.xaxis.type == "log":
        trials = study.get_trials(deepcopy=False)
        tick(
            figure.layout.xaxis,
            [float(trial.params[name]) for trial in trials if name in trial.params],
        )
    return figure


def plain(label: str) -> str:
    """Return a choice as it is, without the quotes that Optuna puts around text."""
    is_quoted = len(label) > 1 and label[0] == label[-1] and label[0] in "'\""
    return label[1:-1] if is_quoted else label


def best_over_rest(data: ReportData, axis: Axis, groups: Sequence[Group]) -> go.Figure:
    """Return the isolation plot: the best trial of each group, with its 95 % interval.

    A group whose best trial lies outside of the plots is left out, unless all groups do.
    """
    groups = _seen(data, groups) or groups
    places = [axis.value(group.best.params) for group in groups]
    figure = go.Figure()
    figure.add_scatter(
        x=places if isinstance(axis.dimension, Range) else [str(value) for value in places],
        y=[group.best.value for group in groups],
        error_y=_errors(data, [group.best for group in groups]),
        mode="markers+lines",
        line={"dash": "dot", "color": BLUE},
        marker={"size": 9, "color": BLUE},
        hovertext=[
            f"trial {g.best.number}, best of {g.count} with {html.escape(g.label)}" for g in groups
        ],
    )
    scale = "log" if axis.is_log else "linear" if isinstance(axis.dimension, Range) else "category"
    figure.update_layout(yaxis_title=data.objective, xaxis_type=scale, showlegend=False)
    figure.update_yaxes(range=_with_intervals(data, [group.best for group in groups]))
    if axis.is_log:
        tick(figure.layout.xaxis, [float(place) for place in places])
    return figure


def _seen(data: ReportData, groups: Sequence[Group]) -> list[Group]:
    """Return the groups whose best trial lies within the plots."""
    low, high = visible_range(data)
    return [group for group in groups if low <= (group.best.value or 0.0) <= high]


def _with_intervals(data: ReportData, rows: Sequence[Row]) -> tuple[float, float]:
    """Return a range in which the values of the rows and the whole of their intervals lie."""
    intervals = [interval for interval in map(data.interval, rows) if interval]
    ends = [*(row.value or 0.0 for row in rows), *(i.low for i in intervals)]
    ends += [i.high for i in intervals]
    margin = MARGIN * (max(ends) - min(ends) or 1.0)
    return min(ends) - margin, max(ends) + margin


def _errors(data: ReportData, rows: Sequence[Row]) -> dict[str, Any] | None:
    """Error bars for the 95 % intervals; None if a value has no interval."""
    found = [(row.value or 0.0, data.interval(row)) for row in rows]
    known = [(value, interval) for value, interval in found if interval]
    if len(known) < len(rows):
        return None
    ends = {
        "array": [interval.high - value for value, interval in known],
        "arrayminus": [value - interval.low for value, interval in known],
    }
    return {"type": "data", "symmetric": False, "thickness": 1.5, **ends}


def importances(importance: Importance) -> go.Figure:
    """Return the bar chart of both methods, the most important hyperparameter on top."""
    names = importance.names[::-1]
    figure = go.Figure()
    methods: dict[str, Mapping[str, Share]] = {
        "permutation (with interactions)": importance.permutation,
        "fANOVA (by itself)": importance.fanova,
    }
    for (label, shares), colour in zip(methods.items(), (ORANGE, BLUE), strict=True):
        means = [shares[name].mean for name in names]
        figure.add_bar(
            y=names,
            x=means,
            orientation="h",
            name=label,
            marker_color=colour,
            error_x={
                "type": "data",
                "symmetric": False,
                "color": GREY,
                "array": [max(shares[n].interval.high - shares[n].mean, 0) for n in names],
                "arrayminus": [max(shares[n].mean - shares[n].interval.low, 0) for n in names],
            },
        )
    figure.update_layout(
        xaxis_title="share of the explained variance", legend_traceorder="reversed", barmode="group"
    )
    figure.update_yaxes(tickmode="linear", dtick=1)  # a label for every bar
    return figure


def pareto(data: ReportData) -> go.Figure:
    """Return the plot of value against multiply-adds, with the Pareto front."""
    trials = trial_costs(data)
    best = pareto_front(trials, data.sign)
    figure = go.Figure()
    figure.add_scatter(
        x=[trial.multiply_adds for trial in trials],
        y=[trial.value for trial in trials],
        mode="markers",
        marker={"color": BLUE, "size": 7, "opacity": 0.7},
        name="finished trials",
        hovertext=[_named(trial.row) for trial in trials],
    )
    figure.add_scatter(
        x=[trial.multiply_adds for trial in best],
        y=[trial.value for trial in best],
        mode="lines+markers",
        line={"color": ORANGE, "shape": "hv"},
        name="better than all cheaper ones",
        hovertext=[_named(trial.row) for trial in best],
    )
    figure.update_layout(
        xaxis={"type": "log", "title": "multiply-adds"},
        yaxis={"title": data.objective, "range": visible_range(data)},
    )
    return figure


def _named(row: Row) -> str:
    return f"trial {row.number}: {row.params['activation']} {row.units}"
