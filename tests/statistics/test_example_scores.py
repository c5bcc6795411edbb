"""Contributions of examples, against the metrics whose mean they are."""

import numpy as np
import pytest

from dnnsearch.nn.outputs import OUTPUTS
from dnnsearch.statistics.example_scores import (
    contributions,
    sample,
    score_with_interval,
    with_ends_of_before,
)
from dnnsearch.statistics.interval import wilson
from dnnsearch.trials.metrics import METRICS, measure, on_request


def logits(output: str, m: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Logits (3, n[L], m), and targets that they predict to some degree."""
    rng = np.random.default_rng(0)
    outputs = 4 if output == "softmax" else 1
    Z = rng.standard_normal((3, outputs, m))
    noisy = Z[0] + rng.standard_normal((outputs, m))
    y = noisy[0] if output == "identity" else OUTPUTS[output].predictions(noisy)
    return Z, y


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_hits_and_losses_are_the_examples_own(output: str) -> None:
    Z, y = logits(output)
    layer = OUTPUTS[output]
    hits = contributions("dev_accuracy", output, Z, y)
    assert (hits == (layer.predictions(Z) == y)).all()
    losses = contributions("dev_cost", output, Z, y)
    assert losses == pytest.approx(layer.losses(Z, layer.targets(y, Z.shape[1])))


@pytest.mark.parametrize("name", on_request())
def test_the_mean_of_the_contributions_is_the_metric(name: str) -> None:
    for output in METRICS[name].outputs:
        Z, y = logits(output)
        scores = measure(name, Z, y, 2.0)
        means = contributions(name, output, Z, y, 2.0).mean(axis=1)
        assert means == pytest.approx(scores)


def test_the_spread_of_pseudo_values_of_an_area_is_that_of_delong() -> None:
    Z, y = logits("sigmoid", 150)
    z = Z[0, 0]
    ours = contributions("dev_roc_auc", "sigmoid", Z[:1], y).var(ddof=1) / 150
    ranks = (z[y == 1][:, np.newaxis] > z[y == 0]).astype(float)
    delong = ranks.mean(1).var(ddof=1) / (y == 1).sum() + ranks.mean(0).var(ddof=1) / (y == 0).sum()
    assert ours == pytest.approx(delong, rel=0.05)


def test_each_network_is_measured_by_its_own_targets() -> None:
    Z, y = logits("softmax")
    ys = np.stack([y, y, 3 - y])
    assert (contributions("dev_accuracy", "softmax", Z, ys)[2] == (Z[2].argmax(0) == 3 - y)).all()


@pytest.mark.parametrize("metric", ["dev_roc_auc", "dev_f1", "dev_balanced_accuracy"])
def test_a_perfect_score_is_as_sure_as_the_rarest_class_has_examples(metric):
    """Its jackknife error is zero, which says nothing; an accuracy of 1 has Wilson's interval."""
    y = np.array([1] * 5 + [0] * 95)
    for Z in (12.0 * y - 6, np.tile(12.0 * y - 6, (4, 1, 1))):
        measured = sample(metric, "sigmoid", Z.reshape(-1, 1, 100), y)
        found = score_with_interval(measured, metric)
        assert found == {"value": 1.0, "low": wilson(1.0, 5).low, "high": 1.0}
        assert found["low"] < 0.6
    other = score_with_interval(sample(metric, "sigmoid", -Z[:1].reshape(1, 1, 100), y), metric)
    assert with_ends_of_before(metric, other, {**other, "low": 0.0, "high": 0.0}) == other
    older = {"value": 1.0, "low": 1.0, "high": 1.0}
    assert with_ends_of_before(metric, found, older) == older
    assert with_ends_of_before("dev_accuracy", found, older) == found
