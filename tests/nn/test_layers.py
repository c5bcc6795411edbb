import numpy as np
import pytest

from dnnsearch.nn import ACTIVATIONS, OUTPUTS, ShapeError, linear_backward, linear_forward
from dnnsearch.nn import layer_backward as backward
from dnnsearch.nn import layer_forward as forward

rng = np.random.default_rng(0)


def test_a_worked_example():
    """Two inputs, two units, two examples; each number below was worked out on paper."""
    A_prev = np.array([[1.0, 2.0], [3.0, -1.0]])
    W, b = np.array([[1.0, -1.0], [0.5, 2.0]]), np.array([[1.0], [-2.0]])
    A, cache = forward(A_prev, W, b, ACTIVATIONS["relu"])
    # Z = [[1-3+1, 2+1+1], [0.5+6-2, 1-2-2]] = [[-1, 4], [4.5, -3]]
    assert A.tolist() == [[0, 4], [4.5, 0]]
    # dZ = [[0, 3], [2, 0]]
    dA_prev, dW, db = backward(np.array([[1.0, 3.0], [2.0, 4.0]]), cache)
    assert dW.tolist() == [[3.0, -1.5], [1.0, 3.0]]  # 1/2 dZ A_prev.T = 1/2 [[6, -3], [2, 6]]
    assert db.tolist() == [[1.5], [1.0]]
    assert dA_prev.tolist() == [[1.0, 3.0], [4.0, -3.0]]  # W.T dZ


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_derivatives_have_the_shapes_and_values_of_differences(name):
    A_prev, W, b = (rng.standard_normal(shape) for shape in [(3, 5), (4, 3), (4, 1)])
    weight = rng.standard_normal((4, 5))  # the cost is the mean over m of the sum of weight * A
    _, cache = forward(A_prev, W, b, ACTIVATIONS[name])
    dA_prev, dW, db = backward(weight, cache)

    def cost():
        return (weight * forward(A_prev, W, b, ACTIVATIONS[name])[0]).sum() / 5

    for array, derivative in [(A_prev, dA_prev / 5), (W, dW), (b, db)]:
        assert derivative.shape == array.shape
        for i in np.ndindex(array.shape):
            array[i] += 1e-6
            above = cost()
            array[i] -= 2e-6
            assert (above - cost()) / 2e-6 == pytest.approx(derivative[i], abs=1e-8)
            array[i] += 1e-6


def test_the_textbook_way_over_dA_of_the_last_layer():
    A_prev, W, b = (rng.standard_normal(shape) for shape in [(3, 5), (1, 3), (1, 1)])
    Y = np.array([[0.0, 1, 1, 0, 1]])
    AL, cache = forward(A_prev, W, b, ACTIVATIONS["sigmoid"])
    dAL = OUTPUTS["sigmoid"].derivative(AL, Y)
    assert np.array_equal(dAL, -Y / AL + (1 - Y) / (1 - AL))
    dA_prev, dW, db = backward(dAL, cache)
    assert dA_prev == pytest.approx(W.T @ (AL - Y))
    assert dW == pytest.approx((AL - Y) @ A_prev.T / 5)
    assert db == pytest.approx((AL - Y).mean(axis=1, keepdims=True))


def test_replicates_are_layers_side_by_side():
    A_prev, W, b, dA = (rng.standard_normal((6, *s)) for s in [(3, 5), (4, 3), (4, 1), (4, 5)])
    A, cache = forward(A_prev, W, b, ACTIVATIONS["tanh"])
    stacked = (A, *backward(dA, cache))
    for r in range(6):
        A, cache = forward(A_prev[r], W[r], b[r], ACTIVATIONS["tanh"])
        for alone, together in zip((A, *backward(dA[r], cache)), stacked, strict=True):
            assert np.array_equal(alone, together[r])


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([(2, 5), (4, 3), (4, 1)], "layer 7: A_prev must have the shape (3, m), but has (2, 5)"),
        ([(3,), (4, 3), (4, 1)], "layer 7: A_prev must have the shape (3, m), but has (3,)"),
        ([(3, 5), (4, 3), (4,)], "layer 7: b must have the shape (4, 1), but has (4,)"),
        ([(3, 5), (4, 3), (1, 1)], "layer 7: b must have the shape (4, 1), but has (1, 1)"),
        ([(3, 5), (2, 4, 3), (4, 1)], "layer 7: b must have the shape (2, 4, 1), but has (4, 1)"),
        ([(3, 5), (3,), (3, 1)], "layer 7: W must have the shape (n[l], n[l-1]), but has (3,)"),
        (
            [(5, 3, 5), (2, 4, 3), (2, 4, 1)],
            "layer 7: A_prev must have the shape (2, 3, m) or (3, m), but has (5, 3, 5)",
        ),
    ],
)
def test_wrong_shapes_name_layer_array_and_both_shapes(shapes, message):
    A_prev, W, b = map(np.zeros, shapes)
    with pytest.raises(ShapeError) as error:
        forward(A_prev, W, b, ACTIVATIONS["relu"], layer=7)
    assert str(error.value) == message


def test_a_wrong_dA_is_an_error_too():
    _, cache = forward(np.zeros((3, 5)), np.zeros((4, 3)), np.zeros((4, 1)), ACTIVATIONS["relu"])
    with pytest.raises(ShapeError, match=r"dA must have the shape \(4, 5\), but has \(4, 1\)"):
        backward(np.zeros((4, 1)), cache)


def test_the_linear_part_alone_goes_forward_and_backward():
    A_prev, W, b, dZ = (rng.standard_normal(s) for s in [(3, 5), (4, 3), (4, 1), (4, 5)])
    Z, cache = linear_forward(A_prev, W, b)
    assert pytest.approx(W @ A_prev + b) == Z
    dA_prev, dW, db = linear_backward(dZ, cache)
    assert dW == pytest.approx(dZ @ A_prev.T / 5)
    assert db == pytest.approx(dZ.sum(axis=1, keepdims=True) / 5)
    assert dA_prev == pytest.approx(W.T @ dZ)


def test_the_linear_part_names_the_layer_with_a_wrong_shape():
    with pytest.raises(ShapeError, match=r"layer 2: A_prev must have the shape \(3, m\)"):
        linear_forward(np.zeros((2, 5)), np.zeros((4, 3)), np.zeros((4, 1)), layer=2)


def test_a_layer_is_its_linear_part_and_its_activation():
    A_prev, W, b = (rng.standard_normal(shape) for shape in [(3, 5), (4, 3), (4, 1)])
    Z, _ = linear_forward(A_prev, W, b)
    A, cache = forward(A_prev, W, b, ACTIVATIONS["tanh"])
    assert np.array_equal(A, np.tanh(Z))
    assert np.array_equal(cache.workspace.Z, Z)
