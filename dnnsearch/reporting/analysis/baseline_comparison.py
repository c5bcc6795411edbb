"""The trials of a study compared with what is reached without a network."""

from dataclasses import dataclass

from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.study.baselines.baseline_models import GUESS, TITLES


@dataclass(frozen=True)
class BaselineComparison:
    """Values of the objective on dev, or over the folds."""

    measure: str
    best: float  # of all trials
    guess: float
    default: float | None  # of trial 0, if it is worse than guessing
    better: list[tuple[str, float]]  # title and value of each baseline that is clearly better


def baseline_comparison(data: ReportData) -> BaselineComparison | None:
    """Return the comparison; None without baselines or finished trials."""
    if data.baselines is None or not data.finished:
        return None
    measure, is_better = data.objective, data.metric.direction.better
    values = {name: one[measure]["value"] for name, one in data.baselines.figures.items()}
    best, guess = data.board.best.value, values[GUESS]
    assert best is not None  # a finished trial has a value
    default = next((row.value for row in data.finished if row.number == 0), None)
    is_worse = default is not None and is_better(guess, default)
    names = [name for name in data.baselines.better(measure, best) if name != GUESS]
    better = [(TITLES[name], values[name]) for name in names]
    return BaselineComparison(measure, best, guess, default if is_worse else None, better)
