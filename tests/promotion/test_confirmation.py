"""Which candidate of made-up scores is preferred, and how `promote` explains the choice."""

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dnnsearch.promotion.candidates import Candidate
from dnnsearch.promotion.confirmation import Confirmed
from dnnsearch.promotion.gain_text import gain_lines
from dnnsearch.promotion.promotion import Promotion
from dnnsearch.promotion.promotion_text import (
    DIFFERENCES,
    _left_out_start,
    choice,
    confirmation_table,
    interval_note,
    relation_to_best,
)
from dnnsearch.promotion.registration import Registered
from dnnsearch.statistics.interval import Interval
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.study.test_set_history import History
from dnnsearch.trials.hyperparameters import Hyperparameters


def candidate(trial: int, price: int) -> Candidate:
    hyper = Hyperparameters(0.1, 10, (8,), "relu", 0.9, 32)
    return Candidate(trial, 0.9, hyper, price)


def confirmed(means: list[float], prices: list[int], maximize: bool = True) -> Confirmed:
    """Candidates with a standard error of about 0.07, each on examples of its own."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((len(means), 1, 200))
    measured = [ScoreSample(m + row - row.mean()) for m, row in zip(means, rows, strict=True)]
    chosen = [candidate(trial, price) for trial, price in enumerate(prices)]
    return Confirmed(chosen, measured, [], maximize)


def test_the_cheapest_that_is_not_distinguishable_from_the_best_is_preferred() -> None:
    found = confirmed([1.0, 0.99, 0.98, -9.0], [300, 200, 250, 1])
    assert found.comparison.tied == [0, 1, 2]
    assert [one.trial for one in found.preferred] == [1, 2, 0, 3]


def test_trial_0_is_not_chosen_for_being_cheap_but_for_being_the_best() -> None:
    tied = confirmed([1.0, 0.99, 0.98], [300, 200, 1])
    start = tied.chosen[2]
    found = replace(tied, start=start, was_added=True)
    assert found.comparison.tied == [0, 1, 2]
    assert [one.trial for one in found.preferred] == [1, 0, 2]
    why = (
        "trial 0, which is none of the best in the search, is trained to be compared with, and "
        "chosen only if its score is the best of all"
    )
    assert why in _left_out_start(found)
    assert not _left_out_start(replace(found, was_added=False))
    assert [one.trial for one in replace(found, was_added=False).preferred] == [2, 1, 0]
    best = confirmed([0.98, 0.97, 1.0], [300, 200, 1])
    found = replace(best, start=best.chosen[2], was_added=True)
    assert [one.trial for one in found.preferred] == [2, 1, 0]
    gain, interval = tied_gain(tied, start)
    assert gain == pytest.approx(0.01)
    assert gain in interval


@pytest.mark.parametrize(
    ("means", "begin", "is_clear"),
    [
        ([9.0, 1.0], "the search gained +8.0000 over trial 0, with which it started (", True),
        (
            [1.0, 0.99],
            "no clear gain over trial 0, with which the search started: +0.0100 (",
            False,
        ),
        ([1.0, 9.0], "no clear gain over trial 0, with which the search started: -8.0000 (", False),
    ],
)
def test_a_gain_is_called_one_and_explained_only_if_its_interval_is_above_0(
    means: list[float], begin: str, is_clear: bool
) -> None:
    found = confirmed(means, [1, 1])
    (said,) = gain_lines(replace(found, start=found.chosen[1]), found.chosen[0], "clean")
    assert said.startswith(begin)
    assert ("why clean" in said) is is_clear


def tied_gain(found: Confirmed, start: Candidate) -> tuple[float, Interval]:
    gain = replace(found, start=start).gain(found.chosen[1])
    assert gain is not None
    assert replace(found, start=None).gain(found.chosen[1]) is None
    return gain


def test_of_equal_costs_the_better_one_is_preferred() -> None:
    assert [one.trial for one in confirmed([0.98, 1.0], [5, 5]).preferred] == [1, 0]


def test_a_best_one_that_is_clearly_better_is_preferred_at_any_cost() -> None:
    found = confirmed([9.0, 1.0, 2.0], [10**9, 1, 2])
    assert [one.trial for one in found.preferred] == [0, 2, 1]


def test_a_lower_value_of_a_cost_is_better() -> None:
    found = confirmed([9.0, 1.0], [1, 10**9], maximize=False)
    assert found.preferred[0].trial == 1


def test_the_table_shows_how_each_one_differs_from_the_best() -> None:
    comparison = confirmed([0.98, 1.0, -9.0], [5, 5, 5]).comparison
    best, similar, worse = (relation_to_best(comparison, k) for k in (1, 0, 2))
    assert best == "best"
    assert re.fullmatch(r"-0\.\d{4} to \+0\.\d{4}, not distinguishable", similar)
    assert re.fullmatch(r"-1\d\.\d{4} to 0, worse", worse)
    comparison = confirmed([9.0, 1.0], [5, 5]).comparison
    assert [relation_to_best(comparison, k)[-6:] for k in (0, 1)] == ["best", " worse"]
    assert relation_to_best(confirmed([1.0], [5]).comparison, 0) == ""


@pytest.mark.parametrize("width", [80, 100, 120])
def test_the_table_fits_the_terminal(width: int) -> None:
    table = list(confirmation_table(confirmed([0.98, 1.0, -9.0], [5, 5, 5]), width))
    assert max(map(len, table)) <= width
    assert "distinguishable" in " ".join(table).split()


def test_the_worst_is_not_preferred_if_the_spread_of_the_seeds_is_cut_to_0() -> None:
    for draw in range(200):
        rows = np.random.default_rng(draw).standard_normal((5, 4, 30))  # the seeds add nothing
        rows[:4] += 2.0
        chosen = [candidate(trial, 1) for trial in range(5)]
        found = Confirmed(chosen, [ScoreSample(one) for one in rows], [], maximize=True)
        assert found.comparison.leader in found.comparison.tied
        assert 4 not in found.comparison.tied
        order = [one.trial for one in found.preferred]
        assert order[0] == found.comparison.leader
        assert sorted(order) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("winner", "diverged", "said"),
    [
        (1, [], ", the cheapest of the best, 0, and those not distinguishable from it: 1"),
        (0, [1], "; those preferred to it diverged when refitted: 1"),
        (2, [1, 0], "; those preferred to it diverged when refitted: 1, 0"),
    ],
)
def test_the_reason_of_the_choice_is_what_happened(
    winner: int, diverged: list[int], said: str
) -> None:
    found = confirmed([1.0, 0.99, -9.0], [300, 200, 1])
    assert [one.trial for one in found.preferred] == [1, 0, 2]
    preferred_to_it = [found.chosen[k] for k in diverged]
    promotion = Promotion(
        study="s",
        objective="dev_r2",
        folds=None,
        confirmed=found,
        winner=found.chosen[winner],
        diverged=preferred_to_it,
        replicates=4,
        scores={},
        metrics={},
        single_metrics={},
        baselines={},
        known=0,
        evaluations=[],
        model="",
        history=History("s", "", [], None, []),
        corrections=[],
        found_by=[],
        registered=Registered("", "", True, ""),
    )
    assert choice(promotion) == f"chosen: trial {winner} (relu 8, learning rate 0.1){said}"


def test_the_choice_names_the_others_in_the_order_of_the_table() -> None:
    found = confirmed([0.98, 0.99, 1.0], [3, 2, 1])
    promotion: Any = SimpleNamespace(confirmed=found, winner=found.chosen[2], diverged=[])
    said = ", the best, and none of those not distinguishable from it is cheaper: 1, 0"
    assert choice(promotion).endswith(said)
    alone = confirmed([-9.0, 1.0], [1, 1])
    promotion = SimpleNamespace(confirmed=alone, winner=alone.chosen[1], diverged=[])
    assert choice(promotion).endswith("0.1), the best")


def test_a_table_says_why_an_interval_that_ends_at_0_is_called_worse() -> None:
    unlike = confirmed([1.0, 0.99, -9.0], [300, 200, 1])
    (note,) = interval_note(unlike.comparison)
    assert "one-sided" in note
    assert relation_to_best(unlike.comparison, 2).endswith(" to 0, worse")
    assert "if it ends above 0, the row may be as good" in DIFFERENCES
    alike = confirmed([1.0, 0.99], [300, 200])
    assert interval_note(alike.comparison) == []
