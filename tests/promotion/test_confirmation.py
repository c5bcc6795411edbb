"""Who is tied, and who is preferred: on figures that are made up."""

import re

import numpy as np
import pytest

from dnnsearch.promotion.candidates import Candidate
from dnnsearch.promotion.confirmation import Confirmed
from dnnsearch.promotion.promotion import Promotion
from dnnsearch.promotion.promotion_text import choice, standing
from dnnsearch.promotion.registration import Registered
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.trials.spec import Hyperparameters


def candidate(trial: int, price: int) -> Candidate:
    hyper = Hyperparameters(0.1, 10, (8,), "relu", 0.9, 32)
    return Candidate(trial, 0.9, hyper, price)


def confirmed(means: list[float], prices: list[int], maximize: bool = True) -> Confirmed:
    """Figures with a standard error of about 0.07, on examples of their own."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((len(means), 1, 200))
    measured = [ScoreSample(m + row - row.mean()) for m, row in zip(means, rows, strict=True)]
    chosen = [candidate(trial, price) for trial, price in enumerate(prices)]
    return Confirmed(chosen, measured, [], maximize)


def test_of_those_tied_with_the_best_the_cheapest_is_preferred() -> None:
    found = confirmed([1.0, 0.99, 0.98, -9.0], [300, 200, 250, 1])
    assert found.contest.tied == [0, 1, 2]
    assert [one.trial for one in found.preferred] == [1, 2, 0, 3]


def test_of_equal_prices_the_better_one_is_preferred() -> None:
    assert [one.trial for one in confirmed([0.98, 1.0], [5, 5]).preferred] == [1, 0]


def test_a_best_one_that_stands_out_is_preferred_at_any_price() -> None:
    found = confirmed([9.0, 1.0, 2.0], [10**9, 1, 2])
    assert [one.trial for one in found.preferred] == [0, 2, 1]


def test_of_costs_the_lower_is_the_better() -> None:
    found = confirmed([9.0, 1.0], [1, 10**9], maximize=False)
    assert found.preferred[0].trial == 1


def test_it_is_said_how_each_one_stands_to_the_best() -> None:
    contest = confirmed([0.98, 1.0, -9.0], [5, 5, 5]).contest
    ahead, tied, worse = (standing(contest, k) for k in (1, 0, 2))
    assert ahead == "tied"
    assert re.fullmatch(r"-0\.\d{4} to \+0\.\d{4}, tied", tied)
    assert re.fullmatch(r"-1\d\.\d{4} to \+0\.0000, worse", worse)
    contest = confirmed([9.0, 1.0], [5, 5]).contest
    assert [standing(contest, k)[-6:] for k in (0, 1)] == ["best", " worse"]
    assert standing(confirmed([1.0], [5]).contest, 0) == ""


def test_where_the_spread_of_the_seeds_is_cut_to_0_the_worst_is_not_preferred() -> None:
    for draw in range(200):
        rows = np.random.default_rng(draw).standard_normal((5, 4, 30))  # the seeds add nothing
        rows[:4] += 2.0
        chosen = [candidate(trial, 1) for trial in range(5)]
        found = Confirmed(chosen, [ScoreSample(one) for one in rows], [], maximize=True)
        assert found.contest.leader in found.contest.tied
        assert 4 not in found.contest.tied
        order = [one.trial for one in found.preferred]
        assert order[0] == found.contest.leader
        assert sorted(order) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("winner", "diverged", "said"),
    [
        (1, [], ", the cheapest of those tied for best: 0, 1"),
        (0, [1], "; those preferred to it diverged when refitted: 1"),
        (2, [1, 0], "; those preferred to it diverged when refitted: 1, 0"),
    ],
)
def test_why_one_was_chosen_is_said_of_what_happened_alone(
    winner: int, diverged: list[int], said: str
) -> None:
    found = confirmed([1.0, 0.99, -9.0], [300, 200, 1])
    assert [one.trial for one in found.preferred] == [1, 0, 2]
    preferred_to_it = [found.chosen[k] for k in diverged]
    promotion = Promotion(
        "s",
        "dev_r2",
        None,
        found,
        found.chosen[winner],
        preferred_to_it,
        4,
        {},
        [],
        True,
        Registered("", "", True, ""),
    )
    assert choice(promotion) == f"chosen: trial {winner} (relu 8, learning rate 0.1){said}"
