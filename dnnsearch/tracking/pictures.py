"""Small pictures of a trial as SVG, which MLflow shows: its curves, and its confusion matrix.

They are written as text, because a library of plots takes longer to import than a small search to
publish. Does not import MLflow.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

import numpy as np

WIDTH, HEIGHT = 640, 280  # of a plot, in pixels
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 40, 45  # margins
COLORS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd")
TICKS = 5
CELL, LABEL = 44, 110  # of a confusion matrix: pixels of a cell, and for the names of classes
MAX_NAME_CHARACTERS = 14
STYLE = 'font-family="sans-serif" font-size="12" fill="#222"'


def curves(title: str, steps: np.ndarray, plots: Sequence[Mapping[str, np.ndarray]]) -> str:
    """Return plots of curves over iterations, one below the other.

    `steps` and each curve of a plot are (P,); points that are not finite are left out.
    """
    drawn = [
        f'<g transform="translate(0 {HEIGHT * at})">{"".join(_plot(steps, plot))}</g>'
        for at, plot in enumerate(plots)
    ]
    return _svg(WIDTH, HEIGHT * len(plots), title, drawn)


def _plot(steps: np.ndarray, plot: Mapping[str, np.ndarray]) -> Iterator[str]:
    values = np.concatenate([curve[np.isfinite(curve)] for curve in plot.values()])
    low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
    high = high if high > low else low + 1.0
    last = max(float(steps[-1]), 1.0)

    def at(step: float, value: float) -> tuple[float, float]:
        x = LEFT + (WIDTH - LEFT - RIGHT) * step / last
        return x, HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low)

    for value in np.linspace(low, high, TICKS):
        _, y = at(0, value)
        yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
        yield _text(LEFT - 8, y + 4, f"{value:.3g}", "end")
    for step in np.linspace(0, last, TICKS):
        yield _text(at(step, low)[0], HEIGHT - BOTTOM + 18, f"{step:.0f}", "middle")
    yield _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, "iterations", "middle")
    for order, (name, curve) in enumerate(plot.items()):
        color = COLORS[order % len(COLORS)]
        points = [at(s, v) for s, v in zip(steps.tolist(), curve.tolist(), strict=True) if _ok(v)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        yield f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>'
        yield _text(LEFT + 150 * order, TOP - 8, name, "start", color)


def _ok(value: float) -> bool:
    return math.isfinite(value)


def confusion_matrix(title: str, counts: np.ndarray, classes: Sequence[str]) -> str:
    """Return a confusion matrix; `counts` (classes, classes): class (row), predicted (column).

    The colour of a cell is its share of the row.
    """
    side = LABEL + CELL * len(classes)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    parts = [_text(LABEL, 52, "predicted", "start"), _text(8, LABEL - 6, "class", "start")]
    for row, name in enumerate(classes):
        middle = LABEL + CELL * (row + 0.5)
        parts.append(_text(LABEL - 8, middle + 4, _short(name), "end"))
        turn = f'transform="rotate(-45 {middle - 4:.0f} {LABEL - 8})"'
        parts.append(_text(middle - 4, LABEL - 8, _short(name), "start", more=turn))
        for column in range(len(classes)):
            x, y, share = LABEL + CELL * column, LABEL + CELL * row, shares[row, column]
            shade = f'fill="#1f77b4" fill-opacity="{share:.3f}" stroke="#ccc"'
            parts.append(f'<rect x="{x}" y="{y}" width="{CELL}" height="{CELL}" {shade}/>')
            color = "#fff" if share > 0.6 else "#222"
            number = f"{counts[row, column]}"
            parts.append(_text(x + CELL / 2, y + CELL / 2 + 4, number, "middle", color))
    return _svg(max(side + 60, 420), side + 12, title, parts)


def _short(name: str) -> str:
    return name if len(name) <= MAX_NAME_CHARACTERS else f"{name[: MAX_NAME_CHARACTERS - 1]}…"


def _text(x: float, y: float, text: str, anchor: str, color: str = "#222", more: str = "") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}" {more}'
    return f"<text {place}>{escape(text)}</text>"


def _svg(width: int, height: int, title: str, parts: Sequence[str]) -> str:
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {STYLE}>'
    back = f'<rect width="{width}" height="{height}" fill="#fff"/>'
    heading = f'<text x="8" y="18" font-weight="bold">{escape(title)}</text>'
    return "\n".join([head, back, heading, *parts, "</svg>\n"])
