"""The verdict on a study: the result, what mattered, what to fix first, each in a sentence.

With baselines one more compares them with the best trial. The sentences are made from the analyses
and the findings; nothing is computed here.
"""

from collections.abc import Sequence

from dnnsearch.promotion.ablation.ablation import Ablation
from dnnsearch.reporting.analysis.analyses import Analyses
from dnnsearch.reporting.analysis.findings import Finding
from dnnsearch.reporting.analysis.importance import MIN_EXPLAINED, Importance
from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.reporting.analysis.ties import indistinct
from dnnsearch.statistics.interval import better_or_worse, gain_range
from dnnsearch.study.baselines.baselines_text import notes
from dnnsearch.trials.flat_params import describe

MIN_DECISIVE_SHARE = 0.7  # of the explained variance, by both methods
MIN_NOTABLE_SHARE = 0.1
MAX_NAMED = 3  # hyperparameters in a sentence


def verdict(
    data: ReportData,
    analyses: Analyses,
    warnings: Sequence[Finding],
    explained: Ablation | None = None,
) -> list[str]:
    """Return three or more sentences, or one if the study has no finished trial.

    `explained` is what `why` has measured, from which the gain with fresh seeds is known.
    """
    if not data.finished:
        return [f"No trial has finished yet: {data.board.counts}."]
    nothing = [w for w in warnings if w.kind == "chance"]
    found = f"Nothing was found: {nothing[0].text}." if nothing else _best(data, analyses)
    mattered = (
        "The differences between trials look like chance."
        if nothing
        else what_mattered(analyses.importance, [h.axis.name for h in analyses.boundary_hits])
    )
    others = [warning for warning in warnings if warning.kind != "chance"]
    last = _warned(data, others, bool(nothing), explained)
    return [found, mattered, *_compared(data, warnings), last]


def _compared(data: ReportData, warnings: Sequence[Finding]) -> list[str]:
    """Return how the best trial compares with the baselines, if no warning says it."""
    if data.baselines is None or any(w.kind in ("chance", "baseline") for w in warnings):
        return []
    said = notes(data.baselines, data.objective, data.board.best.value)
    return [f"{one[:1].upper()}{one[1:]}." for one in said]


def _best(data: ReportData, analyses: Analyses) -> str:
    """Return which trial is the best, without an interval: dev chose it, so none is right."""
    best, many = data.board.best, len(data.finished)
    chosen = ", which is optimistic because dev chose the trial" if many > 1 else ""
    text = (
        f"Trial {best.number} ({describe(best.params)}) is the best of {many} finished trials, "
        f"with {data.objective} {best.value:.4f}{chosen}"
    )
    tied = len(analyses.ties)
    if not tied:
        return f"{text}."
    return f"{text}; {indistinct(data)} cannot distinguish it from {others(tied, many - 1)}."


def others(tied: int, every: int) -> str:
    """Return the words for the `tied` ones, 1 or more, of `every` other, after a `from`."""
    if tied == every:
        return "the other one" if tied == 1 else f"any of the {tied} others"
    return "1 other" if tied == 1 else f"{tied} others"


def what_mattered(importance: Importance | None, at_bounds: Sequence[str] = ()) -> str:
    """Return the sentence on the hyperparameters that explain the differences between trials.

    `at_bounds` are those towards a bound of which the trials improve, which is a warning.
    """
    if importance is None:
        return "There are too few finished trials to say what mattered."
    if importance.explained < MIN_EXPLAINED:
        unclear = f"Which hyperparameters mattered is not clear: {_explained(importance)}"
        near = f"; but towards a bound of {' and of '.join(at_bounds)} trials improve"
        return f"{unclear}{near if at_bounds else ''}."
    first, *rest = importance.names
    both = [n for n in importance.names if _least(importance, n) >= MIN_NOTABLE_SHARE][:MAX_NAMED]
    shares = [importance.fanova[n].mean + importance.permutation[n].mean for n in rest]
    others_matter = any(share >= 2 * MIN_NOTABLE_SHARE for share in shares)
    if _least(importance, first) >= MIN_DECISIVE_SHARE and not others_matter:
        return f"Only {first} mattered: {_shares(importance, [first])}."
    if not both:
        return f"The methods disagree on what mattered; {first} comes first."
    return f"What mattered most is {', then '.join(both)}: {_shares(importance, both)}."


def _shares(importance: Importance, names: Sequence[str]) -> str:
    """Return how much all hyperparameters explain, and the shares of these."""
    first, *rest = (f"{name} {_both(importance, name)}" for name in names)
    return f"{_explained(importance)}, {', '.join([f'{first} of that', *rest])}"


def _explained(importance: Importance) -> str:
    """Return which part of the variance of unseen trials the forest predicts, in words."""
    part = f"{100 * importance.explained:.0f} %" if importance.explained > 0 else "none"
    return f"all hyperparameters together explain {part} of the differences between finished trials"


def _least(importance: Importance, name: str) -> float:
    return min(importance.fanova[name].mean, importance.permutation[name].mean)


def _both(importance: Importance, name: str) -> str:
    """Such as `91 to 95 %`: the shares by the two methods."""
    low, high = sorted(
        round(100 * min(one[name].mean, 1.0)) for one in (importance.fanova, importance.permutation)
    )
    return f"{low} %" if low == high else f"{low} to {high} %"


def _warned(
    data: ReportData, warnings: Sequence[Finding], nothing: bool, explained: Ablation | None
) -> str:
    if warnings:
        return f"Before you go on: {', and '.join(w.short for w in warnings)}."
    if nothing:
        return "The space itself gives no reason for a warning."
    return f"No warning. {_gain(data, explained)}."


def _gain(data: ReportData, explained: Ablation | None) -> str:
    """Compare the best trial with trial 0; the gain with fresh seeds is less optimistic."""
    first = next((row for row in data.finished if row.number == 0), None)
    best = data.board.best
    if first is None or first.value is None or best.value is None:
        return "The space is wide enough, its trials are stable and were trained long enough"
    if first.number == best.number:
        return "Trial 0, with which the search started, is the best so far"
    better = f"{abs(best.value - first.value):.4f} {'higher' if data.sign > 0 else 'lower'}"
    return (
        f"Trial 0, with which the search started, has {first.value:.4f}, and the best is {better} "
        f"in the search; {_fresh_gain(explained)}"
    )


def _fresh_gain(explained: Ablation | None) -> str:
    """Return the gain over trial 0 with fresh seeds, or who measures it."""
    if explained is None or explained.whole is None:
        return "the gain that counts is the one that promote measures with fresh seeds"
    route, gain = explained.route, explained.whole
    end = f"the champion, trial {route.end}," if route.is_champion else f"trial {route.end}"
    found = f"{better_or_worse(gain.value)} (95 %: {gain_range(gain.interval)})"
    return f"with fresh seeds {end} is {found}, by dnnsearch why"
