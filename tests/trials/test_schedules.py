"""The learning rate over time."""

import math

import pytest

from dnnsearch.trials.schedules import DECAYING, SCHEDULES, factor


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_factor_is_positive_and_at_most_1(name):
    factors = [factor(name, 0.0, t, 200) for t in range(1, 201)]
    assert all(0 < one <= 1 for one in factors)
    assert (factors[-1] < 0.001) == (name in DECAYING)


def test_the_schedules_are_those_of_their_papers():
    assert SCHEDULES["cosine"](0.5) == pytest.approx(0.5)
    assert SCHEDULES["cosine"](0.25) == pytest.approx((1 + math.sqrt(0.5)) / 2)
    for peak in (0.5, 1.5, 2.5, 3.5):  # log2(1 + 15 done) there: the middle of each wave
        assert SCHEDULES["coslog"]((2**peak - 1) / 15) == pytest.approx(1)
        assert SCHEDULES["coslog"]((2 ** (peak + 0.5) - 1) / 15) == pytest.approx(0, abs=1e-12)


def test_the_rate_rises_linearly_in_the_warm_up():
    rates = [factor("constant", 0.1, t, 100) for t in range(1, 13)]
    assert rates == pytest.approx([*(t / 10 for t in range(1, 11)), 1, 1])
    assert factor("constant", 0.001, 1, 100) == 1
