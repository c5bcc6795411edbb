"""Exact functions are right to the last places, and made of basic operations alone."""

import ast
import inspect
import math
from statistics import NormalDist

import numpy as np
import pytest

from dnnsearch.nn import exact_functions as exact
from dnnsearch.nn import exact_normal
from dnnsearch.nn.exact_normal import normal_quantile, standard_normal

RNG = np.random.default_rng(0)
NUMBERS = RNG.uniform(-40, 40, 20_000)
SMALL = NUMBERS * 10.0 ** RNG.uniform(-12, 0, NUMBERS.size)
POSITIVE = np.concatenate([10.0 ** RNG.uniform(-300, 300, 20_000), 1 + np.abs(SMALL)])


def units(found, wanted):
    """The largest error, in units in the last place."""
    return np.max(np.abs(found - wanted) / np.spacing(np.abs(wanted)))


def test_functions_of_arrays_are_right_to_the_last_places():
    assert units(exact.exp(NUMBERS), np.exp(NUMBERS)) <= 2
    assert units(exact.log(POSITIVE), np.log(POSITIVE)) <= 3
    assert units(exact.softplus(NUMBERS), np.logaddexp(0, NUMBERS)) <= 4
    tanh = exact.tanh(SMALL)
    assert np.abs(tanh - np.tanh(SMALL)).max() <= 3e-16
    assert np.abs(tanh / np.tanh(SMALL) - 1).max() <= 1e-12
    assert (exact.log(np.ones(1)), exact.exp(np.zeros(1)), exact.tanh(np.zeros(1))) == (0, 1, 0)


def test_large_numbers_and_nan_do_no_harm():
    x = np.array([-1e300, -np.inf, 1e300, np.inf, np.nan])
    with np.errstate(all="ignore"):
        assert np.array_equal(exact.tanh(x), [-1, -1, 1, 1, np.nan], equal_nan=True)
        assert (exact.exp(x[:2]) < 1e-300).all()
        assert np.isnan(exact.exp(x[-1:]))
        assert not np.isfinite(exact.log(x[3:])).any()


def test_functions_of_numbers_are_right():
    for x in RNG.uniform(-30, 30, 500).tolist():
        assert exact.cos(x) == pytest.approx(math.cos(x), abs=3e-16)
    for x in RNG.uniform(1, 16, 100).tolist():
        assert exact.log2(x) == pytest.approx(math.log2(x), rel=1e-15, abs=1e-15)
    for x, n in zip(RNG.uniform(0.5, 1, 200).tolist(), RNG.integers(0, 1000, 200).tolist()):
        assert exact.power(x, n) == pytest.approx(x**n, rel=1e-13)
        assert exact.power(x, n / 1000) == pytest.approx(x ** (n / 1000), rel=1e-15)
    assert exact.power(7, 0.5) == math.sqrt(7)
    assert exact.power(np.array([4.0, 9.0]), 0.5).tolist() == [2, 3]


def test_interpolation_is_that_of_numpy_with_equal_points_too():
    xp = np.sort(RNG.standard_normal(20))
    xp[3] = xp[4]
    fp, x = RNG.standard_normal(20), np.concatenate([RNG.uniform(-4, 4, 1000), xp])
    assert exact.interp(x, xp, fp) == pytest.approx(np.interp(x, xp, fp), abs=1e-14)


def test_normal_quantiles_are_those_of_the_standard_library():
    p = np.concatenate([RNG.uniform(0, 1, 2000), 10.0 ** RNG.uniform(-16, -1, 500)])
    wanted = [NormalDist().inv_cdf(one) for one in p.tolist()]
    assert normal_quantile(p) == pytest.approx(wanted, rel=1e-14, abs=1e-15)
    assert normal_quantile(np.array([0.0, 0.5, 1.0])).tolist() == [-np.inf, 0, np.inf]


def test_normal_numbers_are_normal_and_never_infinite():
    z = standard_normal(np.random.default_rng(1), (300, 1000))
    assert abs(z.mean()) < 0.01
    assert z.std() == pytest.approx(1, abs=0.01)
    assert np.mean(np.abs(z) > 2) == pytest.approx(0.0455, abs=0.002)

    class Extremes:
        class bit_generator:  # noqa: N801
            random_raw = staticmethod(lambda n: np.array([0, 2**64 - 1], np.uint64))

    low, high = standard_normal(Extremes, (2,))
    assert low == -high
    assert -9 < low < -8


MACHINE_DEPENDENT = {"dot", "matmul", "sum", "mean", "einsum", "exp", "log", "tanh", "power", "cos"}


@pytest.mark.parametrize("module", [exact, exact_normal])
def test_no_function_is_used_whose_last_bit_depends_on_the_machine(module):
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert not (node.value.id in ("np", "math") and node.attr in MACHINE_DEPENDENT), (
                node.attr
            )
