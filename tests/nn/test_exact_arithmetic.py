"""Products and sums are exact in any order, and the network computes with them what it should."""

from dataclasses import replace
from fractions import Fraction
from functools import partial

import numpy as np
import pytest

from dnnsearch import nn
from dnnsearch.nn.exact_arithmetic import BITS, EXACT, WIDEST, bound, operand, product_for, summands
from dnnsearch.nn.input_layer import InputShape
from dnnsearch.nn.regularization import Dropout, smoothed

# Operands as fine as the gradient check needs; then a product of them is not exact.
FINE = replace(EXACT, operand=partial(operand, bits=50))
SIZES = (5, 6, 4, 3)
INPUTS = {
    "plain": InputShape(5),
    "scaling layer": InputShape(5, scaling=True),
    "codes": InputShape(5, 3, codes=4),
    "codes and embedding": InputShape(5, 3, codes=4, embedding=2),
    "embedding and scaling": InputShape(5, 3, embedding=2, scaling=True),
}


def numbers(seed, *shape):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(shape) * 10.0 ** rng.uniform(-3, 3, shape)


@pytest.mark.parametrize("shape", [(7, WIDEST), (2, 7, 30)])
def test_a_product_of_operands_does_not_depend_on_the_order_of_its_sums(shape):
    A, B = operand(numbers(0, *shape)), operand(numbers(1, shape[-1], 5))
    out = np.empty((*shape[:-1], 5))
    product_for(A, B)(A, B, out=out)
    order = np.random.default_rng(2).permutation(shape[-1])
    shuffled = np.matmul(A[..., order], B[order])
    forward = np.zeros_like(out)
    for k in range(shape[-1]):
        forward += A[..., k : k + 1] * B[k]
    assert np.array_equal(out, shuffled)
    assert np.array_equal(out, forward)
    row, column = A.reshape(-1, shape[-1])[0].tolist(), B[:, 0].tolist()
    assert out.flat[0] == sum(Fraction(a) * Fraction(b) for a, b in zip(row, column))


def test_plain_numbers_do_depend_on_it():
    """Else the test above would prove nothing."""
    A, B = numbers(0, 7, WIDEST), numbers(1, WIDEST, 5)
    order = np.random.default_rng(2).permutation(WIDEST)
    assert not np.array_equal(A @ B, A[:, order] @ B[order])


def test_a_wide_product_is_the_sum_of_its_pieces_in_order():
    A, B = operand(numbers(0, 3, 2 * WIDEST + 9)), operand(numbers(1, 2 * WIDEST + 9, 4))
    pieces = [slice(i, i + WIDEST) for i in range(0, A.shape[1], WIDEST)]
    total = sum(A[:, piece] @ B[piece] for piece in pieces)
    out = np.empty((3, 4))
    assert np.array_equal(product_for(A, B)(A, B, out=out), total)
    assert out == pytest.approx(A @ B, rel=1e-12)


def test_an_operand_is_near_the_numbers_and_each_matrix_has_its_own_grid():
    x = numbers(0, 3, 8, 9)
    rounded = operand(x)
    assert (np.abs(rounded - x) <= 2.0 ** -(BITS + 1) * 2 * bound(x)).all()
    for one, alone in zip(rounded, x):
        assert np.array_equal(one, operand(alone))
    assert operand(x.astype(np.float32)).dtype == np.float64
    assert np.array_equal(operand(np.zeros((2, 2))), np.zeros((2, 2)))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e39])
def test_a_matrix_with_a_number_that_is_no_float32_becomes_nan(wrong):
    x = numbers(0, 2, 3, 4)
    x[1, 2, 3] = wrong
    with np.errstate(all="ignore"):
        assert np.isnan(operand(x)[1]).all()
        assert np.isnan(operand(x[1])).all()
    assert np.isfinite(operand(x)[0]).all()


@pytest.mark.parametrize("n", [1, 2, 3, 1000])
def test_a_sum_of_summands_does_not_depend_on_their_order(n):
    x = numbers(0, n, 4)
    rounded = summands(x, 0)
    order = np.random.default_rng(2).permutation(n)
    assert np.array_equal(rounded.sum(axis=0), rounded[order].sum(axis=0))
    exact = [sum(map(Fraction, column)) for column in rounded.T.tolist()]
    assert np.array_equal(rounded.sum(axis=0), [float(one) for one in exact])
    assert rounded.sum(axis=0) == pytest.approx(x.sum(axis=0), rel=1e-10, abs=1e-10)
    assert np.array_equal(rounded[:, 1], summands(x[:, 1], 0))


def network_of(shape, arithmetic=FINE, activation="tanh", output="softmax"):
    rng = np.random.default_rng(0)
    sizes = (shape.n_0, 6, 4, 3 if output == "softmax" else 1)
    edges = np.sort(rng.standard_normal((3, shape.codes + 1))) if shape.codes else None
    parameters = nn.initialize(sizes, rng, "he", np.float64, shape.learnt)
    return nn.Network(parameters, activation, output, shape, edges, arithmetic)


def data_for(network, seed=1):
    rng, n_L = np.random.default_rng(seed), network.parameters.layer_sizes[-1]
    y = rng.integers(0, 3, 10) if n_L > 1 else rng.integers(0, 2, 10)
    return rng.standard_normal((5, 10)), network.output.targets(y, n_L).astype(float)


@pytest.mark.parametrize("output", nn.OUTPUTS)
@pytest.mark.parametrize("activation", nn.ACTIVATIONS)
def test_the_gradient_is_right_for_each_activation_and_output(activation, output):
    network = network_of(INPUTS["plain"], activation=activation, output=output)
    assert max(nn.gradient_check(network, *data_for(network)).values()) < 1e-6


@pytest.mark.parametrize("shape", INPUTS.values(), ids=INPUTS)
def test_the_gradient_of_each_input_piece_is_right(shape):
    network = network_of(shape)
    assert max(nn.gradient_check(network, *data_for(network)).values()) < 1e-6


def test_the_gradient_with_dropout_l2_and_smoothed_targets_is_right():
    network = network_of(INPUTS["plain"])
    g = Dropout(network.g, SIZES, 0.4, [np.random.default_rng(1)]).draw(10, (), np.float64)
    X, Y = data_for(network)
    assert max(nn.gradient_check(network, X, smoothed(Y, 0.1), g=g, l2=0.3).values()) < 1e-6


def test_a_wrong_derivative_is_seen(monkeypatch):
    network = network_of(INPUTS["plain"])
    monkeypatch.setitem(network.g, 1, network.g[1]._replace(slope=lambda Z, A, out: 1 - A))
    assert max(nn.gradient_check(network, *data_for(network)).values()) > 1e-2


@pytest.mark.parametrize("shape", INPUTS.values(), ids=INPUTS)
def test_costs_gradients_and_outputs_are_the_fast_ones_to_the_precision_of_float32(shape):
    fast, exact = (network_of(shape, arithmetic) for arithmetic in (nn.FAST, EXACT))
    X, Y = data_for(fast)
    (cost, gradient), (wanted, right) = exact.cost_and_gradient(X, Y), fast.cost_and_gradient(X, Y)
    assert cost == pytest.approx(wanted, rel=1e-6)
    assert np.abs(gradient.flat - right.flat).max() < 3e-6 * np.abs(right.flat).max()
    assert exact.outputs(X) == pytest.approx(fast.outputs(X), rel=1e-5, abs=1e-6)
    assert np.array_equal(exact.predict(X), fast.predict(X))
