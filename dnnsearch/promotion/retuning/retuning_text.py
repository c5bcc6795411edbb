"""The result of a retuning as text and as a JSON document."""

from typing import Any

from dnnsearch.promotion import promotion_text
from dnnsearch.promotion.retuning.overlap import Overlap
from dnnsearch.promotion.retuning.retune_study import Retuning
from dnnsearch.runtime.cli_process import program_name
from dnnsearch.statistics.interval import Interval, score_text
from dnnsearch.study.evaluation_log import on_test


def lines(retuning: Retuning) -> list[str]:
    """Return the lines that `retune` prints; the recommendation is the last."""
    name, overlap = on_test(retuning.objective), retuning.overlap
    rows = f"{len(overlap.rows.y)} new test rows"
    rows += " that neither model was trained on" if overlap.is_known else ""
    new_name = f"the new champion (trial {retuning.promotion.winner.trial})"
    return [
        f"study {retuning.new_study}, on the new data; {name} on {rows}:",
        *_overlap(overlap),
        f"  {retuning.old_name}: {score_text(retuning.now)}",
        f"  {new_name}: {score_text(retuning.new)}",
        f"  the new one is better by {_interval(retuning.difference)}",
        _decay(retuning),
        _verdict(retuning),
    ]


def _overlap(overlap: Overlap) -> list[str]:
    """Return what is known about test rows that the old model was trained on."""
    if overlap.learnt is None:
        return ["  not known: was the old one trained on some of them? Its data are not available"]
    if not overlap.is_known:
        return [f"  the old one was trained on {overlap.learnt} of them, which favours it"]
    if overlap.learnt == 0:
        return []
    return [f"  left out: {overlap.learnt} more rows, on which the old one was trained"]


def _interval(interval: Interval) -> str:
    return f"{interval.low:+.4f} to {interval.high:+.4f} (95 %)"


def _decay(retuning: Retuning) -> str:
    if retuning.then is None or retuning.loss is None:
        return "decay: not known, because the old one was never promoted and so has no test score"
    if retuning.overlap.learnt is not None and not retuning.overlap.is_known:
        return "decay: not known, because the old one was trained on most of these rows"
    was = f"its score was {retuning.then['value']:.4f} when it was promoted"
    by = f"worse by {_interval(retuning.loss)}"
    return f"decay: {'found' if retuning.loss.low > 0 else 'not found'}, {was}; {by}"


def _verdict(retuning: Retuning) -> str:
    new = retuning.new_study
    if retuning.replace:
        use = f"{program_name()} predict {new} DATA"
        return f"verdict: REPLACE it with the champion of {new}, as in: {use}"
    keep = f"verdict: KEEP the champion of {retuning.study}"
    if not retuning.promotion.found:
        return f"{keep}: the new search found nothing"
    return f"{keep}: the new one is not clearly better"


def document(retuning: Retuning) -> dict[str, Any]:
    """Return the document of `retune --json`: all scores, and the lines."""
    loss, difference = retuning.loss, retuning.difference
    return {
        "verdict": "replace" if retuning.replace else "keep",
        "study": retuning.study,
        "renewed": retuning.new_study,
        "objective": retuning.objective,
        "then": retuning.then,
        "now": retuning.now,
        "decay": None if loss is None else [loss.low, loss.high],
        "new": retuning.new,
        "difference": [difference.low, difference.high],
        "examples": len(retuning.overlap.rows.y),
        "learnt": retuning.overlap.learnt,
        "promotion": promotion_text.document(retuning.promotion),
        "lines": lines(retuning),
    }
