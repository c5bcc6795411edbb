"""Dropout, label smoothing and L2: their gradients, and what they are on average."""

import numpy as np
import pytest

from dnnsearch import nn
from dnnsearch.nn.regularization import Dropout, l2_cost, masked, smoothed


def case(activation="tanh", sizes=(4, 6, 5, 3), seed=0):
    rng = np.random.default_rng(seed)
    network = nn.Network(nn.initialize(sizes, rng, "he", np.float64), activation)
    return network, rng.standard_normal((4, 9)), np.eye(3)[:, rng.integers(0, 3, 9)]


@pytest.mark.parametrize("activation", nn.ACTIVATIONS)
def test_the_gradient_with_dropout_is_right(activation):
    network, X, Y = case(activation)
    dropout = Dropout(network.g, (4, 6, 5, 3), 0.4, [np.random.default_rng(1)])
    g = dropout.draw(9, (), np.float64)
    assert max(nn.gradient_check(network, X, Y, g=g).values()) < 1e-6
    before = network.forward(X, g=g)[0]
    dropout.draw(9, (), np.float64)
    assert not np.array_equal(network.forward(X, g=g)[0], before), "the masks are new"


def test_a_wrong_slope_of_dropout_is_seen():
    network, X, Y = case()
    (right,) = {id(g): g for l, g in network.g.items() if l < 3}.values()
    M = np.where(np.random.default_rng(0).random((6, 9)) < 0.5, 2.0, 0.0)
    wrong = masked(right, M, 0.5)._replace(slope=right.slope)
    assert max(nn.gradient_check(network, X, Y, g={**network.g, 1: wrong}).values()) > 1e-2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_dropped_unit_is_0_and_the_mean_stays(dtype):
    network = nn.Network(nn.Parameters((3, 50, 1), (2,), dtype), "sigmoid", "sigmoid")
    dropout = Dropout(network.g, (3, 50, 1), 0.25, [np.random.default_rng(r) for r in range(2)])
    g = dropout.draw(400, (2,), dtype)
    A = g[1].function(np.zeros((2, 50, 400), dtype), None)
    assert A.dtype == dtype
    assert set(np.unique(A).tolist()) == {0.0, float(dtype(0.5) / dtype(0.75))}
    assert A.mean(axis=(1, 2)) == pytest.approx(0.5, abs=0.01)
    assert not np.array_equal(A[0], A[1])
    assert g[2] is network.g[2], "the output has no dropout"


@pytest.mark.parametrize(("output", "classes"), [("softmax", 3), ("sigmoid", 2)])
def test_smoothed_targets_have_their_gradient(output, classes):
    rng = np.random.default_rng(0)
    n_L = classes if classes > 2 else 1
    network = nn.Network(nn.initialize((4, 5, n_L), rng, "he", np.float64), "tanh", output)
    y = rng.integers(0, classes, 9)
    Y = smoothed(network.output.targets(y, n_L).astype(float), 0.2)
    assert set(np.unique(Y).round(12)) == {round(0.2 / classes, 12), round(0.8 + 0.2 / classes, 12)}
    assert max(nn.gradient_check(network, rng.standard_normal((4, 9)), Y).values()) < 1e-6


def test_the_gradient_with_l2_is_right():
    network, X, Y = case()
    assert max(nn.gradient_check(network, X, Y, l2=0.3).values()) < 1e-6
    assert network.cost_and_gradient(X, Y, l2=0.3)[0] > network.cost_and_gradient(X, Y)[0]


def test_the_cost_of_l2_is_that_of_the_course():
    parameters = nn.Parameters((2, 1), (2,))
    parameters.flat[...] = [[3, 4, 100], [1, 0, 100]]
    assert l2_cost(parameters, 0.1) == pytest.approx([0.05 * 25, 0.05])
