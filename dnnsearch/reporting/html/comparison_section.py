"""The section that compares several studies: sentences, a table, and the best value over time."""

import html
from collections.abc import Sequence

import plotly.graph_objects as go

from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.reporting.analysis.study_comparison import COMPARED, Step, compared, steps
from dnnsearch.reporting.html import learning_curves, sections, tables
from dnnsearch.reporting.html.markup import Markup, tag

AXES = (("trials", "trials"), ("seconds", "seconds of training"), ("cost", "arithmetic"))


def compare_studies(materials: Sequence[ReportData]) -> Markup:
    """The section that compares them."""
    sentences = " ".join(compared(materials))
    drawn = [
        sections.plot(_against(materials, *axis), f"best so far against {axis[1]}") for axis in AXES
    ]
    return sections.section(
        "The studies beside each other",
        tag("p", sentences, class_="verdict"),
        _table(materials),
        tag("div", *drawn, class_="grid"),
        about="Shaded: the interval of 95 % of the best value so far on its dev set.",
    )


def _table(materials: Sequence[ReportData]) -> Markup:
    header = ["study", "trials", "best", "95 %", "by trial", "seconds of training", "data", "split"]
    return tables.table(header, (_line(m) for m in materials))


def _line(material: ReportData) -> list[str]:
    best = material.finished[0] if material.finished else None
    seconds = sum(row.seconds or 0.0 for row in material.board.rows)
    return [
        material.name,
        material.board.counts,
        tables.number(best.value if best else None, ".4f"),
        str(material.interval(best) or "") if best else "",
        tables.number(best.number if best else None, "d"),
        tables.number(seconds, ".1f"),
        *(str(material.definition[key])[:8] for key in COMPARED),
    ]


def _against(materials: Sequence[ReportData], attribute: str, label: str) -> go.Figure:
    figure = go.Figure()
    for material, colour in zip(materials, learning_curves.COLOURS * len(materials), strict=False):
        path = steps(material)
        x = [getattr(step, attribute) for step in path]
        shade = _shade(material, path, x, colour)
        if shade is not None:
            figure.add_trace(shade)
        figure.add_scatter(
            x=x,
            y=[step.best for step in path],
            mode="lines",
            line={"shape": "hv", "color": colour, "width": 2},
            name=html.escape(material.name),
            legendgroup=html.escape(material.name),
        )
    figure.update_layout(xaxis_title=label, yaxis_title=materials[0].objective)
    return figure


def _shade(
    material: ReportData, path: Sequence[Step], x: Sequence[float], colour: str
) -> go.Scatter | None:
    """Between the ends of the interval of the best so far; of accuracies only."""
    rows = {row.number: row for row in material.finished}
    found = [material.interval(rows[step.number]) for step in path]
    intervals = [interval for interval in found if interval]
    if not path or len(intervals) < len(path):
        return None
    return go.Scatter(
        x=[*x, *x[::-1]],
        y=[i.high for i in intervals] + [i.low for i in intervals[::-1]],
        fill="toself",
        mode="lines",
        line={"width": 0, "shape": "linear"},
        fillcolor=_faint(colour),
        hoverinfo="skip",
        showlegend=False,
        legendgroup=html.escape(material.name),
    )


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.15)"
