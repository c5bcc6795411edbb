import math

import numpy as np
import pytest

from dnnsearch.nn import INITIALIZATIONS, initialize


def generators(n=1, seed=0):
    return [np.random.default_rng((seed, i)) for i in range(n)]


@pytest.mark.parametrize(
    ("method", "deviation"),
    [
        ("small", 0.01),
        ("inverse_sqrt", 1 / math.sqrt(400)),
        ("he", math.sqrt(2 / 400)),
        ("xavier", math.sqrt(2 / (400 + 300))),
    ],
)
def test_weights_have_the_standard_deviation_of_their_formula(method, deviation):
    parameters = initialize((400, 300, 2), generators(), method, np.float64)
    assert parameters.W[1].std() == pytest.approx(deviation, rel=0.02)
    assert abs(parameters.W[1].mean()) < 0.02 * deviation
    assert not parameters.b[1].any()


def test_every_initialization_is_tested():
    assert set(INITIALIZATIONS) == {"small", "inverse_sqrt", "he", "xavier"}


def test_a_replicate_begins_as_it_would_alone():
    stack = initialize((5, 4, 3), generators(3))
    for replicate, rng in enumerate(generators(3)):
        alone = initialize((5, 4, 3), [rng])
        assert np.array_equal(stack.flat[replicate], alone.flat[0])
    assert not np.array_equal(stack.flat[0], stack.flat[1])


def test_float32_begins_at_the_rounded_point_of_float64():
    double = initialize((5, 4, 3), generators(), "he", np.float64)
    single = initialize((5, 4, 3), generators(), "he", np.float32)
    assert np.array_equal(single.flat, double.flat.astype(np.float32))
