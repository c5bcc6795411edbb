"""A retuning in words, and as a JSON document."""

from typing import Any

from dnnsearch.promotion import promotion_text
from dnnsearch.promotion.retuning.retune_study import Retuning
from dnnsearch.runtime.cli_process import program_name
from dnnsearch.statistics.interval import Interval


def lines(found: Retuning) -> list[str]:
    """For people; the verdict stands last."""
    name = promotion_text.test_name(found.objective)
    rows = f"{len(found.novelty.rows.y)} new test rows"
    rows += " that neither has learnt from" if found.novelty.is_known else ""
    return [
        f"study {found.renewed}, on the new data; {name} on {rows}:",
        *_learnt(found),
        f"  {found.old}: {promotion_text.figure(found.now)}",
        (
            f"  the new champion (trial {found.promotion.winner.trial}): "
            f"{promotion_text.figure(found.new)}"
        ),
        f"  the new one is better by {_interval(found.difference)}",
        _decay(found),
        _verdict(found),
    ]


def _learnt(found: Retuning) -> list[str]:
    """What is to be said of rows that the old champion had in train or dev."""
    learnt = found.novelty.learnt
    if learnt is None:
        return ["  not known: has the old one learnt from some of them? Its data cannot be had"]
    if not found.novelty.is_known:
        return [f"  the old one has learnt from {learnt} of them, which favours it"]
    return [f"  left out are {learnt} more, which the old one has learnt from"] if learnt else []


def _interval(one: Interval) -> str:
    return f"{one.low:+.4f} to {one.high:+.4f} (95 %)"


def _decay(found: Retuning) -> str:
    if found.then is None or found.fall is None:
        return "decay: not known, for the old one was never promoted on a test set of its own time"
    if found.novelty.learnt is not None and not found.novelty.is_known:
        return "decay: not known, for the old one has learnt from most of these rows"
    was = f"it had {found.then['value']:.4f} when it was promoted"
    by = f"worse by {_interval(found.fall)}"
    return f"decay: {'found' if found.fall.low > 0 else 'none to be seen'}, {was}; {by}"


def _verdict(found: Retuning) -> str:
    if found.replace:
        return f"verdict: REPLACE it with the champion of {found.renewed}, {_use(found)}"
    if not found.promotion.found:
        return f"verdict: KEEP the champion of {found.study}; the new search found nothing"
    return f"verdict: KEEP the champion of {found.study}: the new one is not surely better"


def _use(found: Retuning) -> str:
    return f"as in: {program_name()} predict {found.renewed} DATA"


def document(found: Retuning) -> dict[str, Any]:
    """JSON-able: all figures, and the lines."""
    return {
        "verdict": "replace" if found.replace else "keep",
        "study": found.study,
        "renewed": found.renewed,
        "objective": found.objective,
        "then": found.then,
        "now": found.now,
        "decay": None if found.fall is None else [found.fall.low, found.fall.high],
        "new": found.new,
        "difference": [found.difference.low, found.difference.high],
        "examples": len(found.novelty.rows.y),
        "learnt": found.novelty.learnt,
        "promotion": promotion_text.document(found.promotion),
        "lines": lines(found),
    }
