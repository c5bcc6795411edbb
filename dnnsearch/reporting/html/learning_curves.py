"""The plot of the learning curves of the best trials, and the shade around a line."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.reporting.html.figures import MARGIN
from dnnsearch.reporting.html.log_axis import tick
from dnnsearch.statistics.interval import Interval
from dnnsearch.study.leaderboard.ranking import Row

SKIPPED_SHARE = 0.1  # of the iterations: at the start, all accuracies rise steeply
DASHES = "dev solid, train dotted"
COLOURS = ("#2f7fd1", "#e0762b", "#2f9e58", "#9a5fd0", "#c2438f")


def curves(data: ReportData, rows: Sequence[Row], what: str) -> go.Figure:
    """Return the curves of `what`, "cost" or "accuracy": dev solid, train dotted."""
    figure = go.Figure()
    for row, colour in zip(rows, COLOURS, strict=False):
        curves = data.trial_curves[row.number]
        for part, dash in (("dev", "solid"), ("train", "dot")):
            figure.add_scatter(
                x=curves.steps,
                y=curves.by_name[f"{part}_{what}"],
                mode="lines",
                line={"color": colour, "dash": dash, "width": 2},
                name=f"trial {row.number}",
                legendgroup=str(row.number),
                showlegend=part == "dev",
                hovertemplate=f"trial {row.number} {part}: %{{y:.4g}}<extra></extra>",
            )
    figure.update_layout(xaxis_title="iterations", yaxis_title=what)
    if what == "cost":
        figure.update_yaxes(type="log")
        drawn = np.concatenate([trace.y for trace in figure.data])
        tick(figure.layout.yaxis, drawn[np.isfinite(drawn) & (drawn > 0)])
    else:
        figure.update_yaxes(range=_after_the_start(data, rows))
    return figure


def caption(what: str, trials: int) -> str:
    """Return what the plot of the curves of so many best trials shows."""
    return f"{what} of the best {trials} trials: {DASHES}"


def _after_the_start(data: ReportData, rows: Sequence[Row]) -> tuple[float, float]:
    """Return the range of the accuracies after the first tenth, where the curves differ."""
    trial_curves = [data.trial_curves[row.number] for row in rows]
    late = [
        curves.by_name[name][curves.steps > SKIPPED_SHARE * curves.steps[-1]]
        for curves in trial_curves
        for name in ("dev_accuracy", "train_accuracy")
    ]
    low, high = (float(end) for end in (np.concatenate(late).min(), np.concatenate(late).max()))
    margin = MARGIN * (high - low or 0.1)
    return low - margin, high + margin


def band(x: Sequence[Any], intervals: Sequence[Interval], colour: str) -> go.Scatter:
    """Return the shade between the ends of intervals, in a colour #rrggbb."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return go.Scatter(
        x=[*x, *x[::-1]],
        y=[i.high for i in intervals] + [i.low for i in intervals[::-1]],
        fill="toself",
        mode="lines",
        line={"width": 0, "shape": "linear"},
        fillcolor=f"rgba({red},{green},{blue},0.15)",
        hoverinfo="skip",
        showlegend=False,
    )
