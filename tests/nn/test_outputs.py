import numpy as np
import pytest

from dnnsearch.nn import OUTPUTS, ShapeError, compute_cost
from dnnsearch.nn.outputs import largest

rng = np.random.default_rng(0)
CLASSES = {"sigmoid": 2, "softmax": 4, "identity": 3}


def case(name, m=7):
    """Logits Z, targets as stored y, and as columns Y."""
    n_L = 4 if name == "softmax" else 1
    Z, y = rng.standard_normal((n_L, m)), rng.integers(0, CLASSES[name], m)
    return Z, y, OUTPUTS[name].targets(y, n_L).astype(float)


def textbook(name, A, Y):
    """The loss of each example, as textbooks write it."""
    return {
        "sigmoid": lambda: -(Y * np.log(A) + (1 - Y) * np.log(1 - A)).sum(axis=0),
        "softmax": lambda: -(Y * np.log(A)).sum(axis=0),
        "identity": lambda: 0.5 * ((A - Y) ** 2).sum(axis=0),
    }[name]()


@pytest.mark.parametrize("name", OUTPUTS)
def test_losses_from_logits_are_the_textbook_ones(name):
    Z, _, Y = case(name)
    A = OUTPUTS[name].activation.function(Z, None)
    assert OUTPUTS[name].losses(Z, Y) == pytest.approx(textbook(name, A, Y), rel=1e-13)


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_derivative_by_the_logits_is_A_minus_Y(name):
    Z, _, Y = case(name)
    output, h = OUTPUTS[name], 1e-6
    differences = np.zeros_like(Z)
    for i in range(len(Z)):
        step = h * (np.arange(len(Z)) == i)[:, np.newaxis]
        differences[i] = (output.losses(Z + step, Y) - output.losses(Z - step, Y)) / (2 * h)
    assert output.activation.function(Z, None) - Y == pytest.approx(differences, abs=1e-8)


@pytest.mark.parametrize("name", ["sigmoid", "identity"])
def test_the_unfused_way_over_dA_comes_to_the_same(name):
    Z, _, Y = case(name)
    output = OUTPUTS[name]
    A = output.activation.function(Z, None)
    dZ = output.derivative(A, Y) * output.activation.slope(Z, A, np.empty_like(Z))
    assert dZ == pytest.approx(A - Y, rel=1e-12)


def test_softmax_goes_the_unfused_way_with_its_whole_jacobian():
    Z, _, Y = case("softmax")
    A = OUTPUTS["softmax"].activation.function(Z, None)
    dA = OUTPUTS["softmax"].derivative(A, Y)
    for a, da, y in zip(A.T, dA.T, Y.T, strict=True):
        assert (np.diag(a) - np.outer(a, a)) @ da == pytest.approx(a - y, rel=1e-12)
    with pytest.raises(NotImplementedError, match="softmax has no slope"):
        OUTPUTS["softmax"].activation.slope(Z, A, np.empty_like(Z))


@pytest.mark.parametrize("name", OUTPUTS)
def test_losses_stay_finite_on_the_most_certain_network(name):
    output = OUTPUTS[name]
    Z = np.array([[1e4, -1e4]], np.float32) * np.eye(4, 1 if name != "softmax" else 4)[:, :1]
    Z = Z[:1] if name != "softmax" else Z
    for y in ([0, 0], [1, 1]):
        losses = output.losses(Z, output.targets(np.array(y), len(Z)))
        assert np.isfinite(losses).all()


def test_the_textbook_form_would_not_stay_finite():
    A = OUTPUTS["sigmoid"].activation.function(np.array([[100.0]]), None)
    with np.errstate(all="ignore"):
        assert not np.isfinite(textbook("sigmoid", A, np.array([[1.0]]))).all()


def test_columns_of_softmax_sum_to_one_whatever_is_added_to_them():
    softmax = OUTPUTS["softmax"].activation.function
    Z = case("softmax")[0]
    assert softmax(Z, None).sum(axis=0) == pytest.approx(1)
    assert softmax(Z + 1e5, None) == pytest.approx(softmax(Z, None), rel=1e-8)


def test_predictions_are_the_most_probable_classes_and_scores_whether_they_are_right():
    softmax, sigmoid, identity = OUTPUTS["softmax"], OUTPUTS["sigmoid"], OUTPUTS["identity"]
    Z = np.array([[1.0, 5.0, 0.0], [2.0, 4.0, 0.0]])
    assert softmax.predictions(Z).tolist() == [1, 0, 0]
    assert sigmoid.predictions(Z[:1] - 0.5).tolist() == [1, 1, 0]
    assert identity.predictions(Z[:1]).tolist() == [1, 5, 0]
    assert softmax.scores(np.array([1, 0, 0]), np.array([1, 1, 0])).tolist() == [1, 0, 1]
    assert np.isnan(identity.scores(Z[0], Z[0])).all()


@pytest.mark.parametrize("shape", [(1, 5), (2, 50), (300, 7), (3, 10, 40)])
def test_the_largest_is_the_first_of_equals_as_argmax_has_it(shape):
    Z = rng.integers(0, 4, shape).astype(np.float32)
    assert np.array_equal(largest(Z), np.argmax(Z, axis=-2))


def test_a_diverged_network_still_predicts_a_class():
    with np.errstate(invalid="ignore"):
        assert largest(np.full((3, 2), np.nan)).tolist() == [2, 2]


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_cost_of_outputs_and_targets_is_the_mean_of_the_textbook_loss(name):
    Z, _, Y = case(name)
    A = OUTPUTS[name].activation.function(Z, None)
    cost = compute_cost(A, Y, name)
    assert cost.dtype == np.float64
    assert cost == pytest.approx(textbook(name, A, Y).mean(), rel=1e-13)
    assert cost == pytest.approx(OUTPUTS[name].losses(Z, Y).mean(), rel=1e-13)
    assert compute_cost(np.stack([A, A]), np.stack([Y, Y]), name) == pytest.approx([cost, cost])


def test_the_cost_of_the_course_is_that_of_its_example():
    """The numbers of `compute_cost_test_case` in the course's assignment of week 4."""
    A, Y = np.array([[0.8, 0.9, 0.4]]), np.array([[1, 1, 0]])
    assert compute_cost(A, Y) == pytest.approx(0.2797765635793422, rel=1e-14)


def test_the_cost_of_a_certain_output_is_0_if_it_is_right_and_infinite_if_it_is_wrong():
    A = np.array([[0.0, 1.0]])
    assert compute_cost(A, np.array([[0, 1]])) == 0
    assert compute_cost(A, np.array([[1, 0]])) == np.inf
    assert compute_cost(np.eye(2), np.eye(2), "softmax") == 0


def test_a_cost_of_two_shapes_is_an_error():
    with pytest.raises(ShapeError, match=r"cost: Y must have the shape \(1, 3\), but has \(3,\)"):
        compute_cost(np.zeros((1, 3)), np.zeros(3))
