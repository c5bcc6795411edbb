"""The first section of the page after a promotion: the scores on the test set."""

import math
from collections.abc import Mapping

from dnnsearch.reporting.html import tables
from dnnsearch.reporting.html.markup import Markup, section, tag
from dnnsearch.statistics.baseline import guess_text
from dnnsearch.statistics.interval import score_text
from dnnsearch.study.baselines.baseline_models import GUESS, TITLES
from dnnsearch.study.promoted_figure import PromotedFigure


def figure_section(figure: PromotedFigure | None, doubt: str = "") -> Markup:
    """Return the section; empty if nothing was promoted. `doubt` is why it is not to be trusted."""
    if figure is None:
        return section("On the test set", *_warning(doubt)) if doubt else Markup("")
    which = "the champion" if figure.is_champion else "the last promotion, which is not champion"
    about = (
        f"The figure of {which}, of trial {figure.trial}, on {figure.examples} test examples, with "
        f"95 % intervals. {figure.openings[:1].upper()}{figure.openings[1:]}. "
    )
    choice = (
        "dnnsearch verify computes these figures again from the stored networks. "
        "A promotion trains the best trials of the search again and chooses the cheapest of those "
        "that it cannot tell apart, so this need not be the trial that was best in the search."
    )
    outer = [tag("p", figure.outer.sentence)] if figure.outer else []
    return section(
        "On the test set",
        *_warning(doubt),
        _scores(figure),
        *(tag("p", sentence) for sentence in figure.better_baselines()),
        *(tag("p", sentence) for sentence in figure.better_guesses()),
        *(tag("p", sentence) for sentence in figure.undefined()),
        *outer,
        about=f"{about}{choice} {guess_text(list(figure.ensemble))}",
    )


def _warning(doubt: str) -> list[Markup]:
    """Return the warning that a figure is not to be trusted, if there is a reason."""
    title = tag("strong", "This is not what the networks have: ")
    return [tag("ul", tag("li", title, doubt), class_="warnings")] if doubt else []


def _scores(figure: PromotedFigure) -> Markup:
    """Return the table of all scores: a row for each metric, so that many fit the page."""
    before = {"the ensemble": figure.ensemble, "one network": figure.single}
    after = {TITLES[model]: one for model, one in figure.baselines.items()}
    rows = [
        [
            name.removeprefix("dev_"),  # as in the sentence on guessing
            *(_score(one.get(name)) for one in before.values()),
            _guess(of_ensemble),
            *(_score(one.get(name)) for one in after.values()),
        ]
        for name, of_ensemble in figure.ensemble.items()
    ]
    return tables.table(["", *before, TITLES[GUESS], *after], rows)


def _guess(of_ensemble: Mapping[str, float]) -> Markup:
    """Return the value of guessing; empty if the metric is not defined on the test set."""
    is_defined = math.isfinite(of_ensemble["value"])
    return tables.number(of_ensemble.get("guess") if is_defined else None, ".4f")


def _score(figure: Mapping[str, float] | None) -> Markup:
    return tag("data", score_text(figure), value=repr(figure["value"])) if figure else Markup("")
