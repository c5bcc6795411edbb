"""The verdict on a study in three sentences: what was found, what mattered, what speaks against it.

The sentences are made of what `views` and `findings` say; nothing is computed here.
"""

from collections.abc import Sequence

from dnnsearch.reporting.analysis.analyses import Analyses
from dnnsearch.reporting.analysis.findings import Finding
from dnnsearch.reporting.analysis.importance import EXPLAINED, Importance
from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.trials.spec import describe

DECIDES = 0.7  # of the variance, by both methods
MATTERS = 0.1
MOST = 3  # hyperparameters that are named


def verdict(material: ReportData, views: Analyses, warnings: Sequence[Finding]) -> list[str]:
    """Three sentences; of a study without a finished trial, one."""
    if not material.finished:
        return [f"No trial has finished yet: {material.board.counts}."]
    nothing = [w for w in warnings if w.kind == "nothing"]
    found = f"Nothing was found: {nothing[0].text}." if nothing else _best(material, views)
    mattered = "What seems to matter is luck." if nothing else _mattered(views.importance)
    others = [warning for warning in warnings if warning.kind != "nothing"]
    return [found, mattered, _against(material, others, bool(nothing))]


def _best(material: ReportData, views: Analyses) -> str:
    best, many = material.board.best, len(material.finished)
    interval = material.interval(best)
    sure = f" (95 %: {interval})" if interval else ""
    text = (
        f"Trial {best.number} ({describe(best.params)}) is the best of {many} finished trials, "
        f"with {material.objective} {best.value:.4f}{sure}"
    )
    tied = len(views.ties)
    if not tied:
        return f"{text}."
    others = (
        "1 other" if tied == 1 else f"all {tied} others" if tied == many - 1 else f"{tied} others"
    )
    return f"{text}; this dev set cannot tell it from {others}."


def _mattered(importance: Importance | None) -> str:
    if importance is None:
        return "There are too few finished trials to say what mattered."
    if importance.explained < EXPLAINED:
        return "Among the finished trials no hyperparameter explains the differences reliably."
    first, *rest = importance.names
    both = [n for n in importance.names if _least(importance, n) >= MATTERS][:MOST]
    if _least(importance, first) >= DECIDES and not any(_matters(importance, n) for n in rest):
        return f"Only {first} mattered: it explains {_both(importance, first)} of the differences."
    if not both:
        return f"The methods disagree on what mattered; {first} comes first."
    listed = ", then ".join(f"{name} ({_both(importance, name)})" for name in both)
    return f"What mattered most is {listed} of the differences between finished trials."


def _least(importance: Importance, name: str) -> float:
    return min(importance.fanova[name].mean, importance.permutation[name].mean)


def _matters(importance: Importance, name: str) -> bool:
    """Whether both methods together give it so much that it cannot be left out."""
    return importance.fanova[name].mean + importance.permutation[name].mean >= 2 * MATTERS


def _both(importance: Importance, name: str) -> str:
    """Such as `91 to 95 %`: what the two methods say."""
    low, high = sorted(
        round(100 * min(one[name].mean, 1.0)) for one in (importance.fanova, importance.permutation)
    )
    return f"{low} %" if low == high else f"{low} to {high} %"


def _against(material: ReportData, warnings: Sequence[Finding], nothing: bool) -> str:
    if warnings:
        return f"Before you go on: {', and '.join(w.short for w in warnings)}."
    if nothing:
        return "The space itself gives no reason for a warning."
    return f"No warning: {_gain(material)}."


def _gain(material: ReportData) -> str:
    """Against the default configuration, with which every study begins."""
    first = next((row for row in material.finished if row.number == 0), None)
    best = material.board.best
    if first is None or first.value is None or best.value is None:
        return "the space is wide enough, its trials are stable and were trained long enough"
    if first.number == best.number:
        return "the default configuration, trial 0, is the best so far"
    better = f"{abs(best.value - first.value):.4f} {'higher' if material.sign > 0 else 'lower'}"
    return f"the default configuration, trial 0, has {first.value:.4f}; the best is {better}"
