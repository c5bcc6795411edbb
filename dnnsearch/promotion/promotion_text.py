"""The result of a promotion as text and as a JSON document.

Here configurations are *not distinguishable* from the best with fresh seeds. `show` and `report`
use *tied* for trials whose networks of the search are not distinguishable by these dev examples.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from dnnsearch.promotion.candidates import START, Candidate
from dnnsearch.promotion.confirmation import Confirmed
from dnnsearch.promotion.gain_text import gain_document, gain_lines
from dnnsearch.promotion.promotion import Promotion
from dnnsearch.promotion.test_set_text import lines_on_test, steps
from dnnsearch.runtime.text_table import aligned
from dnnsearch.statistics.difference_to_best import Comparison
from dnnsearch.statistics.interval import signed_range, with_error

DIFFERENCES = (
    "a difference says how much better (+) or worse (-) a row may be than the best: if it ends "
    "above 0, the row may be as good or better; an interval that is called two-sided is the usual "
    "one of 95 %, a little wider"
)


def lines(promotion: Promotion, width: int | None = None) -> list[str]:
    """Return the lines that `promote` prints; tables fit the width."""
    return [
        *confirmed_and_tested(promotion, width),
        *_evaluations(promotion),
        *_registration(promotion),
    ]


def confirmed_and_tested(promotion: Promotion, width: int | None = None) -> list[str]:
    """Return the lines on the confirmation and on the test set, which `retune` prints, too."""
    return [
        *_confirmation(promotion, width),
        *promotion.corrections,
        *lines_on_test(promotion),
    ]


def _confirmation(promotion: Promotion, width: int | None) -> list[str]:
    confirmed, name = promotion.confirmed, promotion.objective
    examples = confirmed.measured[0].counted
    what = _what(confirmed)
    where = f"over {promotion.folds} folds" if promotion.folds else "on dev"
    error = f"± is one standard error over seeds and {examples}"
    return [
        f"study {promotion.study}: {what}, trained again with fresh seeds; {name} {where}",
        *confirmation_table(confirmed, width),
        *(f"left out: trial {one.trial}, whose networks diverged" for one in confirmed.diverged),
        f"({error}; {DIFFERENCES})",
        *interval_note(confirmed.comparison),
        choice(promotion),
        *gain_lines(promotion.confirmed, promotion.winner, promotion.study),
        *_checkpoint(promotion.winner),
        *(one.line for one in promotion.tried),
    ]


def _what(confirmed: Confirmed) -> str:
    is_added = confirmed.was_added and confirmed.start is not None
    count = len(confirmed.chosen) - is_added
    what = "the best configuration" if count == 1 else f"the best {count} configurations"
    return f"{what} and trial 0" if is_added else what


def confirmation_table(confirmed: Confirmed, width: int | None = None) -> Iterator[str]:
    """Yield the lines of the table of the confirmed configurations, the best first."""
    header = ["trial", "in the search", "confirmed", "difference to the best", "multiply-adds"]
    order = sorted(range(len(confirmed.chosen)), key=lambda k: -confirmed.comparison.means[k])
    return aligned(header, (_row(confirmed, k) for k in order), width)


def _row(confirmed: Confirmed, k: int) -> list[str]:
    one, measured = confirmed.chosen[k], confirmed.measured[k]
    return [
        str(one.trial),
        f"{one.value:.4f}",
        with_error(measured.mean, measured.error, measured.interval if measured.is_share else None),
        relation_to_best(confirmed.comparison, k),
        f"{one.multiply_adds:.2g}",
    ]


def relation_to_best(comparison: Comparison, k: int) -> str:
    """Return `best`, or an interval such as `-0.0212 to +0.0031, not distinguishable`."""
    if len(comparison.candidates) == 1:
        return ""
    if k == comparison.leader:
        return "best"
    interval = comparison.difference_to_best(k)
    word = "not distinguishable" if k in comparison.tied else "worse"
    return f"{signed_range(interval)}, {word}"


def interval_note(comparison: Comparison) -> list[str]:
    """Return why intervals that end at 0 are called worse, if there are any."""
    if len(comparison.tied) == len(comparison.candidates):
        return []
    return [
        "(worse: the best is ahead by more than chance would cause in 1 of 20 cases, one-sided)"
    ]


def choice(promotion: Promotion) -> str:
    """Return the line with the chosen configuration and the reason."""
    confirmed, winner = promotion.confirmed, promotion.winner
    chosen = f"chosen: trial {winner.trial} ({winner.hyperparameters.describe()})"
    if promotion.diverged:
        return (
            f"{chosen}; those preferred to it diverged when refitted: {_trials(promotion.diverged)}"
        )
    best = confirmed.chosen[confirmed.comparison.leader]
    order = sorted(confirmed.similar, key=lambda k: -confirmed.comparison.means[k])
    others = [one for one in (confirmed.chosen[k] for k in order) if one is not best]
    if not others:
        return f"{chosen}, the best{_left_out_start(confirmed)}"
    those = "those not distinguishable from it"
    rule = f"the cheapest of the best, {best.trial}, and {those}"
    if winner is best:
        rule = f"the best, and none of {those} is cheaper"
    return f"{chosen}, {rule}: {_trials(others)}{_left_out_start(confirmed)}"


def _left_out_start(confirmed: Confirmed) -> str:
    """Return why trial 0 is not among those listed, although the table has it so; else empty."""
    if set(confirmed.comparison.tied) == set(confirmed.similar):
        return ""
    return (
        f" (trial {START}, which is none of the best in the search, is trained to be compared "
        "with, and chosen only if its score is the best of all)"
    )


def _checkpoint(winner: Candidate) -> list[str]:
    """Return a line if dev chose the point of each training that the scores above are of."""
    if winner.stop is None:
        return []
    text = (
        "dev also chose the point of each training (checkpoint: best), so these scores are a little"
    )
    updates = f"{winner.stop} of {winner.hyperparameters.iterations} updates"
    return [f"{text} optimistic; the refit stops after the mean of those points, {updates}"]


def _trials(candidates: Sequence[Candidate]) -> str:
    return ", ".join(str(one.trial) for one in candidates)


def _evaluations(promotion: Promotion) -> list[str]:
    """Return how often the test rows were opened, by all studies; only the first score counts."""
    opened = promotion.history
    said = opened.sentence(promotion.model)
    return [said] if len(opened.openings) == 1 else [f"{said}:", *opened.lines()]


def _registration(promotion: Promotion) -> list[str]:
    registered = promotion.registered
    version = f", {registered.version} in MLflow" if registered.version else ""
    verdict = "champion" if registered.is_champion else "not the champion"
    return [f"model: {registered.file}{version}", f"{verdict}: {registered.why}"]


def document(promotion: Promotion) -> dict[str, Any]:
    """Return the document of `promote --json`: all scores, and the lines."""
    return {
        "study": promotion.study,
        "objective": promotion.objective,
        "candidates": [_candidate(promotion, k) for k in range(len(promotion.confirmed.chosen))],
        "tied": [promotion.confirmed.chosen[k].trial for k in promotion.confirmed.comparison.tied],
        "trial": promotion.winner.trial,
        "gain": gain_document(promotion.confirmed, promotion.winner),
        "replicates": promotion.replicates,
        "test": promotion.scores,
        "coverage": promotion.coverage and promotion.coverage.document(),
        "metrics": promotion.metrics,
        "single_metrics": promotion.single_metrics,
        "baselines": promotion.baselines,
        "known": promotion.known,
        "openings": promotion.evaluations,
        "test_set": promotion.history.document(promotion.model),
        "steps": dict(zip(("search", "confirmed", "test"), steps(promotion), strict=True)),
        "found": promotion.found,
        "found_by": promotion.found_by,
        "tried": [one.document() for one in promotion.tried],
        "file": promotion.registered.file,
        "version": promotion.registered.version,
        "champion": promotion.registered.is_champion,
        "lines": lines(promotion),
    }


def _candidate(promotion: Promotion, k: int) -> dict[str, Any]:
    one, confirmed = promotion.confirmed.chosen[k], promotion.confirmed
    return {
        "trial": one.trial,
        "search": one.value,
        "multiply_adds": one.multiply_adds,
        "confirmed": confirmed.measured[k].mean,
        "error": confirmed.measured[k].error,
        "networks": confirmed.measured[k].replicates,
        "pairs": {
            str(other.trial): [interval.low, interval.high]
            for j, other in enumerate(confirmed.chosen)
            if j != k
            for interval in [confirmed.comparison.difference(k, j)]
        },
    }
