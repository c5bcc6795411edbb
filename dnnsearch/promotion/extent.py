"""How many configurations a promotion confirms, with how many networks, if the user does not say.

Confirmation and refit together cost at most what the search has cost, by `Spec.cost`, so a
promotion takes no longer than the search did; but never fewer than 2 configurations and 4 networks.
If an ensemble across configurations is taken, the refits of its other members come on top.
"""

from collections.abc import Sequence

from dnnsearch.promotion.candidates import (
    CONFIRM,
    Candidate,
    candidates,
    contestants,
    fresh,
    rounds,
    start_of,
)
from dnnsearch.study.definition import Definition
from dnnsearch.study.evaluation_log import EvaluationLog
from dnnsearch.study.stored_study import OpenStudy

# Configurations and networks; the first that is affordable counts.
EXTENTS = ((5, 16), (5, 12), (4, 12), (4, 8), (3, 8), (2, 8), (2, 4))


def extent(
    study: OpenStudy, definition: Definition, top: int | None, replicates: int | None
) -> tuple[int, int]:
    """Return the number of configurations and of networks; a number that is given is kept."""
    if top is not None and replicates is not None:
        return top, replicates
    if earlier := _earlier(study):
        return top or earlier[0], replicates or earlier[1]
    rows = study.trials()
    spent = sum(int(row.user_attrs.get("dnnsearch", {}).get("cost", 0)) for row in rows)
    best = candidates(study, definition, top or EXTENTS[0][0])
    start = start_of(study, definition)
    wanted = [(top or t, replicates or r) for t, r in EXTENTS]
    with_start = [(one, contestants(best[: one[0]], start)) for one in wanted]
    affordable = (one for one, all_ in with_start if _cost(definition, all_, one[1]) <= spent)
    return next(affordable, wanted[-1])


def _earlier(study: OpenStudy) -> tuple[int, int] | None:
    """Return the extent of the last promotion of the same trials, whose model is then the same."""
    ended = sum(row.state.is_finished() for row in study.trials())
    entries = EvaluationLog(study.rows).entries
    known = [(e["top"], e["replicates"]) for e in entries if e.get("ended") == ended]
    return known[-1] if known else None


def _cost(definition: Definition, chosen: Sequence[Candidate], replicates: int) -> int:
    """Return what the confirmations cost, and the refit of the most expensive of the chosen."""
    each = []
    for one in chosen:
        spec = fresh(definition, one.trial, one.hyperparameters, replicates, CONFIRM)
        confirmed = rounds(definition, replicates) * spec.cost(spec.updates)
        each.append((confirmed, spec.cost(spec.updates) * replicates // spec.replicates))
    return sum(confirmed for confirmed, _ in each) + max(refitted for _, refitted in each)
