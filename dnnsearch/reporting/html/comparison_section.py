"""The section that compares several studies: sentences, a table, and the best value over time."""

import html
from collections.abc import Sequence

import plotly.graph_objects as go

from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.reporting.analysis.study_comparison import COMPARED, Step, compared, steps
from dnnsearch.reporting.html import learning_curves, tables
from dnnsearch.reporting.html.markup import Markup, plot, section, tag

HEADER = ("study", "trials", "best", "95 %", "by trial", "seconds of training", "data", "split")
X_AXES = (("trials", "trials"), ("seconds", "seconds of training"), ("cost", "arithmetic"))


def compare_studies(studies: Sequence[ReportData]) -> Markup:
    """Return the section that compares the studies."""
    sentences = " ".join(compared(studies))
    drawn = [
        plot(_best_so_far(studies, *axis), f"best so far against {axis[1]}") for axis in X_AXES
    ]
    return section(
        "Comparison of the studies",
        tag("p", sentences, class_="verdict"),
        tables.table(HEADER, (_line(data) for data in studies)),
        tag("div", *drawn, class_="grid"),
        about="Shaded: the 95 % interval of the best value so far on the dev set. Dev chose these "
        "trials, so their values and intervals are optimistic.",
    )


def _line(data: ReportData) -> list[str]:
    best = data.finished[0] if data.finished else None
    seconds = sum(row.seconds or 0.0 for row in data.board.rows)
    return [
        data.name,
        data.board.counts,
        tables.number(best.value if best else None, ".4f"),
        str(data.interval(best) or "") if best else "",
        tables.number(best.number if best else None, "d"),
        tables.number(seconds, ".1f"),
        *(str(data.definition[key])[:8] for key in COMPARED),
    ]


def _best_so_far(studies: Sequence[ReportData], attribute: str, label: str) -> go.Figure:
    figure = go.Figure()
    for data, colour in zip(studies, learning_curves.COLOURS * len(studies), strict=False):
        path = steps(data)
        x = [getattr(step, attribute) for step in path]
        shade = _shade(data, path, x, colour)
        if shade is not None:
            figure.add_trace(shade)
        figure.add_scatter(
            x=x,
            y=[step.best for step in path],
            mode="lines",
            line={"shape": "hv", "color": colour, "width": 2},
            name=html.escape(data.name),
            legendgroup=html.escape(data.name),
        )
    figure.update_layout(xaxis_title=label, yaxis_title=studies[0].objective)
    return figure


def _shade(
    data: ReportData, path: Sequence[Step], x: Sequence[float], colour: str
) -> go.Scatter | None:
    """Return the 95 % band of the best value so far; None if a value has no interval."""
    rows = {row.number: row for row in data.finished}
    found = [data.interval(rows[step.number]) for step in path]
    intervals = [interval for interval in found if interval]
    if not path or len(intervals) < len(path):
        return None
    shade = learning_curves.band(x, intervals, colour)
    return shade.update(legendgroup=html.escape(data.name))
