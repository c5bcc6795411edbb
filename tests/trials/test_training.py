"""The training loop: its progress, its updates, and how it ends if it diverges."""

import warnings

import numpy as np
import pytest

from dnnsearch import nn
from dnnsearch.nn import batches
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.training import train, weights_of_classes
from tests.support.trainings import blobs, curves, data_of, generators, run

# --- comparisons with other people's listings, and with plain code --------------------------------


def test_descent_ends_where_the_course_says():
    """Logistic regression, 100 iterations of full-batch descent; the numbers are printed in the
    first assignment of "Neural Networks and Deep Learning" (deeplearning.ai), function `optimize`.
    """
    X, y = np.array([[1.0, 3.0], [2.0, 4.0], [-1.0, -3.2]]), np.array([1, 0, 1])
    parameters = nn.Parameters.from_dict({"W1": [[1.0, 2.0]], "b1": [[2.0]]})
    run(
        parameters,
        data_of(X, y),
        output="sigmoid",
        learning_rate=0.009,
        momentum=0.0,
        batch_size="full",
        iterations=100,
    )
    assert parameters.W[1] == pytest.approx(np.array([[0.19033591, 0.12259159]]), abs=5e-9)
    assert parameters.b[1] == pytest.approx(1.92535983008, abs=5e-12)


def test_costs_are_those_of_a_textbook_listing_taken_before_each_update():
    """A network with a hidden layer, trained by a listing as textbooks have it, not fused."""
    data = blobs(classes=2, dtype=np.float64)
    X, Y, m = data["X_train"].T, data["y_train"][np.newaxis], 60
    parameters = nn.initialize((4, 5, 1), generators(1), "he", np.float64)
    W1, b1, W2, b2 = (array[0] for array in parameters.as_dict().values())
    costs = []
    for _ in range(31):
        A1 = np.tanh(W1 @ X + b1)
        A2 = 1 / (1 + np.exp(-(W2 @ A1 + b2)))
        costs.append(-(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)).mean())
        dZ2 = (-Y / A2 + (1 - Y) / (1 - A2)) * A2 * (1 - A2)
        dZ1 = W2.T @ dZ2 * (1 - A1**2)
        W2, b2 = W2 - 0.1 * dZ2 @ A1.T / m, b2 - 0.1 * dZ2.mean(axis=1, keepdims=True)
        W1, b1 = W1 - 0.1 * dZ1 @ X.T / m, b1 - 0.1 * dZ1.mean(axis=1, keepdims=True)
    progress = run(
        parameters,
        data,
        output="sigmoid",
        momentum=0.0,
        batch_size="full",
        iterations=30,
        curve_every=1,
    )
    assert [point.iteration for point in progress] == [*range(31)]
    assert curves(progress)[:, 0, 0] == pytest.approx(np.array(costs), rel=1e-12)


def test_minibatches_momentum_and_running_means_are_those_of_plain_code():
    data = blobs(m=50, dtype=np.float64)
    X, y = data["X_train"], data["y_train"]
    parameters = nn.initialize((4, 5, 3), generators(1), "he", np.float64)
    reference = nn.Parameters.from_flat((4, 5, 3), parameters.flat[0].copy())
    network, rng, v = nn.Network(reference, "relu"), np.random.default_rng(7), 0.0
    costs, t = [], 0
    while t < 23:
        order = rng.permutation(50)
        for batch in [order[start : start + 16] for start in range(0, 50, 16)][: 23 - t]:
            Y = np.eye(3)[:, y[batch]]
            cost, gradient = network.cost_and_gradient(X[batch].T, Y)
            costs.append(float(cost))
            v = 0.8 * v + (1 - 0.8) * gradient.flat
            reference.flat -= 0.1 * v
            t += 1
    rngs = [np.random.default_rng(7)]
    options = {"activation": "relu", "momentum": 0.8, "iterations": 23, "curve_every": 10}
    progress = run(parameters, data, rngs, **options)
    assert parameters.flat[0] == pytest.approx(reference.flat, rel=1e-12)
    exact = float(batches.evaluate(network, X, y)[0])
    expected = [costs[0], np.mean(costs[:10]), np.mean(costs[10:20]), exact]
    assert [point.iteration for point in progress] == [0, 10, 20, 23]
    assert curves(progress)[:, 0, 0] == pytest.approx(np.array(expected), rel=1e-12)
    dev = batches.evaluate(network, data["X_dev"], data["y_dev"])
    assert progress[-1].dev_cost == pytest.approx(float(dev[0]), rel=1e-12)
    assert progress[-1].dev_accuracy == float(dev[1])


# --- points of the curves -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("iterations", "every", "points"),
    [(10, 5, [0, 5, 10]), (11, 5, [0, 5, 10, 11]), (3, 5, [0, 3]), (1, 1, [0, 1]), (0, 5, [0])],
)
@pytest.mark.parametrize("batch_size", [16, "full"])
def test_there_is_a_point_at_0_at_every_multiple_and_at_the_end(
    batch_size, iterations, every, points
):
    parameters = nn.initialize((4, 5, 3), generators(2))
    options = {"iterations": iterations, "curve_every": every, "batch_size": batch_size}
    progress = run(parameters, blobs(), generators(2), **options)
    assert [point.iteration for point in progress] == points
    assert curves(progress).shape == (len(points), 4, 2)
    assert curves(progress).dtype == np.float64


def test_how_often_curves_are_drawn_changes_neither_parameters_nor_dev_values():
    results = []
    for every in (1, 4, 20):
        parameters = nn.initialize((4, 5, 3), generators(2))
        progress = run(parameters, blobs(), generators(2), curve_every=every)
        at_20 = curves(progress)[-1]
        results.append((parameters.flat.tobytes(), at_20.tobytes()))
    assert len(set(results)) == 1


def test_training_finds_what_can_be_found():
    parameters = nn.initialize((4, 8, 3), generators(3))
    progress = run(parameters, blobs(m=300), generators(3), iterations=400, curve_every=100)
    assert (progress[-1].dev_accuracy > 0.9).all()
    assert (progress[-1].train_cost < 0.5 * progress[0].train_cost).all()


def test_a_regression_has_a_cost_and_no_accuracy():
    data = blobs(dtype=np.float64)
    y = data["X_train"] @ [1.0, -2.0, 0.5, 3.0]
    parameters = nn.Parameters((4, 1), dtype=np.float64)
    options = {"output": "identity", "batch_size": "full", "iterations": 2000}
    progress = run(parameters, data_of(data["X_train"], y), **options)
    assert progress[-1].train_cost[0] < 1e-12
    assert parameters.W[1] == pytest.approx(np.array([[1.0, -2.0, 0.5, 3.0]]), rel=1e-5)
    assert np.isnan(progress[-1].train_accuracy).all()


def test_data_may_be_read_only_memory_maps(tmp_path):
    data = blobs()
    mapped = {}
    for name, array in data.items():
        np.save(tmp_path / f"{name}.npy", array)
        mapped[name] = np.load(tmp_path / f"{name}.npy", mmap_mode="r")
    results = []
    for source in (data, mapped):
        parameters = nn.initialize((4, 5, 3), generators(1))
        results.append((curves(run(parameters, source)).tobytes(), parameters.flat.tobytes()))
    assert results[0] == results[1]


def test_float32_and_float64_differ_by_rounding_only():
    ends = []
    for dtype in (np.float32, np.float64):
        parameters = nn.initialize((4, 5, 3), generators(1), "he", dtype)
        ends.append(curves(run(parameters, blobs(dtype=dtype))))
        assert parameters.flat.dtype == dtype
    assert ends[0] == pytest.approx(ends[1], rel=1e-4)


# --- divergence -----------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", nn.ACTIVATIONS)
@pytest.mark.parametrize("batch_size", [16, "full"])
def test_a_diverged_replicate_is_nan_from_then_on_and_the_others_do_not_notice(
    activation, batch_size
):
    options = {"activation": activation, "batch_size": batch_size, "iterations": 40}
    healthy = nn.initialize((4, 5, 3), generators(3))
    expected = curves(run(healthy, blobs(), generators(3), **options))
    parameters = nn.initialize((4, 5, 3), generators(3))
    parameters.W[2][1] *= 1e38
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = curves(run(parameters, blobs(), generators(3), **options))
    for r in (0, 2):
        assert values[..., r].tobytes() == expected[..., r].tobytes()
        assert parameters.flat[r].tobytes() == healthy.flat[r].tobytes()
    dead = np.isnan(values[..., 1])
    assert dead[-1].all()
    assert (dead[1:] >= dead[:-1]).all(), "once dead, always dead"
    assert (dead.all(axis=1) == dead.any(axis=1)).all(), "all four curves at once"


def test_training_ends_when_nothing_is_left_to_train():
    parameters = nn.initialize((4, 5, 3), generators(2))
    parameters.flat[0] *= 1e30
    options = {"activation": "relu", "learning_rate": 1e30, "iterations": 1000}
    progress = run(parameters, blobs(), generators(2), **options)
    assert len(progress) < 10
    values = curves(progress)
    assert np.isnan(values[-1]).all()
    assert not np.isnan(values[:-1]).all(axis=(1, 2)).any(), "it ends at the first such point"


def test_the_caller_keeps_his_own_handling_of_numerical_errors():
    parameters = nn.initialize((4, 5, 3), generators(1))
    hyper = Hyperparameters(0.1, 10, (5,), "tanh", 0.9, 16)
    rngs = generators(1)
    progress = train(parameters, blobs(), hyper, output="softmax", curve_every=5, rngs=rngs)
    before = np.geterr()
    for _ in progress:
        assert np.geterr() == before


# --- what the caller hands over -------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [16, "full"])
@pytest.mark.parametrize(
    ("name", "has", "needs"),
    [
        ("X_train", np.float64, np.float32),
        ("X_train", np.float32, np.float64),
        ("X_train", np.int64, np.float32),
        ("X_dev", np.float64, np.float32),
    ],
)
def test_data_of_another_dtype_than_the_parameters_are_an_error(name, has, needs, batch_size):
    data = blobs(dtype=needs)
    data[name] = data[name].astype(has)
    parameters = nn.initialize((4, 5, 3), generators(1), "he", needs)
    rule = f"{name} must be {needs.__name__}, the dtype of the parameters, but is {has.__name__}"
    with pytest.raises(TypeError, match=f"^{rule}$"):
        run(parameters, data, batch_size=batch_size)


@pytest.mark.parametrize("power", [0, 0.5, 1])
def test_the_weights_of_classes_are_1_on_average_over_the_examples(power):
    y = np.array([0, 0, 0, 1, 2, 2])
    weights = weights_of_classes(y, 3, power, "float64")
    assert weights[y].mean() == pytest.approx(1)
    assert weights / weights[1] == pytest.approx(np.array([3, 1, 2.0]) ** -power)


def test_an_empty_class_counts_as_one_more_example_in_their_mean():
    y = np.array([0, 0, 0, 0, 2, 2])
    weights = weights_of_classes(y, 3, 1, "float64")
    assert weights[[*y, 1]].mean() == pytest.approx(1)
    assert weights[y].mean() == pytest.approx(7 / 9), "so that of the examples is not 1"
