"""The warnings of a report, in words: what speaks against a study, and what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass

from dnnsearch.reporting.analysis.analyses import Analyses
from dnnsearch.reporting.analysis.boundaries import BoundaryHit
from dnnsearch.reporting.analysis.chance_level import Chance
from dnnsearch.reporting.analysis.divergence import Cut, Divergence
from dnnsearch.reporting.analysis.undertrained import AHEAD, Undertrained
from dnnsearch.trials.spec import Value


@dataclass(frozen=True)
class Finding:
    """One warning; `short` can stand in a sentence of the verdict."""

    kind: str  # nothing, edge, diverged or falling
    short: str
    text: str
    advice: str


def findings(views: Analyses) -> Iterator[Finding]:
    """The gravest first; none of a study that needs no warning."""
    if views.chance and not views.chance.is_beaten:
        yield _nothing(views.chance)
    for edge in views.edges:
        yield _edge(edge)
    if views.divergence.is_much:
        yield _diverged(views.divergence)
    if views.falling.is_much:
        yield _falling(views.falling)


def _nothing(chance: Chance) -> Finding:
    return Finding(
        "nothing",
        "nothing was found",
        f"the best {chance.measure}, {chance.best:.4f}, is within what the luckiest of "
        f"{chance.guesses} guessing networks reaches ({chance.reach:.4f}); a constant answer has "
        f"{chance.level:.4f}",
        "look at the labels and the features, and at a space in which networks can learn at all",
    )


def _edge(edge: BoundaryHit) -> Finding:
    name, side = edge.axis.name, "upper" if edge.is_upper else "lower"
    return Finding(
        "edge",
        f"the best lies at the {side} edge of {name}",
        f"{name}: the best trials lie at the {side} edge of the space, {show(edge.value)}, and "
        "trials become better towards it",
        f"search {'above' if edge.is_upper else 'below'} {show(edge.value)}, too",
    )


def _diverged(divergence: Divergence) -> Finding:
    share = f"{divergence.diverged} of {divergence.ended} trials diverged"
    percent = f"{share} ({divergence.diverged / divergence.ended:.0%})"
    if divergence.cut is None:
        return Finding("diverged", share, percent, "search smaller learning rates")
    return Finding("diverged", share, f"{percent}: {where(divergence.cut)}", _away(divergence.cut))


def where(cut: Cut) -> str:
    """Such as `12 of the 13 with learning_rate at least 0.5`."""
    relation = "" if cut.relation == "equal to" else f"{cut.relation} "
    return f"{cut.diverged} of the {cut.all} with {cut.axis.name} {relation}{show(cut.value)}"


def _away(cut: Cut) -> str:
    side = {"at least": "below", "at most": "above", "equal to": "without"}[cut.relation]
    return f"search {cut.axis.name} {side} {show(cut.value)}"


def _falling(falling: Undertrained) -> Finding:
    count = f"{len(falling.still)} of the best {falling.looked_at} trials"
    return Finding(
        "falling",
        f"{count} were still improving when they ended",
        f"the dev cost of {count} was still falling at the last iteration: with {AHEAD:.0%} more "
        f"iterations it would go on to fall by about {falling.ahead:.0%}",
        "search more iterations, or faster ones with a larger learning rate",
    )


def show(value: Value) -> str:
    """A hyperparameter's value with few digits."""
    return value if isinstance(value, str) else f"{value:.4g}"
