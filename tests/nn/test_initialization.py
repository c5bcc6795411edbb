import math

import numpy as np
import pytest

from dnnsearch.config.config import parse_config
from dnnsearch.errors import UserError
from dnnsearch.nn import INITIALIZATIONS, initialize
from dnnsearch.nn.initialization import BAD_INITIALIZATIONS


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


def test_one_generator_gives_one_network_without_the_axis_of_replicates():
    alone = initialize((5, 4, 3), generators()[0])
    assert alone.W[1].shape == (4, 5)
    assert np.array_equal(alone.flat, initialize((5, 4, 3), generators()).flat[0])


def test_zeros_and_too_large_weights_can_be_shown_but_not_configured():
    assert not initialize((400, 300, 2), generators(), "zeros").flat.any()
    assert initialize((400, 300, 2), generators(), "too_large").W[1].std() == pytest.approx(
        10, rel=0.02
    )
    assert not BAD_INITIALIZATIONS.keys() & INITIALIZATIONS.keys()
    with pytest.raises(UserError, match="initialization: must be one of small"):
        parse_config({"initialization": "zeros"}, "x.yaml", "x")


def test_an_unknown_method_is_a_key_error():
    with pytest.raises(KeyError, match="hee"):
        initialize((5, 3), generators(), "hee")
