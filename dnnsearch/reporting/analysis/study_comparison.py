"""Comparison of studies: do data and budget agree, which one is better, and how soon."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.reporting.analysis.ties import covered_by_error, mcnemar
from dnnsearch.statistics.interval import LEVEL, NORMAL_QUANTILE_95
from dnnsearch.study.changed_study import FOLLOWING, TRY_FIRST, first_configurations
from dnnsearch.trials.metrics import best_so_far
from dnnsearch.validators import cut, shortened

COMPARED = {"data_digest": "the same data", "split_digest": "the same split"}
# Keys of a definition that no user sets.
NOT_SET = {*FOLLOWING, "arithmetic", "rounding", "versions", "cost_formula"}
NOT_SET |= {"data.contents", "objective.direction"}
SECTIONS = ("data", "split", "sampler", "pruner", "objective")  # whose keys are compared each
MAX_SETTINGS = 8  # in a sentence
MIN_BUDGET_RATIO = 1.25  # below it, budgets are called equal


@dataclass(frozen=True)
class Step:
    """The best value of a study after a trial, and the cost up to it."""

    trials: int
    seconds: float  # of training, summed over all workers
    cost: int  # multiply-adds and updates, on the virtual clock
    best: float
    number: int  # of the best trial


def steps(data: ReportData) -> list[Step]:
    """Return a step for each trial from the first finished one on; failed trials cost 0 seconds."""
    found: list[Step] = []
    rows = sorted(data.board.rows, key=lambda row: row.number)
    seconds, cost = 0.0, 0
    bests = best_so_far((row.value for row in rows), data.metric.direction)
    for row, index in zip(rows, bests, strict=True):
        curves = data.trial_curves.get(row.number)
        seconds, cost = seconds + (row.seconds or 0.0), cost + (curves.cost if curves else 0)
        best = None if index is None else rows[index]
        if best is not None and best.value is not None:
            found.append(Step(row.number + 1, seconds, cost, best.value, best.number))
    return found


def compared(studies: Sequence[ReportData]) -> Iterator[str]:
    """Yield sentences: which data and budgets are the same, and which of two studies is better.

    Two studies are compared if they have the same data and both have a finished trial.
    """
    if len({m.objective for m in studies}) > 1:
        yield "Their objectives differ, so their values cannot be compared."
        yield from _settings(studies)
        return
    same = [all(m.definition[k] == studies[0].definition[k] for m in studies) for k in COMPARED]
    yield from _data(*same)
    yield _budget(studies)
    yield from _settings(studies)
    for a, b in combinations([m for m in studies if m.finished and same[0]], 2):
        yield _compare(a, b, all(same))


def _data(same_data: bool, same_split: bool) -> Iterator[str]:
    if not same_data:
        yield "They have different data: a better value does not mean a better search."
    elif not same_split:
        yield "They have the same data but different splits, so their dev sets differ."
    else:
        yield "They have the same data and the same split."


def _settings(studies: Sequence[ReportData]) -> Iterator[str]:
    """Yield a sentence on the settings in which the studies differ, if there are any."""
    every = [dict(_flat(m.definition)) for m in studies]
    found = []
    for key in sorted({key for settings in every for key in settings}):
        values = [settings.get(key) for settings in every]
        texts = first_configurations(values) if key == TRY_FIRST else [*map(shown, values)]
        if len(set(texts)) > 1:
            found.append(f"{key}: {' against '.join(texts)}")
    if found:
        names = " against ".join(m.name for m in studies)
        yield f"Their settings differ, {names}: {shortened(found, MAX_SETTINGS, '; ')}."


def _flat(section: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the settings of a definition, those within a section as `split.seed`."""
    for name, value in section.items():
        key = f"{place}{name}"
        if key in NOT_SET:
            continue
        if key.partition(".")[0] in SECTIONS and isinstance(value, Mapping):
            yield from _flat(value, f"{key}.")
        else:
            yield key, value


def shown(value: Any) -> str:
    """Return a setting as a config has it: `[none, 8]`, `{low: 0.01, high: 1}`."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name}: {shown(one)}' for name, one in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(shown, value))}]"
    return f"{value:g}" if isinstance(value, float) else cut(value)


def _budget(studies: Sequence[ReportData]) -> str:
    costs = [sum(curves.cost for curves in m.trial_curves.values()) or 1 for m in studies]
    trials = {len(m.board.rows) for m in studies}
    number = "the same number of trials" if len(trials) == 1 else "different numbers of trials"
    ratio = max(costs) / min(costs)
    if ratio < MIN_BUDGET_RATIO:
        return f"They had {number} and took about the same amount of arithmetic."
    return f"They had {number}, and one took up to {ratio:.1f} times as much arithmetic as another."


def _compare(a: ReportData, b: ReportData, same: bool) -> str:
    """Compare the best values of two studies; test whether the difference is significant."""
    if a.metric.direction.better(b.board.best.value, a.board.best.value):
        a, b = b, a
    first, second = a.board.best.value or 0.0, b.board.best.value or 0.0
    of = f"the best of {len(a.board.rows)} trials against the best of {len(b.board.rows)}"
    values = f"{a.objective} {first:.4f} against {second:.4f}, {of}"
    if first == second:
        return f"The best values of {a.name} and {b.name} are equal ({first:.4f})."
    if (p := _paired(a, b, same)) is not None:
        differ, covered = p <= LEVEL, "the dev examples of these two trials, not new seeds"
    elif a.board.best.error is None or b.board.best.error is None:
        unknown = f"one network's {a.objective} has no error, so this may be luck"
        return f"{a.name} has a better value than {b.name}: {values}; {unknown}."
    else:
        error = float(np.hypot(a.board.best.error, b.board.best.error))
        differ = abs(first - second) > NORMAL_QUANTILE_95 * error
        covered = covered_by_error(a, a.board.best)
    if differ:
        found = f"{a.name} is better than {b.name}: {values}, a significant difference"
    else:
        found = f"The difference between {a.name} and {b.name} is not significant: {values}"
    return f"{found}; this covers {covered}."


def _paired(a: ReportData, b: ReportData, same: bool) -> float | None:
    """Return McNemar's p-value if both have one dev set and single networks; else None."""
    if not same or a.objective != "dev_accuracy" or a.dev is None:
        return None
    predictions = [m.trial_curves[m.board.best.number].predictions for m in (a, b)]
    if any(len(p) != 1 for p in predictions):
        return None
    right = [p[0] == a.dev.labels.ravel() for p in predictions]
    return mcnemar(*right)
