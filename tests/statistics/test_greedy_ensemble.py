"""The greedy choice of an ensemble, compared with what is known of these outputs."""

import itertools

import numpy as np

from dnnsearch.statistics.greedy_ensemble import MAX_PICKS, greedy_ensemble

RNG = np.random.default_rng(0)
TRUTH = RNG.normal(size=400)


def value(output: np.ndarray) -> float:
    return -float(np.square(output - TRUTH).mean())


def test_errors_that_cancel_each_other_are_averaged() -> None:
    error = RNG.normal(size=400)
    outputs = [TRUTH + error, TRUTH - error, TRUTH + 3 * error]
    assert greedy_ensemble(outputs, 0, value) == [1, 1, 0]
    weights = greedy_ensemble(outputs, 2, value)
    assert weights[1] - weights[0] == 3  # three parts of the opposite error for one of the large


def test_the_first_stays_alone_if_nothing_makes_it_better() -> None:
    outputs = [TRUTH, TRUTH + 1, TRUTH - 2]
    assert greedy_ensemble(outputs, 0, value) == [1, 0, 0]
    assert greedy_ensemble([TRUTH, TRUTH], 1, value) == [0, 1]  # of equals the smallest


def test_it_comes_near_the_best_of_all_ensembles() -> None:
    outputs = [TRUTH + RNG.normal(scale=s, size=400) for s in (0.5, 0.6, 0.7, 0.9)]
    weights = greedy_ensemble(outputs, 0, value)
    assert sum(weights) <= MAX_PICKS
    found = value(sum(w * one for w, one in zip(weights, outputs, strict=True)) / sum(weights))
    every = (w for w in itertools.product(range(6), repeat=4) if sum(w))
    best = max(
        value(sum(w * one for w, one in zip(w, outputs, strict=True)) / sum(w)) for w in every
    )
    assert found > value(outputs[0])
    assert found > best - 0.02 * abs(best)


def test_an_ensemble_without_a_value_is_never_chosen() -> None:
    outputs = [TRUTH + 1, np.full(400, np.nan), TRUTH - 1]
    assert greedy_ensemble(outputs, 0, value) == [1, 0, 1]
