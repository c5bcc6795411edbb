"""The warnings of a report as sentences: what is wrong, and what to do about it."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from dnnsearch.config.dimensions import plain
from dnnsearch.config.yaml_file import as_settings
from dnnsearch.reporting.analysis.analyses import Analyses
from dnnsearch.reporting.analysis.baseline_comparison import BaselineComparison
from dnnsearch.reporting.analysis.boundaries import BoundaryHit
from dnnsearch.reporting.analysis.chance_level import ChanceLevel
from dnnsearch.reporting.analysis.divergence import Cut, Divergence
from dnnsearch.reporting.analysis.known_examples import KnownExamples
from dnnsearch.reporting.analysis.undertrained import EXTRA_ITERATIONS, Undertrained
from dnnsearch.reporting.analysis.wider_space import wider
from dnnsearch.trials.hyperparameter_row import Value

SEARCH = "dnnsearch search CONFIG.yaml --study NAME"


@dataclass(frozen=True)
class Finding:
    """One warning; `short` fits into a sentence of the verdict."""

    kind: str  # one word, such as "chance"
    short: str
    text: str
    advice: str
    command: str = ""  # that follows the advice


def findings(analyses: Analyses, search: str = SEARCH) -> Iterator[Finding]:
    """Yield the warnings on a study, the most serious first.

    `search` is the command that an advice on another search begins with.
    """
    if analyses.chance and not analyses.chance.is_beaten:
        if analyses.ranking and analyses.ranking.is_beaten:
            yield _ranking(analyses.chance, analyses.ranking, search)
        else:
            yield _chance(analyses.chance)
    if analyses.baselines:
        yield from _baselines(analyses.baselines)
    if analyses.known and analyses.known.is_much:
        yield _known(analyses.known, search)
    for hit in analyses.boundary_hits:
        yield _boundary(hit, search)
    if analyses.divergence.is_much:
        yield _diverged(analyses.divergence)
    if analyses.undertrained.is_much:
        yield _undertrained(analyses.undertrained)


def _chance(chance: ChanceLevel) -> Finding:
    return Finding(
        "chance",
        "nothing was found",
        f"the best {chance.measure}, {chance.best:.4f}, is not better than the best of "
        f"{chance.guesses} random guesses can be ({chance.reach:.4f}); a constant answer has "
        f"{chance.level:.4f}",
        "check the labels and the features, and whether networks can learn at all in this space",
    )


def _ranking(chance: ChanceLevel, ranking: ChanceLevel, search: str) -> Finding:
    return Finding(
        "ranking",
        f"{chance.measure} does not show what was found",
        f"the best {chance.measure}, {chance.best:.4f}, is not better than random guesses can be, "
        f"but a {ranking.measure} of {ranking.best:.4f} is ({ranking.reach:.4f}): the networks "
        "rank the examples, and their answers are hardly better than a constant one",
        "search for a good ranking, in a new study",
        f"{search} --set objective={ranking.measure}",
    )


def _baselines(compared: BaselineComparison) -> Iterator[Finding]:
    if compared.better:
        title, value = compared.better[0]
        is_plural = title.endswith("s")
        are, reach = ("are", "reach") if is_plural else ("is", "reaches")
        they = "they need" if is_plural else "it needs"
        yield Finding(
            "baseline",
            f"the {title} {are} better than the best trial",
            f"the {title} {reach} {value:.4f} without a network, better than the best trial's "
            f"{compared.best:.4f} ({compared.measure})",
            f"look at the {title} first, because {they} no search; or search wider",
        )
    if compared.default is not None:
        yield Finding(
            "default",
            "trial 0 is worse than guessing",
            f"trial 0, with which the search started, has {compared.default:.4f}, worse than "
            f"guessing ({compared.guess:.4f})",
            "look at its learning curve: a smaller learning rate, or more iterations",
        )


def _known(known: KnownExamples, search: str) -> Finding:
    text = count_known(known)
    said = f"{text}: their scores are too good for new rows"
    if known.test_is_a_file and not known.is_much_of_dev:
        return Finding("known", text, said, "leave these rows out of one of the two files")
    advice = "keep equal rows in one part, in a new study"
    return Finding("known", text, said, advice, f"{search} --set split.equal_rows=together")


def count_known(known: KnownExamples) -> str:
    """Return a phrase such as `3 of 50 dev examples equal one of train in all inputs, and ...`."""
    dev = f"{known.dev} of {known.dev_examples} dev examples equal one of train in all inputs"
    return f"{dev}, and {known.test} of {known.test_examples} test examples one of train or dev"


def _boundary(hit: BoundaryHit, search: str) -> Finding:
    name, side = hit.axis.name, "upper" if hit.is_upper else "lower"
    beyond = f"{'above' if hit.is_upper else 'below'} {show(hit.value)}"
    wide = _wider(hit)
    return Finding(
        "boundary",
        f"the best trial lies at the {side} bound of {name}",
        f"{name}: the best trials lie at the {side} bound of the space, {show(hit.value)}, and "
        "trials improve towards it",
        f"also search {beyond}{', in a new study' if wide else ''}",
        f"{search} --set {shlex.quote(wide)}" if wide else "",
    )


def _wider(hit: BoundaryHit) -> str:
    """Return the setting that searches beyond the bound; empty if no value is allowed there."""
    found = wider(hit.axis, hit.is_upper)
    return "".join(as_settings({hit.axis.name: plain(found)})) if found else ""


def _diverged(divergence: Divergence) -> Finding:
    share = f"{divergence.diverged} of {divergence.ended} trials diverged"
    percent = f"{share} ({divergence.diverged / divergence.ended:.0%})"
    cut = divergence.cut
    if cut is None:
        return Finding("diverged", share, percent, "search smaller learning rates")
    side = {"at least": "below", "at most": "above", "equal to": "without"}[cut.relation]
    advice = f"search {cut.axis.name} {side} {show(cut.value)}"
    return Finding("diverged", share, f"{percent}: {describe_cut(cut)}", advice)


def describe_cut(cut: Cut) -> str:
    """Return a phrase such as `12 of the 13 trials with learning_rate at least 0.5`."""
    relation = "" if cut.relation == "equal to" else f"{cut.relation} "
    return (
        f"{cut.diverged} of the {cut.all} trials with {cut.axis.name} {relation}{show(cut.value)}"
    )


def _undertrained(undertrained: Undertrained) -> Finding:
    count = f"{len(undertrained.improving)} of the best {undertrained.examined} trials"
    return Finding(
        "undertrained",
        f"{count} were still improving when they ended",
        f"the dev cost of {count} was still falling at the last iteration: "
        f"{EXTRA_ITERATIONS:.0%} more iterations would lower it by about "
        f"{undertrained.decrease:.0%}",
        "search more iterations, or larger learning rates",
    )


def show(value: Value) -> str:
    """Return a hyperparameter's value as text, with at most four significant digits."""
    return value if isinstance(value, str) else f"{value:.4g}"
