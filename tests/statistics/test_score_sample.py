"""Intervals and variance parts of networks that were measured on the same examples."""

import numpy as np
import pytest
from scipy import stats

from dnnsearch.statistics.difference_to_best import Comparison
from dnnsearch.statistics.example_scores import contributions
from dnnsearch.statistics.interval import wilson
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.trials.metrics import METRICS

EASY = np.random.default_rng(0).random(200)  # how likely each example is to be hit


def hits(networks: int, seed: int = 1) -> np.ndarray:
    """Hits (networks, 200) of networks that agree in part."""
    drawn = np.random.default_rng(seed).random((networks, len(EASY)))
    return (drawn < EASY).astype(float)


def test_the_share_of_one_network_has_the_interval_of_its_examples():
    (one,) = values = hits(1)
    found = ScoreSample(values, is_share=True).interval
    expected = stats.binomtest(int(one.sum()), len(one)).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=2e-3)


def test_examples_are_counted_as_what_they_are_also_if_a_value_is_that_of_a_group():
    assert ScoreSample(hits(2)).counted == "200 examples"
    assert ScoreSample(hits(2), rows=200).counted == "200 examples"
    assert ScoreSample(hits(2), rows=900).counted == "900 examples in 200 groups"


def test_the_share_of_several_networks_is_surer_than_that_of_one_but_not_without_bound():
    several = ScoreSample(hits(16), is_share=True)
    width = several.interval.high - several.interval.low
    of_one, of_two = (wilson(several.mean, worth) for worth in (200, 400))
    assert width < of_one.high - of_one.low
    nearly = np.ones((16, 200))
    nearly[0, 0] = 0  # 3,199 of 3,200, and yet hardly anything is known of the hard examples
    bounded = ScoreSample(nearly, is_share=True).interval
    assert (bounded.low, bounded.high) == pytest.approx(
        (wilson(nearly.mean(), 400).low, wilson(nearly.mean(), 400).high)
    )
    assert width > 0.9 * (of_two.high - of_two.low)


def test_networks_that_all_answer_alike_count_as_one():
    same = np.repeat(hits(1), 16, axis=0)
    found, one = (ScoreSample(v, is_share=True).interval for v in (same, same[:1]))
    assert (found.low, found.high) == pytest.approx((one.low, one.high), abs=1e-12)


def test_the_variance_has_a_part_of_the_seeds_and_one_of_the_examples():
    rng = np.random.default_rng(2)
    seeds, examples = rng.normal(0, 3, (400, 1)), rng.normal(0, 2, 300)
    measured = ScoreSample(seeds + examples + rng.normal(0, 1, (400, 300)))
    assert measured.seed_variance == pytest.approx(9 / 400, rel=0.2)
    assert measured.example_variance == pytest.approx(4 / 300, rel=0.2)


def test_anything_but_a_share_has_students_interval():
    values = np.random.default_rng(3).normal(5, 1, (1, 30))
    low, high = stats.t.interval(0.95, 29, values.mean(), stats.sem(values[0]))
    found = ScoreSample(values).interval
    assert (found.low, found.high) == pytest.approx((low, high))


EVERY_KIND = [(name, output) for name, metric in METRICS.items() for output in metric.outputs]


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize(("objective", "output"), EVERY_KIND)
def test_one_example_has_a_score_and_no_certainty(objective, output, networks):
    """A test file may have one row; nothing is known of the spread of the examples then."""
    rng = np.random.default_rng(networks)
    Z = rng.normal(size=(networks, 3 if output == "softmax" else 1, 1))
    y = np.array([0.3]) if output == "identity" else np.array([1])
    found = [
        ScoreSample(contributions(objective, output, logits, y), METRICS[objective].is_share)
        for logits in (Z, Z + 1)
    ]
    is_defined = objective not in ("dev_roc_auc", "dev_r2")
    assert np.isfinite(found[0].mean) == is_defined
    if is_defined:
        interval = found[0].interval
        assert interval.low <= found[0].mean <= interval.high
        assert interval.high - interval.low > 0.5
        assert Comparison(found, maximize=True).tied == [0, 1]
