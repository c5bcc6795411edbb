"""Several studies beside each other: same data, same budget, which is better and how soon."""

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import plotly.graph_objects as go

from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.reporting.analysis.ties import mcnemar
from dnnsearch.reporting.html import learning_curves, sections, tables
from dnnsearch.reporting.html.markup import Markup, tag
from dnnsearch.statistics.interval import LEVEL, NORMAL_QUANTILE_95
from dnnsearch.trials.metrics import best_so_far

COMPARED = {"data_digest": "the same data", "split_digest": "the same split"}


@dataclass(frozen=True)
class Step:
    """How a study stood after a trial."""

    trials: int
    seconds: float  # of training, all workers' together
    cost: int  # multiply-adds and updates, on the virtual clock
    best: float
    number: int  # of the best trial


def steps(material: ReportData) -> list[Step]:
    """After each trial from the first finished one on; seconds are missing of failed trials."""
    found: list[Step] = []
    rows = sorted(material.board.rows, key=lambda row: row.number)
    seconds, cost = 0.0, 0
    bests = best_so_far((row.value for row in rows), material.metric.direction)
    for row, index in zip(rows, bests, strict=True):
        course = material.courses.get(row.number)
        seconds, cost = seconds + (row.seconds or 0.0), cost + (course.cost if course else 0)
        best = None if index is None else rows[index]
        if best is not None and best.value is not None:
            found.append(Step(row.number + 1, seconds, cost, best.value, best.number))
    return found


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


def compared(materials: Sequence[ReportData]) -> Iterator[str]:
    """Sentences: what is the same, what is not, and which of two is better."""
    if len({m.objective for m in materials}) > 1:
        yield "Their objectives differ, so that their values cannot be compared."
        return
    same = [all(m.definition[k] == materials[0].definition[k] for m in materials) for k in COMPARED]
    yield from _data(*same)
    yield _budget(materials)
    for a, b in combinations([m for m in materials if m.finished and same[0]], 2):
        yield _compare(a, b, all(same))


def _data(same_data: bool, same_split: bool) -> Iterator[str]:
    if not same_data:
        yield "They are of different data: which is better says nothing of the searches."
    elif not same_split:
        yield "They have the same data, split differently: their dev sets are not the same."
    else:
        yield "They have the same data and the same split."


def _budget(materials: Sequence[ReportData]) -> str:
    costs = [sum(course.cost for course in m.courses.values()) or 1 for m in materials]
    trials = {len(m.board.rows) for m in materials}
    number = "as many trials" if len(trials) == 1 else "different numbers of trials"
    ratio = max(costs) / min(costs)
    price = "about the same" if ratio < 1.25 else f"up to {ratio:.1f} times as much"
    return (
        f"They had {number}, and one took {price} arithmetic as another."
        if ratio >= 1.25
        else (f"They had {number} and about the same budget of arithmetic.")
    )


def _compare(a: ReportData, b: ReportData, same: bool) -> str:
    """Which of two has the better best, and whether that is more than noise."""
    if a.metric.direction.better(b.board.best.value, a.board.best.value):
        a, b = b, a
    first, second = a.board.best.value or 0.0, b.board.best.value or 0.0
    values = f"{a.objective} {first:.4f} against {second:.4f}"
    if first == second:
        return f"The best of {a.name} and of {b.name} are equal ({first:.4f})."
    if _differ(a, b, same):
        return f"The best of {a.name} is better than that of {b.name}: {values}, more than noise."
    return f"The best of {a.name} and of {b.name} cannot be told apart: {values}."


def _differ(a: ReportData, b: ReportData, same: bool) -> bool:
    """On one dev set example by example, else by the standard errors."""
    best = [m.board.best for m in (a, b)]
    predictions = [m.courses[r.number].predictions for m, r in zip((a, b), best, strict=True)]
    accuracy = a.objective == "dev_accuracy"
    if same and accuracy and a.dev is not None and all(len(p) == 1 for p in predictions):
        right = [p[0] == a.dev.labels.ravel() for p in predictions]
        return mcnemar(*right) <= LEVEL
    error = float(np.hypot(best[0].error or 0.0, best[1].error or 0.0))
    return abs((best[0].value or 0.0) - (best[1].value or 0.0)) > NORMAL_QUANTILE_95 * error


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


AXES = (("trials", "trials"), ("seconds", "seconds of training"), ("cost", "arithmetic"))


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
