"""The plots of one study: Optuna's own where it has them, with what they leave out put in.

Colours that depend on light or dark are left to the page, and so are titles. Names of ours stand in
the figures; text from data is escaped, since Plotly reads some markup in its labels.
"""

import copy
import html
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import optuna
import plotly.graph_objects as go
from optuna.trial import FrozenTrial, TrialState
from optuna.visualization import (
    plot_optimization_history,
    plot_parallel_coordinate,
    plot_slice,
)

from dnnsearch.config.dimensions import Range
from dnnsearch.reporting.analysis.axis import Axis
from dnnsearch.reporting.analysis.importance import Importance, Share
from dnnsearch.reporting.analysis.isolation_plot import Group
from dnnsearch.reporting.analysis.pareto import front, priced
from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.study.leaderboard.ranking import Row
from dnnsearch.trials.metrics import Direction
from dnnsearch.trials.spec import Value

ENDS = {  # how trials without a value are drawn
    "pruned": ("triangle-down", "#c08a00"),
    "diverged": ("x", "#c8322b"),
    "failed": ("square-open", "#8a8a8a"),
}
BLUE, ORANGE, GREY = "#2f7fd1", "#e0762b", "#8fa3b8"
ROOM = 0.08  # of the span, above and below
OUTLYING = 0.15  # of the trials may be left out of sight if they are far from the others


def in_memory(material: ReportData) -> optuna.Study:
    """The study for Optuna's plots; what is unfinished counts as failed there."""
    return _of([_ended(trial) for trial in material.trials], material.metric.direction)


def _of(trials: Sequence[FrozenTrial], direction: Direction) -> optuna.Study:
    study = optuna.create_study(direction=direction.name)
    study.add_trials(trials)
    return study


def _ended(trial: FrozenTrial) -> FrozenTrial:
    if trial.state.is_finished():
        return trial
    trial = copy.copy(trial)
    trial.state, trial.datetime_complete = TrialState.FAIL, trial.datetime_start or datetime.now()
    return trial


def history(material: ReportData, study: optuna.Study) -> go.Figure:
    """Values in the order of asking, the best so far, and the trials that have no value."""
    figure = plot_optimization_history(study, target_name=material.objective)
    figure.update_traces(marker_color=BLUE, selector={"mode": "markers"})
    figure.update_traces(line_color=ORANGE, line_shape="hv", selector={"mode": "lines"})
    bottom = _bottom(material)
    for state, (symbol, colour) in ENDS.items():
        rows = [row for row in material.board.rows if row.state == state]
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
    figure.update_yaxes(range=shown(material))
    return figure


def _bottom(material: ReportData) -> float:
    """A line just outside of the values that are shown, on the worse side."""
    low, high = shown(material)
    return low + ROOM / 2 * (high - low) if material.sign > 0 else high - ROOM / 2 * (high - low)


def shown(material: ReportData) -> tuple[float, float]:
    """The values that a plot begins with: all, but for a few that would flatten the others."""
    worth = np.sort([material.sign * (row.value or 0.0) for row in material.finished] or [0.0])
    low, high = worth[0], worth[-1]
    bulk = high - np.quantile(worth, OUTLYING)
    if high - low > 3 * bulk > 0:
        low = high - 1.5 * bulk
    room = ROOM * (high - low or 1.0)
    ends = sorted((material.sign * (low - room), material.sign * (high + room)))
    return float(ends[0]), float(ends[1])


def hidden(material: ReportData) -> int:
    """How many finished trials lie outside of what is shown."""
    low, high = shown(material)
    return sum(not low <= (row.value or 0.0) <= high for row in material.finished)


def parallel(material: ReportData) -> go.Figure | None:
    """Only hyperparameters that all finished trials have: a line needs a place on every axis.

    The few that are so much worse that they would flatten the others are left out.
    """
    low, high = shown(material)
    finished = [
        material.trials[r.number] for r in material.finished if low <= (r.value or 0) <= high
    ]
    names = set.intersection(*(set(trial.params) for trial in finished)) if finished else set()
    if not names:
        return None
    ordered = [name for name in finished[0].params if name in names]
    study = _of(finished, material.metric.direction)
    figure = plot_parallel_coordinate(study, params=ordered, target_name=material.objective)
    return _recoloured(figure, material.sign)


def _recoloured(figure: go.Figure, sign: int) -> go.Figure:
    """Optuna draws the best in a blue that is nearly black; here they stand out on any ground."""
    scale = [[0, GREY], [1, ORANGE]] if sign > 0 else [[0, ORANGE], [1, GREY]]
    figure.update_traces(
        marker={"colorscale": scale, "reversescale": False}, selector={"mode": "markers"}
    )
    lines = list(figure.select_traces(selector={"mode": "lines"}))
    values = sign * np.array([trace.y[0] for trace in lines])  # the first axis is the objective
    for trace, value in zip(lines, values, strict=True):
        share = float((values <= value).mean()) ** 3  # by rank: one bad trial would take the scale
        trace.line.color = _between(GREY, ORANGE, share)
        trace.opacity = 0.35 + 0.6 * share
    return figure


def _between(a: str, b: str, share: float) -> str:
    """A colour on the way from one to another."""
    ends = ([int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (a, b))
    mixed = (round(x + share * (y - x)) for x, y in zip(*ends, strict=True))
    return f"rgb({','.join(map(str, mixed))})"


def axis(material: ReportData, study: optuna.Study, name: str) -> go.Figure:
    """Value against one of Optuna's parameters; diverged trials on a line outside."""
    figure = plot_slice(study, params=[name], target_name=material.objective)
    figure.update_traces(marker={"coloraxis": "coloraxis", "colorscale": None, "colorbar": None})
    figure.update_layout(coloraxis={"colorbar": {"title": {"text": "trial"}}})
    rows = [row for row in material.diverged if name in row.params]
    if rows:
        symbol, colour = ENDS["diverged"]
        values = [row.params[name] for row in rows]
        as_choice = figure.layout.xaxis.type == "category"
        figure.add_scatter(
            x=[_choice(value) for value in values] if as_choice else values,
            y=[_bottom(material)] * len(rows),
            mode="markers",
            marker={"symbol": symbol, "color": colour, "size": 8},
            name="diverged",
            hovertext=[f"trial {row.number} diverged" for row in rows],
            hoverinfo="text",
            showlegend=False,
        )
    figure.update_yaxes(range=shown(material))
    return figure


def _choice(value: Value) -> str:
    """As Optuna writes a choice on an axis."""
    return repr(value) if isinstance(value, str) else str(value)


def alone(material: ReportData, axis: Axis, groups: Sequence[Group]) -> go.Figure:
    """Best over the rest: the best trial of each group, where it lies, with its interval."""
    places = [axis.value(group.best.params) for group in groups]
    figure = go.Figure()
    figure.add_scatter(
        x=places if isinstance(axis.dimension, Range) else [str(value) for value in places],
        y=[group.best.value for group in groups],
        error_y=_errors(material, [group.best for group in groups]),
        mode="markers+lines",
        line={"dash": "dot", "color": BLUE},
        marker={"size": 9, "color": BLUE},
        hovertext=[
            f"trial {g.best.number}, best of {g.count} with {html.escape(g.label)}" for g in groups
        ],
    )
    scale = "log" if axis.is_log else "linear" if isinstance(axis.dimension, Range) else "category"
    figure.update_layout(yaxis_title=material.objective, xaxis_type=scale, showlegend=False)
    figure.update_yaxes(range=_with_intervals(material, [group.best for group in groups]))
    return figure


def _with_intervals(material: ReportData, rows: Sequence[Row]) -> tuple[float, float] | None:
    """As `shown`, with the intervals of the rows that are in it; None where that is all."""
    low, high = shown(material)
    seen = [row for row in rows if low <= (row.value or 0.0) <= high]
    if len(seen) == len(rows) or not seen:
        return None
    intervals = [interval for interval in map(material.interval, seen) if interval]
    ends = [low, high, *(i.low for i in intervals), *(i.high for i in intervals)]
    return min(ends), max(ends)


def _errors(material: ReportData, rows: Sequence[Row]) -> dict[str, Any] | None:
    """Bars for the intervals; None where a value has none."""
    found = [(row.value or 0.0, material.interval(row)) for row in rows]
    known = [(value, interval) for value, interval in found if interval]
    if len(known) < len(rows):
        return None
    ends = {
        "array": [interval.high - value for value, interval in known],
        "arrayminus": [value - interval.low for value, interval in known],
    }
    return {"type": "data", "symmetric": False, "thickness": 1.5, **ends}


def importances(importance: Importance) -> go.Figure:
    """Both methods beside each other, the most important on top."""
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
                "array": [max(shares[n].interval.high - shares[n].mean, 0) for n in names],
                "arrayminus": [max(shares[n].mean - shares[n].interval.low, 0) for n in names],
            },
        )
    figure.update_layout(
        xaxis_title="share of what is explained", legend_traceorder="reversed", barmode="group"
    )
    return figure


def price(material: ReportData) -> go.Figure:
    """Value against arithmetic, with the trials that are better than every cheaper one."""
    trials = priced(material)
    best = front(trials, material.sign)
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
        yaxis={"title": material.objective, "range": shown(material)},
    )
    return figure


def _named(row: Row) -> str:
    return f"trial {row.number}: {row.params['activation']} {row.units}"
