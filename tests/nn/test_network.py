from itertools import pairwise

import numpy as np
import pytest
import scipy.optimize
from sklearn.neural_network import MLPClassifier, MLPRegressor

from dnnsearch.nn import (
    ACTIVATIONS,
    OUTPUTS,
    Network,
    Parameters,
    ShapeError,
    compute_cost,
    initialize,
    update_parameters,
)
from dnnsearch.nn.network import EVALUATION_BLOCK


def case(sizes, m=20, output="softmax", seed=0):
    """Float64 parameters without replicates, X (n[0], m), classes y (m,) and Y (n[L], m)."""
    rng = np.random.default_rng(seed)
    parameters = Parameters.from_flat(sizes, initialize(sizes, [rng], "he", np.float64).flat[0])
    parameters.flat += 0.1 * rng.standard_normal(parameters.flat.shape)  # no bias is zero
    X, y = rng.standard_normal((sizes[0], m)), rng.integers(0, max(2, sizes[-1]), m)
    return parameters, X, y, OUTPUTS[output].targets(y, sizes[-1]).astype(float)


def test_a_worked_example_of_logistic_regression():
    """No hidden layer. Numbers of the first assignment of the course "Neural Networks and Deep
    Learning" (deeplearning.ai), which prints them for its function `propagate`."""
    parameters = Parameters.from_dict({"W1": [[1.0, 2.0]], "b1": [[2.0]]})
    X, Y = np.array([[1.0, 2.0, -1.0], [3.0, 4.0, -3.2]]), np.array([[1, 0, 1]])
    cost, gradient = Network(parameters, output="sigmoid").cost_and_gradient(X, Y)
    assert cost == pytest.approx(5.801545319394553, rel=1e-14)
    assert gradient.W[1] == pytest.approx(np.array([[0.99845601, 2.39507239]]), abs=5e-9)
    assert gradient.b[1] == pytest.approx(0.00145557813678, abs=5e-15)


def test_a_worked_example_with_a_hidden_layer():
    """One example, worked out on paper: relu hides the second unit, so its weights get nothing."""
    parameters = Parameters.from_dict(
        {"W1": [[2.0, 1.0], [1.0, -3.0]], "b1": [[-1.0], [0.0]], "W2": [[1.0, 5.0]], "b2": [[-3.0]]}
    )
    # Z1 = [2+1-1, 1-3] = [2, -2], A1 = [2, 0], Z2 = 2-3 = -1
    X, Y = np.array([[1.0], [1.0]]), np.array([[1.0]])
    network = Network(parameters, "relu", "sigmoid")
    cost, gradient = network.cost_and_gradient(X, Y)
    a = 1 / (1 + np.exp(1.0))
    assert network.logits(X).tolist() == [[-1.0]]
    assert cost == pytest.approx(-np.log(a))
    assert gradient.W[2] == pytest.approx(np.array([[2 * (a - 1), 0]]))
    assert gradient.b[2] == pytest.approx(a - 1)
    assert gradient.W[1] == pytest.approx(np.array([[a - 1, a - 1], [0, 0]]))
    assert gradient.b[1] == pytest.approx(np.array([[a - 1], [0]]))


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_agree_with_scipy(activation, output):
    sizes = (5, 6, 4, 3 if output == "softmax" else 1)
    parameters, X, _, Y = case(sizes, output=output)
    network = Network(parameters, activation, output)

    def at(theta):
        parameters.flat[...] = theta
        return network.cost_and_gradient(X, Y)

    theta = parameters.flat.copy()
    error = scipy.optimize.check_grad(
        lambda t: float(at(t)[0]), lambda t: at(t)[1].flat.copy(), theta
    )
    assert error < 1e-6


SKLEARN = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic"}


@pytest.mark.parametrize("activation", SKLEARN)
@pytest.mark.parametrize("output", OUTPUTS)
def test_cost_and_gradient_are_those_of_scikit_learn_with_the_same_weights(activation, output):
    sizes = (5, 6, 4, 3 if output == "softmax" else 1)
    parameters, X, y, Y = case(sizes, output=output)
    network = Network(parameters, activation, output)
    peer = (MLPRegressor if output == "identity" else MLPClassifier)(
        hidden_layer_sizes=sizes[1:-1], activation=SKLEARN[activation], alpha=0, solver="sgd"
    )
    peer.partial_fit(X.T, y, **({} if output == "identity" else {"classes": np.unique(y)}))
    layers = range(1, parameters.layers + 1)
    peer.coefs_ = [parameters.W[l].T for l in layers]
    peer.intercepts_ = [parameters.b[l][:, 0] for l in layers]
    activations = peer._forward_pass([X.T] + [None] * parameters.layers)
    dA = [None] * parameters.layers
    dW = [np.empty_like(W) for W in peer.coefs_]
    db = [np.empty_like(b) for b in peer.intercepts_]
    cost, *_ = peer._backprop(X.T, Y.T, None, activations, dA, dW, db)

    ours, gradient = network.cost_and_gradient(X, Y)
    assert ours == pytest.approx(cost, rel=1e-12)
    assert network.outputs(X) == pytest.approx(activations[-1].T, rel=1e-12)
    for l in layers:
        assert gradient.W[l] == pytest.approx(dW[l - 1].T, rel=1e-9)
        assert gradient.b[l][:, 0] == pytest.approx(db[l - 1], rel=1e-9)
    if output != "identity":
        assert peer.predict(X.T).tolist() == network.predict(X).tolist()


@pytest.mark.parametrize("output", OUTPUTS)
def test_one_example_alone_equals_its_column_in_the_batch(output):
    sizes = (5, 6, 4, 3 if output == "softmax" else 1)
    parameters, X, _, _ = case(sizes, m=EVALUATION_BLOCK + 3, output=output)
    network = Network(parameters, "tanh", output)
    together = network.outputs(X)
    for i in (0, 1, EVALUATION_BLOCK - 1, EVALUATION_BLOCK, EVALUATION_BLOCK + 2):
        assert network.outputs(X[:, i : i + 1])[:, 0] == pytest.approx(together[:, i], rel=1e-13)


def test_evaluating_in_pieces_gives_the_same_as_all_at_once():
    parameters, X, _, _ = case((5, 6, 3), m=2 * EVALUATION_BLOCK + 7)
    network = Network(parameters)
    network.forward(X, network.workspaces_for(X.shape[1]))
    whole = network.workspaces_for(X.shape[1])[2].Z
    assert network.logits(X) == pytest.approx(whole, rel=1e-13)
    assert np.array_equal(network.logits(X), network.logits(X.copy())), "and always the same bits"


def test_outputs_and_predictions_follow_from_the_logits():
    parameters, X, _, _ = case((5, 6, 3))
    network = Network(parameters)
    assert network.outputs(X).sum(axis=0) == pytest.approx(1)
    assert np.array_equal(network.predict(X), network.outputs(X).argmax(axis=0))


def test_a_network_without_hidden_layers_is_a_regression():
    parameters, X, _, Y = case((5, 3))
    _, gradient = Network(parameters).cost_and_gradient(X, Y)
    Z = parameters.W[1] @ X + parameters.b[1]
    A = np.exp(Z) / np.exp(Z).sum(axis=0)
    assert gradient.W[1] == pytest.approx((A - Y) @ X.T / 20)


def test_replicates_share_data_or_have_their_own():
    rng = np.random.default_rng(0)
    stack = initialize((5, 6, 3), [np.random.default_rng(r) for r in range(4)])
    X = rng.standard_normal((4, 5, 20)).astype(np.float32)
    Y = OUTPUTS["softmax"].targets(rng.integers(0, 3, (4, 20)), 3)
    for X_, Y_ in [(X, Y), (X[0], Y[0])]:
        cost, gradient = Network(stack).cost_and_gradient(X_, Y_)
        for r in range(4):
            alone = Network(Parameters.from_flat((5, 6, 3), stack.flat[r]))
            x, y = (X_[r], Y_[r]) if X_.ndim == 3 else (X_, Y_)
            cost_alone, gradient_alone = alone.cost_and_gradient(x, y)
            assert cost[r] == cost_alone
            assert np.array_equal(gradient.flat[r], gradient_alone.flat)


@pytest.mark.parametrize(
    ("X", "Y", "message"),
    [
        ((4, 9), (3, 9), "layer 1: X must have the shape (..., 5, m), but has (4, 9)"),
        ((9, 5), (3, 9), "layer 1: X must have the shape (..., 5, m), but has (9, 5)"),
        ((5,), (3, 9), "layer 1: X must have the shape (..., 5, m), but has (5,)"),
        ((5, 9), (3, 8), "layer 2: Y must have the shape (..., 3, 9), but has (3, 8)"),
        ((5, 9), (9,), "layer 2: Y must have the shape (..., 3, 9), but has (9,)"),
        ((5, 9), (1, 9), "layer 2: Y must have the shape (..., 3, 9), but has (1, 9)"),
        ((2, 5, 9), (3, 9), "layer 1: X must have the shape (..., 5, m), but has (2, 5, 9)"),
    ],
)
def test_data_of_a_wrong_shape_are_an_error_that_names_both_shapes(X, Y, message):
    network = Network(case((5, 6, 3))[0])
    with pytest.raises(ShapeError) as error:
        network.cost_and_gradient(np.zeros(X), np.zeros(Y))
    assert str(error.value) == message


@pytest.mark.parametrize("replicates", [(), (2,)])
def test_forward_and_backward_need_no_workspaces(replicates):
    sizes = (5, 6, 4, 3)
    parameters, X, _, Y = case(sizes)
    if replicates:
        flat = np.stack([parameters.flat, 2 * parameters.flat])
        parameters = Parameters.from_flat(sizes, flat)
    network = Network(parameters, "tanh")
    A_L, caches = network.forward(X)
    assert np.array_equal(A_L, network.outputs(X))
    gradient = network.backward(Y, caches).flat.copy()
    _, expected = network.cost_and_gradient(X, Y)
    assert np.array_equal(gradient, expected.flat)


def test_what_forward_returned_does_not_change_in_the_next_pass():
    parameters, X, _, _ = case((5, 6, 3))
    network = Network(parameters)
    A_L, caches = network.forward(X)
    before = A_L.copy(), caches[1].A.copy()
    network.forward(-X)
    assert np.array_equal(A_L, before[0])
    assert np.array_equal(caches[1].A, before[1])


def test_forward_takes_whole_numbers_and_names_a_wrong_shape():
    network = Network(Parameters((2, 3, 1)), "relu", "sigmoid")
    A_L, _ = network.forward([[1, 2], [3, 4]])
    assert A_L.tolist() == [[0.5, 0.5]]
    with pytest.raises(ShapeError, match=r"layer 1: X must have the shape \(\.\.\., 2, m\)"):
        network.forward(np.zeros((3, 5)))


def test_a_student_descends_with_forward_backward_and_update():
    parameters, X, _, Y = case((2, 5, 1), output="sigmoid")
    network, costs = Network(parameters, "tanh", "sigmoid"), []
    for _ in range(200):
        A_L, caches = network.forward(X)
        costs.append(float(compute_cost(A_L, Y)))
        update_parameters(parameters, network.backward(Y, caches), learning_rate=0.5)
    assert costs[-1] < 0.7 * costs[0]
    assert all(after < before for before, after in pairwise(costs))


def test_the_derivative_by_the_data_is_not_computed():
    parameters, X, _, Y = case((5, 6, 3))
    network = Network(parameters)
    _, caches = network.forward(X)
    network.backward(Y, caches)
    assert caches[1].workspace.dA_prev is None
    assert caches[2].workspace.dA_prev.shape == (6, 20)


def test_a_network_shows_its_sizes_its_activation_and_its_output():
    deep = Network(Parameters((4, 8, 3)), "tanh", "softmax")
    assert repr(deep) == "<Network 4-8-3, tanh, softmax, 67 numbers, float32>"
    flat = Network(Parameters((4, 1)), "tanh", "sigmoid")
    assert repr(flat) == "<Network 4-1, sigmoid, 5 numbers, float32>"
