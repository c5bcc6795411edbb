"""Logits that are calibrated by a temperature and a bias, with known answers."""

import numpy as np
import pytest
from scipy.special import expit, softmax

from dnnsearch.nn import OUTPUTS
from dnnsearch.statistics.temperature import MAX_TEMPERATURE, fit_temperature, smoothed_targets

M = 20_000


def drawn(true: np.ndarray) -> np.ndarray:
    """Draw classes (m,) with these true logits (n[L], m)."""
    rng = np.random.default_rng(1)
    if len(true) == 1:
        return (rng.random(true.shape[1]) < expit(true[0])).astype(np.int64)
    shares = softmax(true, axis=0).cumsum(axis=0)
    return np.asarray((shares < rng.random(true.shape[1])).sum(axis=0))


@pytest.mark.parametrize(("outputs", "output"), [(1, "sigmoid"), (4, "softmax")])
@pytest.mark.parametrize("temperature", [0.5, 3.0])
def test_a_known_temperature_and_bias_are_found(
    outputs: int, output: str, temperature: float
) -> None:
    Z = np.random.default_rng(0).normal(0, 2 * temperature, (outputs, M))
    bias = np.linspace(-0.5, 0.5, outputs) if outputs > 1 else np.array([0.7])
    y = drawn(Z / temperature + bias[:, np.newaxis])
    found, shifts = fit_temperature(Z, y, output, with_bias=True)
    assert found == pytest.approx(temperature, rel=0.05)
    assert np.array(shifts) - np.mean(shifts) * (outputs > 1) == pytest.approx(bias, abs=0.1)
    alone, none = fit_temperature(Z, drawn(Z / temperature), output, with_bias=False)
    assert alone == pytest.approx(temperature, rel=0.05)
    assert none == ()


@pytest.mark.parametrize(("outputs", "output"), [(1, "sigmoid"), (3, "softmax")])
def test_rows_that_are_all_right_do_not_ask_for_certainty(outputs: int, output: str) -> None:
    """About one row of all counts as wrong, so the fitted share of errors is about 1 / m."""
    Z = np.random.default_rng(0).normal(0, 1, (outputs, 200))
    Z += 10 * (np.arange(outputs)[:, np.newaxis] == np.arange(200) % 3) - 5
    y = OUTPUTS[output].predictions(Z)
    temperature, bias = fit_temperature(Z, y, output, with_bias=True)
    assert temperature > 1 / MAX_TEMPERATURE
    losses = OUTPUTS[output].losses(
        Z / temperature + np.array(bias)[:, np.newaxis], OUTPUTS[output].targets(y, outputs)
    )
    assert 0.1 / 200 < losses.mean() < 5 / 200


def test_the_targets_of_an_example_add_up_to_one() -> None:
    y = np.array([0, 2, 1, 2])
    Y = smoothed_targets(np.zeros((3, 4)), y, "softmax")
    assert Y.sum(axis=0) == pytest.approx(1)
    assert Y[y, np.arange(4)] == pytest.approx(1 - 1 / 6)
    assert smoothed_targets(np.zeros((1, 2)), y[1:3] % 2, "sigmoid") == pytest.approx(
        np.array([[1 / 4, 3 / 4]])
    )
