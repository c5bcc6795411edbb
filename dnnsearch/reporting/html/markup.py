"""HTML elements. Text that is not Markup is escaped when it becomes part of an element."""

import html
from collections.abc import Iterable
from typing import TYPE_CHECKING

from dnnsearch.trials.hyperparameter_row import Value

if TYPE_CHECKING:
    import plotly.graph_objects as go


ROWS_HEIGHT_REM, EDGES_HEIGHT_REM = 2.0, 7.0  # of a bar chart: each row; legend and axis
AXIS_WIDTH_REM = 4.8  # of parallel axes, with their labels


class Markup(str):
    """Text that is HTML already: made by this module, or from constants, never from data."""

    __slots__ = ()


def tag(name: str, *children: str, **attributes: Value | bool | None) -> Markup:
    """Return an element; `data_kind` is data-kind, `class_` class; None and False are left out."""
    given = {k.strip("_").replace("_", "-"): v for k, v in attributes.items()}
    present = {key: value for key, value in given.items() if value not in (None, False)}
    parts = [name]
    for key, value in present.items():
        parts.append(key if value is True else f'{key}="{html.escape(str(value))}"')
    return Markup(f"<{' '.join(parts)}>{joined(children)}</{name}>")


def joined(children: Iterable[str], between: str = "") -> Markup:
    """Return the children joined, each one that is not Markup escaped."""
    texts = (child if isinstance(child, Markup) else html.escape(child) for child in children)
    return Markup(html.escape(between).join(texts))


def harmless(text: str) -> Markup:
    """Return JSON text in which all characters are escaped that could end a <script> element."""
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def section(title: str, *content: str, about: str = "") -> Markup:
    """Return a section with a heading and, below it, a note `about` its content."""
    note = [tag("p", about, class_="about")] if about else []
    return tag("section", tag("h2", title), *note, *content)


def plot(
    figure: "go.Figure", label: str, wide: bool = False, rows: int = 0, axes: int = 0
) -> Markup:
    """Return an element with the data of a figure, which the page's program draws.

    It is as high as its `rows` of bars need, and as wide as its parallel `axes` need.
    """
    figure.update_layout(template=None, title=None)
    data = tag("script", harmless(figure.to_json()), type="application/json")
    needs = [f"height:{ROWS_HEIGHT_REM * rows + EDGES_HEIGHT_REM:g}rem"] if rows else []
    needs += [f"min-width:{AXIS_WIDTH_REM * axes:g}rem"] if axes else []
    style = ";".join(needs) or None
    drawn = tag("div", class_="plot", role="img", aria_label=label, style=style)
    return tag("figure", tag("figcaption", label), drawn, data, class_="wide" if wide else None)
