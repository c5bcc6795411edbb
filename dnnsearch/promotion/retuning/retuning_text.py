"""The result of a retuning as text and as a JSON document."""

from typing import Any

from dnnsearch.promotion import promotion_text
from dnnsearch.promotion.retuning.overlap import Overlap
from dnnsearch.promotion.retuning.retune_study import Retuning
from dnnsearch.runtime.cli_process import program_name
from dnnsearch.statistics.interval import Interval, gain_range, score_text
from dnnsearch.study.evaluation_log import on_test


def lines(retuning: Retuning, width: int | None = None) -> list[str]:
    """Return the lines that `retune` prints: those of the promotion, then of the comparison."""
    promoted = promotion_text.confirmed_and_tested(retuning.promotion, width)
    return [*promoted, *comparison_lines(retuning)]


def comparison_lines(retuning: Retuning) -> list[str]:
    """Return the lines on the new champion and the old one; the recommendation is the last."""
    name, overlap = on_test(retuning.objective), retuning.overlap
    rows = f"{len(overlap.rows.y)} test rows"
    rows += " that neither model was trained on" if overlap.is_known else ""
    new_name = f"the new champion (trial {retuning.promotion.winner.trial})"
    return [
        f"old against new champion, on the new data; {name} on {rows}:",
        *_overlap(overlap),
        f"  {retuning.old_name}: {score_text(retuning.now)}",
        f"  {new_name}: {score_text(retuning.new)}",
        f"  the new one is {gain_range(retuning.difference)} (95 %)",
        _decay(retuning),
        *_new_champion(retuning),
        _verdict(retuning),
    ]


def _overlap(overlap: Overlap) -> list[str]:
    """Return what is known about test rows that the old model was trained on."""
    if overlap.learnt is None:
        return ["  not known: was the old one trained on some of them? Its data are not available"]
    if not overlap.is_known:
        return [f"  the old one was trained on {overlap.learnt} of them, which favours it"]
    share = f"of the {overlap.examples} test rows of the new data"
    if overlap.learnt == 0:
        return [f"  the old one was trained on none {share}"]
    return [f"  {share}, {overlap.learnt} are left out: the old one was trained on them"]


def _decay(retuning: Retuning) -> str:
    if retuning.then is None or retuning.loss is None:
        return "decay of the old one: not known: it was never promoted and so has no test score"
    if retuning.overlap.learnt is not None and not retuning.overlap.is_known:
        return "decay of the old one: not known: it was trained on most of these rows"
    was = f"its score was {retuning.then['value']:.4f} when it was promoted"
    gain = Interval(-retuning.loss.high, -retuning.loss.low)
    found = "found" if retuning.loss.low > 0 else "not found"
    return f"decay of the old one: {found}; {was}, and it is {gain_range(gain)} now (95 %)"


def _new_champion(retuning: Retuning) -> list[str]:
    """Return whether the new study has a champion, and who has opened its test rows."""
    new, promotion = retuning.new_study, retuning.promotion
    trial, registered = promotion.winner.trial, promotion.registered
    is_one = "is" if registered.is_champion else "is not"
    return [
        f"trial {trial} {is_one} the champion of {new} itself: {registered.why}",
        f"{new}: {promotion.history.sentence(promotion.model)}",
    ]


def _verdict(retuning: Retuning) -> str:
    new = retuning.new_study
    if retuning.replace:
        use = f"{program_name()} predict {new} DATA"
        return f"verdict: REPLACE it with the champion of {new}, as in: {use}"
    keep = f"verdict: KEEP the champion of {retuning.study}"
    if not retuning.promotion.found:
        return f"{keep}: the new search found nothing"
    use = f"{program_name()} predict {retuning.old_given} DATA"
    return f"{keep}: the new one is not clearly better; as before: {use}"


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
