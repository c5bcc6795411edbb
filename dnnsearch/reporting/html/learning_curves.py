"""The learning curves of the best few trials, drawn."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.study.leaderboard.ranking import Row

START = 0.1  # of the iterations, in which all curves rise steeply
ROOM = 0.08  # of the span, above and below
COLOURS = ("#2f7fd1", "#e0762b", "#2f9e58", "#9a5fd0", "#c2438f")


def curves(material: ReportData, rows: Sequence[Row], what: str) -> go.Figure:
    """`what` is cost or accuracy; dev solid, train dotted."""
    figure = go.Figure()
    for row, colour in zip(rows, COLOURS, strict=False):
        course = material.courses[row.number]
        for part, dash in (("dev", "solid"), ("train", "dot")):
            figure.add_scatter(
                x=course.steps,
                y=course.curves[f"{part}_{what}"],
                mode="lines",
                line={"color": colour, "dash": dash, "width": 2},
                name=f"{row.number} {part}",
                legendgroup=str(row.number),
            )
    figure.update_layout(xaxis_title="iterations", yaxis_title=what)
    if what == "cost":
        figure.update_yaxes(type="log")
    else:
        figure.update_yaxes(range=_after_the_start(material, rows))
    return figure


def _after_the_start(material: ReportData, rows: Sequence[Row]) -> tuple[float, float]:
    """The accuracies after the first tenth: all rise from the same depth, and differ at the top."""
    courses = [material.courses[row.number] for row in rows]
    late = [
        course.curves[name][course.steps > START * course.steps[-1]]
        for course in courses
        for name in ("dev_accuracy", "train_accuracy")
    ]
    low, high = (float(end) for end in (np.concatenate(late).min(), np.concatenate(late).max()))
    room = ROOM * (high - low or 0.1)
    return low - room, high + room
