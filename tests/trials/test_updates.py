"""Updates by each rule, by their formulas; velocities of dead units, which are flushed."""

from dataclasses import replace

import numpy as np
import pytest

from dnnsearch import nn
from dnnsearch.nn import batches
from dnnsearch.trials.descent import DESCENTS, Rule
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.momentum import Momentum
from dnnsearch.trials.updates import Steps, clip, updates_of
from tests.support.pieces import PIECES
from tests.support.trainings import blobs, generators, initialized, run


def descent_with_dead_units(seed, dtype, updates):
    """Parameters and velocities. Units die when their biases are set far below 0; one comes back.

    `updates` is a multiple of 64, so that the last update is one that flushes.
    """
    data, rng = blobs(dtype=dtype, seed=seed), np.random.default_rng(seed)
    parameters = nn.initialize((4, 20, 10, 3), rng, "he", dtype)
    network = nn.Network(parameters, "relu")
    descent = Momentum(network, 0.1, 0.9)
    stream = batches.Minibatches(network, data["X_train"], data["y_train"], 16, [rng])
    for t, batch in enumerate(stream.take(updates)):
        _, caches = network.forward(batch.X, batch.workspaces)
        network.backward(batch.Y, caches, descent.factor(batch))
        descent.update()
        if t == 100:
            parameters.b[1][: 3 + seed] -= 1000
        if t == updates - 200:
            parameters.b[1][0] += 1000
        stream.measured.clear()
    return parameters.flat, np.concatenate([v for _, v, _ in descent.blocks])


def denormals(v):
    return int(((np.abs(v) < np.finfo(v.dtype).tiny) & (v != 0)).sum())


@pytest.mark.parametrize(
    ("seed", "dtype", "updates"),
    [*((seed, np.float32, 1920) for seed in range(6)), (0, np.float64, 8512)],
)
def test_velocities_are_flushed_and_no_bit_of_a_parameter_changes(
    seed, dtype, updates, monkeypatch
):
    flushed, v = descent_with_dead_units(seed, dtype, updates)
    assert denormals(v) == 0
    monkeypatch.setattr(Momentum, "FLUSH_EVERY", 10**9)
    as_before, v = descent_with_dead_units(seed, dtype, updates)
    assert denormals(v) > 0, "there was something to flush"
    assert flushed.tobytes() == as_before.tobytes()


def test_a_velocity_that_still_moves_its_parameter_is_not_flushed():
    network = nn.Network(nn.Parameters((2, 1)))
    descent = Momentum(network, 0.1, 0.9)
    W, v, dW = descent.blocks[0]
    W[...] = [0.5, 0.5, 0]
    v[...] = [1e-40, 1e-40, 1e-40]
    dW[...] = [0, 1e-40, 0]
    descent.flush_denormals()
    assert (v != 0).tolist() == [False, True, True], "dead; its gradient is not 0; W would change"


def test_other_updates_than_the_course_s_are_made_only_if_they_are_asked_for():
    network, plain = nn.Network(nn.Parameters((2, 1))), Hyperparameters(0.1, 9, (), "relu", 0.9, 4)
    assert isinstance(updates_of(network, plain), Momentum)
    assert isinstance(updates_of(network, replace(plain, class_weights=1.0)), Momentum)
    for piece in ({"clip": 1.0}, {"descent": "adam"}, {"schedule": "cosine"}):
        assert isinstance(updates_of(network, replace(plain, **piece)), Steps)
    scaled = nn.Network(nn.Parameters((2, 1), extra={nn.SCALES: (2, 1)}))
    assert isinstance(updates_of(scaled, replace(plain, scaling=6.0)), Steps)


def test_a_rule_is_one_row_of_the_table(monkeypatch):
    """W = W - alpha dW, the rule of the course's first weeks."""
    plain = Rule(lambda dW, state, out, beta, beta2, t, power: dW, averages=0, passes=0)
    monkeypatch.setitem(DESCENTS, "plain", plain)
    data = blobs(dtype=np.float64, seed=0)
    trained = {}
    for name, momentum in (("plain", 0.9), ("momentum", 0.0), ("momentum", 0.9)):
        parameters = nn.initialize((4, 5, 3), generators(1), "he", np.float64)
        *_, last = run(parameters, data, descent=name, momentum=momentum, iterations=200)
        assert last.train_cost < np.log(3)
        trained[name, momentum] = parameters.flat
    assert np.allclose(trained["plain", 0.9], trained["momentum", 0.0], rtol=1e-12)
    assert not np.allclose(trained["plain", 0.9], trained["momentum", 0.9])


def textbook(name, W, gradient_of, alpha, beta, beta2, decay, updates):
    """The parameters after some updates, by the formulas of the docstrings, in new arrays."""
    v = s = 0.0
    z = x = W
    for t in range(1, updates + 1):
        g = gradient_of(W)
        if name in ("momentum", "nesterov"):
            v = beta * v + (1 - beta) * g
            D = v if name == "momentum" else beta * v + (1 - beta) * g
        else:
            s = beta2 * s + (1 - beta2) * g**2
            v = beta * v + (1 - beta) * g
            s_hat = s if name == "rmsprop" else s / (1 - beta2**t)
            is_adam = name.startswith("adam")
            D = (v / (1 - beta**t) if is_adam else g) / (np.sqrt(s_hat) + 1e-8)
        if name == "schedule_free":
            z = z - alpha * (D + decay * W)
            x = (1 - 1 / t) * x + z / t  # equal rates, so all points count alike
            W = (1 - beta) * z + beta * x
        else:
            W = W - alpha * (D + decay * W)
    return x if name == "schedule_free" else W


@pytest.mark.parametrize("decay", [None, 0.1])
@pytest.mark.parametrize("name", DESCENTS)
def test_each_rule_follows_the_formulas_of_its_docstring(name, decay):
    rng = np.random.default_rng(0)
    network = nn.Network(nn.Parameters((7, 1), dtype=np.float64), output="identity")
    W, curvature = rng.standard_normal(8), rng.uniform(0.1, 2, 8)
    network.parameters.flat[...] = W
    hyper = Hyperparameters(0.05, 40, (), "relu", 0.8, 4, descent=name, beta2=0.9)
    descent = Steps(network, replace(hyper, weight_decay=decay))
    for _ in range(40):
        network.gradient.flat[...] = curvature * network.parameters.flat
        descent.update()
    descent.pause()
    rate = DESCENTS[name].decay if decay is None else decay
    of_each = rate * np.array([1] * 7 + [0])  # not of the bias
    expected = textbook(name, W, lambda at: curvature * at, 0.05, 0.8, 0.9, of_each, 40)
    assert network.parameters.flat == pytest.approx(expected, rel=1e-10)


def test_momentum_in_steps_is_that_of_the_course():
    data = blobs(dtype=np.float64)
    ends = []
    for warmup in (0.0, 1e-9):  # which is over before the first update
        parameters = nn.initialize((4, 5, 3), generators(1), "he", np.float64)
        run(parameters, data, warmup=warmup, iterations=100)
        ends.append(parameters.flat)
    assert np.allclose(*ends, rtol=1e-10)


def test_large_gradients_are_clipped_each_replicate_by_itself():
    gradient = np.array([[3.0, 4.0], [0.3, 0.4], [np.nan, 1.0]])
    clip(gradient, 1.0)
    assert gradient[:2] == pytest.approx(np.array([[0.6, 0.8], [0.3, 0.4]]))
    assert np.isnan(gradient[2]).all()
    single = np.array([3.0, 4.0])
    clip(single, 2.5)
    assert single == pytest.approx([1.5, 2.0])


@pytest.mark.parametrize("name", PIECES)
def test_each_piece_learns(name):
    data, piece = blobs(m=200, seed=2), PIECES[name]
    parameters = initialized((4, 16, 3), generators(2), piece=piece)
    first, *_, last = run(parameters, data, generators(2), iterations=300, **piece)
    assert (last.train_cost < 0.5 * first.train_cost).all()
    assert last.iteration == 300


@pytest.mark.parametrize("name", ["rmsprop", "adam", "adamw", "schedule_free"])
def test_denormal_averages_are_flushed(name):
    network = nn.Network(nn.Parameters((4, 1)), output="identity")
    hyper = Hyperparameters(0.01, 64, (), "relu", 0.9, 4, descent=name)
    descent = Steps(network, hyper)
    for block in descent.blocks:
        for average in block.state:
            average[...] = 1e-41
    for _ in range(64):
        network.gradient.flat[...] = 0
        descent.update()
    for block in descent.blocks:
        assert not any(average.any() for average in block.state)


def test_the_factors_of_the_scaling_layer_have_a_rate_of_their_own():
    parameters = nn.Parameters((3, 2, 1), extra={nn.SCALES: (3, 1)})
    network = nn.Network(parameters, output="identity")
    hyper = Hyperparameters(0.1, 9, (2,), "relu", 0.0, 4, scaling=6.0)
    descent = Steps(network, hyper)
    network.gradient.flat[...] = 1
    descent.update()
    assert parameters.extra["s"].ravel() == pytest.approx([-0.6] * 3)
    assert parameters.W[1] == pytest.approx(np.full((2, 3), -0.1))


@pytest.mark.parametrize(("rule", "rate"), [("momentum", 0.3), ("adam", 0.01)])
def test_ntk_is_the_descent_of_the_network_of_that_parametrisation(rule, rate):
    """Z = W A / sqrt(n) + b with W = sqrt(n) times ours; one update by its own gradient."""
    data = blobs(dtype=np.float64)
    parameters = nn.initialize((4, 5, 3), generators(1)[0], "he", np.float64)
    network = nn.Network(parameters, "tanh")
    Y = np.eye(3)[:, data["y_train"]]
    _, gradient = network.cost_and_gradient(data["X_train"].T, Y)
    roots = {1: np.sqrt(4), 2: np.sqrt(5)}
    expected = {}
    for l in (1, 2):
        W, dW = roots[l] * parameters.W[l], gradient.W[l] / roots[l]
        step = rate * dW if rule == "momentum" else rate * dW / (np.abs(dW) + 1e-8)
        expected[l] = (W - step) / roots[l]
    hyper = Hyperparameters(rate, 9, (5,), "tanh", 0.0, 4, parametrization="ntk", descent=rule)
    Steps(network, hyper).update()
    for l in (1, 2):
        assert parameters.W[l] == pytest.approx(expected[l], rel=1e-5)


def test_l2_adds_the_derivative_of_its_cost():
    data = blobs(dtype=np.float64)
    parameters = nn.initialize((4, 5, 3), generators(1)[0], "he", np.float64)
    network, before = nn.Network(parameters, "tanh"), parameters.flat.copy()
    Y = np.eye(3)[:, data["y_train"]]
    expected = network.cost_and_gradient(data["X_train"].T, Y, l2=0.3)[1].flat.copy()
    network.cost_and_gradient(data["X_train"].T, Y)
    Steps(network, Hyperparameters(0.1, 9, (5,), "tanh", 0.0, 4, l2=0.3)).update()
    assert parameters.flat == pytest.approx(before - 0.1 * expected, rel=1e-10)


def test_dropout_does_not_change_the_mini_batches():
    """The masks have a stream of their own; so the first cost, before any mask, is the same."""
    data = blobs()
    orders = []
    for dropout in (0.0, 0.5):
        rngs = generators(1)
        parameters = nn.initialize((4, 5, 3), rngs)
        run(parameters, data, rngs, dropout=dropout, iterations=10)
        orders.append(rngs[0].bit_generator.state)
    assert orders[0] == orders[1]
