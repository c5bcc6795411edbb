"""What a promotion says of the test set: the scores of the ensemble, and those to compare with."""

import math
from collections.abc import Iterator, Mapping

from dnnsearch.promotion.promotion import Promotion
from dnnsearch.promotion.row_intervals import line as coverage_line
from dnnsearch.runtime.cli_process import program_name
from dnnsearch.statistics.interval import UNDEFINED, better_or_worse, number_text, score_text
from dnnsearch.study.baselines.baseline_models import TITLES
from dnnsearch.study.baselines.baselines_text import better_on_test
from dnnsearch.study.evaluation_log import on_test
from dnnsearch.trials.metrics import METRICS, RANKING
from dnnsearch.validators import cut, shortened

MAX_CLASSES_SHOWN = 5


def lines_on_test(promotion: Promotion) -> list[str]:
    """Return the lines on the test set."""
    objective, unseen = promotion.objective, "" if promotion.known else ", which no trial has seen"
    rows = f"{promotion.scores['examples']} test examples{unseen}"
    return [
        f"refitted on train and dev: {promotion.networks} networks, together the ensemble",
        f"{on_test(objective)} on {rows}:",
        *([_known(promotion)] if promotion.known else []),
        *_objective(promotion),
        *(f"  note: {sentence}" for sentence in _better_baselines(promotion)),
        *(_other_metric(promotion, other) for other in promotion.metrics if other != objective),
        *_coverage(promotion),
        _shrinkage(promotion),
        *_found(promotion),
    ]


def _objective(promotion: Promotion) -> list[str]:
    """Return the scores of the objective, the ensemble's first; one line if it is not defined."""
    objective, scores = promotion.objective, promotion.scores
    if not _is_defined(scores["ensemble"]):
        return [f"  {_undefined(promotion, objective)}"]
    return [
        f"  the ensemble   {score_text(scores['ensemble'])}",
        f"  one network    {score_text(scores['single'])}",
        f"  guessing       {number_text(scores['guess'])}",
        *(_baseline(promotion, model) for model in promotion.baselines),
    ]


def _is_defined(figure: Mapping[str, float]) -> bool:
    return math.isfinite(figure["value"])


def _undefined(promotion: Promotion, name: str) -> str:
    """Return that a metric is not defined on the test set, and which class it has no row of."""
    if name != RANKING or not promotion.absent:
        return UNDEFINED
    classes = "class" if len(promotion.absent) == 1 else "classes"
    absent = shortened(map(cut, promotion.absent), MAX_CLASSES_SHOWN)
    return f"{UNDEFINED}: none of them is of {classes} {absent}"


def _coverage(promotion: Promotion) -> list[str]:
    """Return the line on what intervals or sets of labels hold of the test set."""
    found = promotion.coverage
    return [] if found is None else [coverage_line(found, promotion.study, program_name())]


def _baseline(promotion: Promotion, model: str) -> str:
    return f"  {TITLES[model]:13}  {score_text(promotion.baselines[model][promotion.objective])}"


def _better_baselines(promotion: Promotion) -> Iterator[str]:
    objective = promotion.objective
    ensemble = {**promotion.metrics, objective: promotion.scores["ensemble"]}
    return better_on_test(promotion.baselines, ensemble, objective)


def _other_metric(promotion: Promotion, name: str) -> str:
    figure = promotion.metrics[name]
    if not _is_defined(figure):
        return f"  {on_test(name)}: {_undefined(promotion, name)}"
    is_worse = METRICS[name].direction.better(figure["guess"], figure["value"])
    guess = f"guessing {number_text(figure['guess'])}{', which is better' if is_worse else ''}"
    single = f"one network {number_text(promotion.single_metrics[name]['value'])}"
    return f"  {on_test(name)} of the ensemble: {score_text(figure)}; {single}; {guess}"


def _known(promotion: Promotion) -> str:
    what = f"{promotion.known} of them equal an example of train or dev in all inputs"
    advice = "within one file split.equal_rows: together prevents that"
    return f"  warning: {what}, so the scores are too good for new rows; {advice}"


def _shrinkage(promotion: Promotion) -> str:
    """Return how the score of one network changed from the search to the test set."""
    search, confirmed, test = steps(promotion)
    direction = METRICS[promotion.objective].direction
    on_the_test_set = "not defined on test"
    if math.isfinite(test):
        change = better_or_worse(direction.sign * (test - search))
        on_the_test_set = f"{number_text(test)} on test, {change} than in the search"
    scores = f"{search:.4f} in the search, {confirmed:.4f} confirmed, {on_the_test_set}"
    why = "dev scores are optimistic, because dev was used for selection"
    if direction.better(test, search):
        why = "dev scores are optimistic all the same, and test rows happen to be easier"
    return f"one network from dev to test: {scores}; {why}"


def steps(promotion: Promotion) -> tuple[float, float, float]:
    """Return the mean score of single networks of the winner: search, confirmation, test set."""
    place = promotion.confirmed.chosen.index(promotion.winner)
    confirmed = promotion.confirmed.measured[place].mean
    return promotion.winner.value, confirmed, promotion.scores["single"]["value"]


def _found(promotion: Promotion) -> list[str]:
    """Return a line if not the objective shows that the ensemble is better than guessing."""
    if not promotion.found_by:
        return [_nothing(promotion)]
    if promotion.objective in promotion.found_by:
        return []
    (shown,) = promotion.found_by
    figure = promotion.metrics[shown]
    guess = number_text(figure["guess"])
    text = f"found by {on_test(shown)}, {score_text(figure)}, guessing {guess}, and not by "
    why = f"{on_test(promotion.objective)}: the networks rank the examples, but their answers are"
    advice = f"to search for a good ranking: --set objective={shown} and another --study NAME"
    return [f"{text}{why} not clearly better than guessing; {advice}"]


def _nothing(promotion: Promotion) -> str:
    figures, objective = promotion.metrics, promotion.objective
    tried = [name for name in dict.fromkeys([objective, RANKING]) if name in figures]
    text = " nor ".join(f"{on_test(n)} ({_guess(figures[n])})" for n in tried)
    neither = f"neither {text} is" if len(tried) > 1 else f"{text} is not"
    advice = "check the labels and the features"
    if any(METRICS[n].direction.better(figures[n]["value"], figures[n]["guess"]) for n in tried):
        advice = f"{promotion.scores['examples']} test examples may be too few; also {advice}"
    return (
        f"the search found nothing that the test set confirms: {neither} clearly better than "
        f"guessing; {advice}"
    )


def _guess(figure: Mapping[str, float]) -> str:
    return f"guessing: {number_text(figure['guess'])}" if _is_defined(figure) else "not defined"
