"""How studies, trials and verdicts show themselves in a notebook: HTML without a program.

Text from data is escaped. Colours are those of the notebook.
"""

import html
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from dnnsearch.reporting.analysis.report_data import TrialCurves
from dnnsearch.reporting.html import tables
from dnnsearch.reporting.html.markup import Markup, joined, tag
from dnnsearch.study.leaderboard.formats import TABLE_HYPERPARAMETERS
from dnnsearch.study.leaderboard.leaderboard_table import hyper, measured
from dnnsearch.study.leaderboard.ranking import Leaderboard, Row
from dnnsearch.trials.hyperparameters import OPTIONAL
from dnnsearch.trials.metrics import METRICS, best_so_far

MAX_ROWS = 10
WIDTH, HEIGHT = 110, 22  # of a sparkline, in pixels
STYLE = Markup(
    ".dnnsearch table{border-collapse:collapse;margin:.4em 0}"
    ".dnnsearch th,.dnnsearch td{text-align:left;padding:.15em .6em;white-space:nowrap}"
    ".dnnsearch td.number{text-align:right;font-variant-numeric:tabular-nums}"
    ".dnnsearch .scroll{overflow-x:auto}.dnnsearch pre{white-space:pre-wrap}"
    ".dnnsearch svg{vertical-align:middle}"
)


def study(board: Leaderboard, curves: Mapping[int, TrialCurves]) -> Markup:
    """Return the leaderboard of a study; `curves` are those of the trials that have a sparkline."""
    best = board.ranked[0] if board.ranked else None
    found = (
        f"; the best is trial {best.number} with {board.objective} {measured(best)}" if best else ""
    )
    heading = tag("p", tag("strong", f"Study {board.study}"), f": {board.counts}{found}.")
    line = sparkline(_so_far(board), "best so far, trial by trial")
    history = tag("p", "best so far ", line) if line else Markup("")
    rows = board.rows[:MAX_ROWS]
    more = len(board.rows) - len(rows)
    rest = [tag("p", f"and {more} more: study.trials has all of them")] if more else []
    return _framed(heading, history, _leaderboard(board, rows, curves), *rest)


def _so_far(board: Leaderboard) -> list[float]:
    """Return the best value after each trial that has one, in the order of the numbers."""
    values = [row.value for row in sorted(board.ranked, key=lambda row: row.number)]
    best = best_so_far(values, METRICS[board.objective].direction)
    return [value for i in best if i is not None and (value := values[i]) is not None]


def _leaderboard(
    board: Leaderboard, rows: Sequence[Row], curves: Mapping[int, TrialCurves]
) -> Markup:
    names = [
        name
        for name in (*TABLE_HYPERPARAMETERS, *OPTIONAL)
        if len({hyper(row, name) for row in board.rows}) > 1
    ]
    curve = curve_of(board.objective)
    header = ["trial", "state", board.objective, *([f"{curve} curve"] if curves else []), *names]
    lines = []
    for row in rows:
        line = sparkline(curves[row.number].by_name[curve], curve) if row.number in curves else ""
        drawn = [line] if curves else []
        values = (hyper(row, name) for name in names)
        number = tables.number(row.number, "d")
        lines.append([number, row.state, measured(row), *drawn, *values])
    return tables.table(header, lines)


def curve_of(objective: str) -> str:
    """Return the curve that shows a trial's way: that of the objective, or of the cost."""
    return objective if objective == "dev_accuracy" else "dev_cost"


def trial(name: str, row: Row, objective: str, curves: TrialCurves | None) -> Markup:
    """Return a trial: its value, its curves and its hyperparameters."""
    value = f", {objective} {measured(row)}" if row.value is not None else ""
    reason = f": {row.reason}" if row.reason else ""
    heading = tag("p", tag("strong", f"Trial {name}/{row.number}"), f", {row.state}{value}{reason}")
    drawn = curves.by_name.items() if curves else ()
    lines = [
        [label, sparkline(values, label), tables.number(float(values[-1]), ".4f")]
        for label, values in drawn
        if _is_drawn(values)
    ]
    numbers = [[key, tables.hyper(value)] for key, value in row.params.items()]
    parts = [tables.table(("curve", "", "last"), lines)] if lines else []
    return _framed(heading, *parts, tables.table(("hyperparameter", ""), numbers))


def _is_drawn(values: np.ndarray) -> bool:
    return int(np.isfinite(values).sum()) > 1


def sparkline(values: Iterable[float], label: str) -> Markup:
    """Return a small line of the finite values; empty if there are fewer than two."""
    y = np.asarray([*values], float)
    if not _is_drawn(y):
        return Markup("")
    at = np.flatnonzero(np.isfinite(y))
    low, span = y[at].min(), float(np.ptp(y[at])) or 1.0
    x = 1 + at / (len(y) - 1) * (WIDTH - 2)
    heights = HEIGHT - 2 - (y[at] - low) / span * (HEIGHT - 4)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, heights, strict=True))
    line = tag("polyline", points=points, fill="none", stroke="#2f7fd1", stroke_width=1.5)
    title = tag("title", f"{label}: from {y[at[0]]:.4g} to {y[at[-1]]:.4g}")
    return tag("svg", title, line, width=WIDTH, height=HEIGHT, role="img", aria_label=label)


def said(title: str, text: str, is_good: bool = True) -> Markup:
    """Return a result, with a cross if it is not good, and what the command has printed."""
    return _framed(tag("p", tag("strong", title if is_good else f"✗ {title}")), tag("pre", text))


def framed_page(page: str) -> Markup:
    """Return a whole HTML page in a frame of its own, which cannot reach the notebook."""
    style = "width:100%;height:45rem;border:0"
    given = f'srcdoc="{html.escape(page)}" sandbox="allow-scripts" style="{style}"'
    return Markup(f"<iframe {given}></iframe>")


def _framed(*parts: str) -> Markup:
    return tag("div", tag("style", STYLE), joined(parts), class_="dnnsearch")
