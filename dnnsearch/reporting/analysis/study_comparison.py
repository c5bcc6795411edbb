"""Several studies beside each other: same data, same budget, which is better and how soon."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.reporting.analysis.ties import LEVEL, mcnemar
from dnnsearch.statistics.interval import NORMAL_QUANTILE_95

COMPARED = {"data_digest": "the same data", "split_digest": "the same split"}
MIN_BUDGET_RATIO = 1.25  # below it, budgets are called equal


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
    seconds, cost, best = 0.0, 0, None
    for row in rows:
        course = material.courses.get(row.number)
        seconds, cost = seconds + (row.seconds or 0.0), cost + (course.cost if course else 0)
        better = best is None or material.sign * ((row.value or 0.0) - (best.value or 0.0)) > 0
        if row.value is not None and better:
            best = row
        if best is not None and best.value is not None:
            found.append(Step(row.number + 1, seconds, cost, best.value, best.number))
    return found


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
    if ratio < MIN_BUDGET_RATIO:
        return f"They had {number} and about the same budget of arithmetic."
    return f"They had {number}, and one took up to {ratio:.1f} times as much arithmetic as another."


def _compare(a: ReportData, b: ReportData, same: bool) -> str:
    """Which of two has the better best, and whether that is more than noise."""
    if a.sign * ((a.board.best.value or 0.0) - (b.board.best.value or 0.0)) < 0:
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
