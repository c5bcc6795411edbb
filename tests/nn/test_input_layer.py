from itertools import pairwise

import numpy as np
import pytest

from dnnsearch.nn import OUTPUTS, Network, gradient_check, initialize
from dnnsearch.nn.input_layer import MAX_REPEATED, InputShape

SHAPES = {
    "codes": InputShape(5, 3, codes=4),
    "embedding": InputShape(5, 3, embedding=2),
    "codes and embedding": InputShape(5, 3, codes=4, embedding=2),
    "numbers only": InputShape(5, 5, codes=2, embedding=6),
}


def edges_of(shape, rng):
    return np.sort(rng.standard_normal((shape.numbers, shape.codes + 1))) if shape.codes else None


def network_of(shape, rngs, dtype=np.float64, edges=None):
    sizes = (shape.n_0, 6, 4, 3)
    parameters = initialize(sizes, rngs, "he", dtype, shape.learnt)
    return Network(parameters, "tanh", "softmax", shape, edges)


def network_and_data(shape):
    rng = np.random.default_rng(0)
    network = network_of(shape, rng, edges=edges_of(shape, rng))
    X, y = rng.standard_normal((shape.n_x, 10)), rng.integers(0, 3, 10)
    return network, X, OUTPUTS["softmax"].targets(y, 3).astype(float)


def piecewise_linear(x, edges):
    """Return the codes of one number, written out bin by bin."""
    bins = pairwise(edges)
    return [0.0 if x < a else 1.0 if x >= b else (x - a) / (b - a) for a, b in bins]


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_the_gradient_of_every_part_is_right(shape):
    errors = gradient_check(*network_and_data(shape))
    learnt = ["dE", "dc"] if shape.embedding else []
    assert list(errors) == ["dW1", "db1", "dW2", "db2", "dW3", "db3", *learnt]
    assert max(errors.values()) < 1e-6


def test_the_gradient_check_fails_on_a_wrong_derivative_of_the_embedding(monkeypatch):
    network, X, Y = network_and_data(SHAPES["codes and embedding"])
    calls, dE = network.input_layer.backward_calls, network.gradient.extra["E"]

    def wrong(dA):
        return [*calls(dA), lambda: np.multiply(dE[0], 1.01, out=dE[0])]

    monkeypatch.setattr(network.input_layer, "backward_calls", wrong)
    errors = gradient_check(network, X, Y)
    assert [name for name, error in errors.items() if error > 1e-6] == ["dE"]


def test_codes_are_those_of_the_paper_for_values_on_beside_and_beyond_the_edges():
    edges = np.array([[-1.0, 0.0, 2.0], [0.0, 0.5, 0.5]])  # the last bin of the second is empty
    network = network_of(InputShape(3, 2, codes=2), np.random.default_rng(0), edges=edges)
    X = np.array([[-5.0, -1, -0.5, 0, 1.5, 2, 9], [0.1, 0.5, 0.4, -1, 2, 0, 0.2], [7.0] * 7])
    A = network.input_layer.forward(X)
    for x1, x2, column in zip(X[0], X[1], A.T):
        assert column[:3] == pytest.approx([x1, *piecewise_linear(x1, edges[0])])
        assert column[3:5] == pytest.approx([x2, min(max(x2 / 0.5, 0), 1)])
        assert column[5:].tolist() == [0, 7], "an empty bin, then what is not a number"


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("own_edges", [False, True])
def test_a_stack_has_the_bits_of_single_networks(shape, own_edges):
    rng = np.random.default_rng(1)
    edges = [edges_of(shape, rng) for _ in range(3)]
    if not own_edges:
        edges = [edges[0]] * 3
    X = rng.standard_normal((shape.n_x, 17)).astype(np.float32)
    Y = OUTPUTS["softmax"].targets(rng.integers(0, 3, 17), 3).astype(np.float32)
    seeds = [np.random.default_rng(seed) for seed in range(3)]
    shared = np.stack(edges) if own_edges and shape.codes else edges[0]
    stack = network_of(shape, seeds, np.float32, shared)
    _, gradient = stack.cost_and_gradient(X, Y)
    for r in range(3):
        single = network_of(shape, np.random.default_rng(r), np.float32, edges[r])
        _, alone = single.cost_and_gradient(X, Y)
        assert np.array_equal(single.parameters.flat, stack.parameters.flat[r])
        assert np.array_equal(single.logits(X), stack.logits(X)[r])
        assert np.array_equal(alone.flat, gradient.flat[r])


def test_codes_do_not_depend_on_the_number_of_examples_nor_have_negative_zeros():
    shape = SHAPES["codes"]
    rng = np.random.default_rng(0)
    edges = np.sort(rng.integers(-2, 3, (3, 5)).astype(float))  # some bins are empty
    X = rng.integers(-3, 4, (5, MAX_REPEATED + 1)).astype(np.float32)
    layer = network_of(shape, rng, np.float32, edges).input_layer
    A = layer.forward(X)
    for m in (1, 7, MAX_REPEATED):
        assert A[:, :m].tobytes() == layer.forward(X[:, :m]).tobytes()
    codes = A[: shape.numbers * 5].reshape(3, 5, -1)[:, 1:]
    assert np.signbit(codes).sum() == 0


def test_a_plain_input_shape_makes_no_layer():
    network = network_of(InputShape(5, 3), np.random.default_rng(0))
    assert network.input_layer is None
    assert network.n_x == network.parameters.layer_sizes[0] == 5
    assert not network.parameters.extra


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_prepared_passes_follow_their_examples_and_the_parameters(shape):
    network, X, Y = network_and_data(shape)
    here = X.copy()
    passes = network.passes(here, network.workspaces_for(X.shape[1]))
    for scale in (1.0, 0.5):
        here[...] = scale * X
        network.parameters.flat[...] *= scale
        A = passes.forward()
        eager, caches = network.forward(scale * X)  # in arrays of its own
        assert A.tobytes() == eager.tobytes()
        passes.backward(Y, 1 / Y.shape[1])
        gradient = network.gradient.flat.copy()
        assert gradient.any()
        assert gradient.tobytes() == network.backward(Y, caches).flat.tobytes()
