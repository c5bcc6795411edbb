"""The section on what the columns of the data do: a bar for each, and the first ones' curves."""

import html
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from dnnsearch.data.files.source import DATE
from dnnsearch.models.input_columns import CATEGORY, NUMBER
from dnnsearch.reporting.analysis.column_effects import Effect, Outcome
from dnnsearch.reporting.analysis.column_importance import ColumnImportance
from dnnsearch.reporting.analysis.explanation import Explanation
from dnnsearch.reporting.explanation_text import effect_about, value_text
from dnnsearch.reporting.html import learning_curves
from dnnsearch.reporting.html.figures import BLUE, GREY, MARGIN
from dnnsearch.reporting.html.learning_curves import COLOURS
from dnnsearch.reporting.html.markup import Markup, plot, section, tag

MAX_BARS = 20
MAX_NAME_CHARACTERS = 24
AXES = {NUMBER: "linear", DATE: "date", CATEGORY: "category"}


def what_columns_do(found: Explanation) -> Markup:
    """Return the section of an explanation."""
    shown = found.importance[:MAX_BARS]
    label = f"{found.objective} is worse by this if the column is shuffled; 95 % intervals"
    scale = common_scale(found.effects)
    effects = (plot(effect(one, scale), f"effect of {one.column}") for one in found.effects)
    return section(
        "What the columns do",
        plot(importances(found.objective, shown), label, True),
        *([tag("p", effect_about(found), class_="about")] if found.effects else []),
        tag("div", *effects, class_="grid"),
        about=_about(found, len(shown)),
    )


def without_columns(reason: str) -> Markup:
    """Return the section if nothing could be measured."""
    return section("What the columns do", about=reason)


def _about(found: Explanation, bars: int) -> str:
    rest = "" if bars == len(found.importance) else f" The first {bars} are drawn."
    return (
        f"{found.shown.title}. {found.shown.reason} {found.about}{rest} Columns that say the same "
        "get little each, because a network can do without one of them."
    )


def importances(objective: str, columns: Sequence[ColumnImportance]) -> go.Figure:
    """Return the bar chart of the columns, the most important one on top."""
    bars = columns[::-1]
    figure = go.Figure()
    figure.add_bar(
        y=list(range(len(bars))),  # names may be equal when they are shortened
        x=[one.worse_by for one in bars],
        orientation="h",
        marker_color=BLUE,
        hovertext=[f"{html.escape(one.name)}: {one.interval}" for one in bars],
        hoverinfo="text",
        error_x={
            "type": "data",
            "symmetric": False,
            "color": GREY,
            "array": [one.interval.high - one.worse_by for one in bars],
            "arrayminus": [one.worse_by - one.interval.low for one in bars],
        },
    )
    names = [_short(one.name) for one in bars]
    figure.update_yaxes(tickmode="array", tickvals=list(range(len(bars))), ticktext=names)
    figure.update_layout(xaxis_title=f"{objective}: worse by", showlegend=False)
    return figure


def _short(name: str) -> str:
    fits = len(name) <= MAX_NAME_CHARACTERS
    return html.escape(name if fits else f"{name[: MAX_NAME_CHARACTERS - 1]}…")


def common_scale(effects: Sequence[Effect]) -> tuple[float, float] | None:
    """Return the y range that shows all effects, so that they can be compared; None without any."""
    outcomes = [outcome for one in effects for outcome in one.outcomes]
    ends = [mean for outcome in outcomes for mean in outcome.means]
    ends += [
        end for outcome in outcomes for i in outcome.intervals or () for end in (i.low, i.high)
    ]
    if not ends:
        return None
    margin = MARGIN * (max(ends) - min(ends) or 1.0)
    return min(ends) - margin, max(ends) + margin


def effect(one: Effect, scale: tuple[float, float] | None = None) -> go.Figure:
    """Return the curve of a number or a date, or the points of a category's levels.

    `scale` is the range of the y axis.
    """
    figure = go.Figure()
    draw = _points if one.kind == CATEGORY else _line
    for outcome, colour in zip(one.outcomes, COLOURS, strict=False):
        draw(figure, one, outcome, colour)
    is_class = bool(one.outcomes[0].name)
    title = "probability" if is_class else "prediction"
    if is_class and len(one.outcomes) == 1:
        title = f"probability of {_short(one.outcomes[0].name)}"
    figure.update_layout(yaxis_title=title, showlegend=len(one.outcomes) > 1)
    figure.update_yaxes(range=scale)
    figure.update_xaxes(type=AXES[one.kind], title=_short(one.column))
    return figure


def _points(figure: go.Figure, one: Effect, outcome: Outcome, colour: str) -> None:
    figure.add_scatter(
        x=[_short(value_text(value)) for value in one.values],
        y=outcome.means,
        error_y=_errors(outcome),
        mode="markers",
        marker={"color": colour, "size": 9},
        name=_short(outcome.name),
    )


def _errors(outcome: Outcome) -> dict[str, Any] | None:
    if outcome.intervals is None:
        return None
    halves = [i.high - mean for i, mean in zip(outcome.intervals, outcome.means, strict=True)]
    return {"type": "data", "array": halves, "thickness": 1.5}


def _line(figure: go.Figure, one: Effect, outcome: Outcome, colour: str) -> None:
    """Draw a line with its band; missing values are a dotted level."""
    known = [value for value in one.values if value is not None]
    group = _short(outcome.name)
    if outcome.intervals:
        band = learning_curves.band(known, outcome.intervals[: len(known)], colour)
        figure.add_trace(band.update(legendgroup=group))
    figure.add_scatter(
        x=known,
        y=outcome.means[: len(known)],
        mode="lines+markers",
        marker={"color": colour, "size": 5},
        line={"color": colour, "width": 2},
        name=group,
        legendgroup=group,
    )
    if len(known) < len(one.values):  # the missing one is last
        figure.add_hline(
            y=outcome.means[-1],
            line={"color": colour, "dash": "dot", "width": 1.5},
            annotation={"text": "missing", "font": {"size": 10}},
        )
