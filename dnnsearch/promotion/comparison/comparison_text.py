"""What `compare` found, as text and as a JSON document."""

from collections.abc import Iterator
from typing import Any

from dnnsearch.promotion.comparison import MAX_TOP
from dnnsearch.promotion.comparison.compare_studies import StudyComparison
from dnnsearch.promotion.promotion_text import DIFFERENCES, interval_note, relation_to_best
from dnnsearch.runtime.text_table import aligned
from dnnsearch.statistics.interval import signed_range, with_error


def lines(found: StudyComparison, width: int | None = None) -> list[str]:
    """Return the lines that `compare` prints; the table fits the width."""
    first = found.entrants[0].sample
    where = f"over {found.folds} folds" if found.folds else "on dev"
    networks = "cross-validations" if found.folds else "fresh seeds"
    title = (
        f"studies {', '.join(found.own_objectives)}: the best of each, trained with the same "
        f"{first.replicates} {networks}; {found.objective} {where}"
    )
    note = (
        f"± is one standard error over seeds and {first.counted}; differences are paired; "
        f"{DIFFERENCES}; the test set was not opened"
    )
    return [
        title,
        *_table(found, width),
        *(f"left out: {study}/{trial}, whose networks diverged" for study, trial in found.diverged),
        f"({note})",
        *interval_note(found.comparison),
        *_other_objectives(found),
        *(_absence(study, *one) for study, one in found.absent.items()),
        *(verdict(found, other) for other in found.ranked[1:]),
    ]


def _table(found: StudyComparison, width: int | None) -> Iterator[str]:
    header = ["study", "trial", "in the search", "confirmed", "difference to the best"]
    order = sorted(range(len(found.entrants)), key=lambda k: -float(found.comparison.means[k]))
    return aligned(header, (_row(found, k) for k in order), width)


def _row(found: StudyComparison, k: int) -> list[str]:
    one = found.entrants[k]
    interval = one.sample.interval if one.sample.is_share else None
    return [
        one.study,
        str(one.candidate.trial),
        f"{one.candidate.value:.4f}",
        with_error(one.sample.mean, one.sample.error, interval),
        relation_to_best(found.comparison, k),
    ]


def _other_objectives(found: StudyComparison) -> list[str]:
    others = {name: one for name, one in found.own_objectives.items() if one != found.objective}
    return [f"note: {name} was searched by {one}" for name, one in others.items()]


def _absence(study: str, champion: int, rank: int) -> str:
    """Return why the champion takes no part, and how it would."""
    why = f"the champion of {study}, trial {champion}, is not among the best of its search"
    more = f": it is number {rank} there, and --top {rank} takes it in"
    return f"note: {why}{more if 0 < rank <= MAX_TOP else ''}"


def verdict(found: StudyComparison, other: str) -> str:
    """Return whether the best study is clearly better than another one."""
    best = found.ranked[0]
    gain, interval = found.difference(best, other)
    shown = f"{gain:+.4f} (two-sided 95 %: {signed_range(interval)})"
    if interval.low > 0:
        return f"the best of {best} is better than that of {other}: by {shown}"
    ahead = f"{best} is ahead of {other} by {shown}"
    return f"the best of {best} and of {other} are not distinguishable: {ahead}"


def document(found: StudyComparison) -> dict[str, Any]:
    """Return the document of `compare --json`."""
    best, *others = found.ranked
    return {
        "objective": found.objective,
        "best": best,
        "entrants": [
            {
                "study": one.study,
                "trial": one.candidate.trial,
                "search": one.candidate.value,
                "confirmed": one.sample.mean,
                "error": one.sample.error,
            }
            for one in found.entrants
        ],
        "differences": [_difference(found, best, other) for other in others],
        "diverged": [{"study": study, "trial": trial} for study, trial in found.diverged],
        "lines": lines(found),
    }


def _difference(found: StudyComparison, best: str, other: str) -> dict[str, Any]:
    gain, interval = found.difference(best, other)
    return {"to": other, "value": gain, "low": interval.low, "high": interval.high}
