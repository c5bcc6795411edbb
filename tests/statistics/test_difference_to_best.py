"""Comparisons and intervals on simulated networks whose expectation is known."""

import numpy as np
import pytest
from scipy.stats import t, ttest_ind

from dnnsearch.statistics.difference_to_best import Comparison
from dnnsearch.statistics.interval import wilson
from dnnsearch.statistics.score_sample import ScoreSample


def hits(rights: list[list[int]]) -> ScoreSample:
    return ScoreSample(np.array(rights, float), is_share=True)


def noisy(mean: float, rng: np.random.Generator, R: int = 8, m: int = 50) -> ScoreSample:
    values = rng.standard_normal((R, 1)) + rng.standard_normal((R, m))
    return ScoreSample(mean + values - values.mean())


def test_two_candidates_are_compared_by_a_one_sided_t_test_of_paired_examples() -> None:
    a, b = (np.random.default_rng(seed).standard_normal(40) for seed in (1, 2))
    comparison = Comparison([ScoreSample(a[np.newaxis]), ScoreSample(b[np.newaxis])], maximize=True)
    ahead, error = abs((a - b).mean()), (a - b).std(ddof=1) / np.sqrt(40)
    behind = comparison.difference_to_best(1 - comparison.leader)
    assert behind.low == pytest.approx(-ahead - t.isf(0.05, 39) * error)
    assert behind.high == pytest.approx(max(-ahead + t.isf(0.05, 39) * error, 0.0))


@pytest.mark.parametrize("rivals", [1, 4])
def test_without_pairing_each_is_compared_as_by_welch_however_many_there_are(rivals: int) -> None:
    rng = np.random.default_rng(0)
    seeds = [rng.standard_normal((30, 1)) + np.zeros((30, 2)) for _ in range(1 + rivals)]
    comparison = Comparison([ScoreSample(one) for one in seeds], maximize=True)
    for k in set(range(1 + rivals)) - {comparison.leader}:
        pair = (seeds[comparison.leader][:, 0], seeds[k][:, 0])
        known = ttest_ind(*pair, equal_var=False, alternative="greater")
        assert (k in comparison.tied) == (known.pvalue > 0.05)
        interval = ttest_ind(*pair, equal_var=False).confidence_interval(0.95)
        ours = comparison.difference(comparison.leader, k)
        assert (ours.low, ours.high) == pytest.approx((interval.low, interval.high), rel=1e-3)


def test_paired_seeds_take_the_luck_that_is_common_to_both_out_of_a_difference() -> None:
    rng = np.random.default_rng(1)
    luck = 5.0 * rng.standard_normal((8, 1))  # of the seeds, the same for both
    both = [ScoreSample(luck + rng.standard_normal((8, 50))) for _ in range(2)]
    paired, apart = (Comparison(both, maximize=True, paired=one) for one in (True, False))
    widths = [one.difference(0, 1).high - one.difference(0, 1).low for one in (paired, apart)]
    assert widths[0] < widths[1] / 5


def test_intervals_of_paired_seeds_hold_the_difference_in_19_of_20_cases() -> None:
    rng, held = np.random.default_rng(3), 0
    for _ in range(400):
        luck, hard = rng.standard_normal((6, 1)), rng.standard_normal((1, 40))
        own = [rng.standard_normal((6, 1)) * 0.3 + rng.standard_normal((6, 40)) for _ in range(2)]
        pair = [ScoreSample(mean + luck + hard + one) for mean, one in zip((0.5, 0.2), own)]
        held += 0.3 in Comparison(pair, maximize=True, paired=True).difference(0, 1)
    assert 0.93 < held / 400 < 0.985


def test_a_tie_is_called_a_tie_and_a_worse_one_worse() -> None:
    rng = np.random.default_rng(5)
    comparison = Comparison([noisy(0.0, rng), noisy(0.1, rng), noisy(-9.0, rng)], maximize=True)
    assert (comparison.leader, comparison.tied) == (1, [0, 1])
    assert comparison.difference_to_best(2).high == 0 > comparison.difference_to_best(2).low
    assert comparison.difference_to_best(0).low < 0 < comparison.difference_to_best(0).high
    assert comparison.difference(1, 2).low > 0


def test_the_smallest_value_leads_if_smaller_is_better() -> None:
    rng = np.random.default_rng(5)
    costs = [noisy(0.0, rng), noisy(9.0, rng)]
    comparison = Comparison(costs, maximize=False)
    assert (comparison.leader, comparison.tied) == (0, [0])
    assert comparison.difference_to_best(1).high == 0


def test_networks_that_err_on_the_same_examples_are_not_known_to_be_equal() -> None:
    same = hits([[1] * 90 + [0] * 10] * 4)
    comparison = Comparison([same, same], maximize=True)
    assert comparison.tied == [0, 1]
    assert 0.01 < comparison.difference(0, 1).high < 0.05


def test_candidates_that_never_vary_are_tied() -> None:
    perfect = ScoreSample(np.ones((4, 15)))  # not a share: nothing is known of its variance
    assert Comparison([perfect, perfect], maximize=True).tied == [0, 1]


def test_one_candidate_is_the_best_of_one() -> None:
    comparison = Comparison([hits([[1, 0, 1]])], maximize=True)
    assert (comparison.leader, comparison.tied) == (0, [0])


def test_networks_that_differ_widely_make_a_figure_less_sure() -> None:
    rng = np.random.default_rng(0)
    base = rng.random((16, 400)) < 0.9
    spread = np.concatenate([base[:8] & (rng.random((8, 400)) < 0.7), base[8:]])
    sure, unsure = (ScoreSample(v.astype(float), is_share=True) for v in (base, spread))
    assert 100 * sure.seed_variance < unsure.seed_variance
    assert unsure.interval.high - unsure.interval.low > 2 * (sure.interval.high - sure.interval.low)


def test_one_network_that_is_always_right_has_the_interval_of_wilson() -> None:
    assert hits([[1] * 30]).interval == wilson(1.0, 30)


def test_the_parts_of_the_variance_are_those_that_were_put_in() -> None:
    rng = np.random.default_rng(1)
    seeds, examples = 0.3 * rng.standard_normal((400, 1)), rng.standard_normal(500)
    values = seeds + examples + 0.5 * rng.standard_normal((400, 500))
    measured = ScoreSample(values)
    assert measured.seed_variance * 400 == pytest.approx(0.09, rel=0.2)
    assert measured.example_variance * 500 == pytest.approx(1.0, rel=0.2)
