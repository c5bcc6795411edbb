"""Rules of descent: a row that is added, and velocities of dead units, which are flushed."""

import numpy as np
import pytest

from dnnsearch import nn
from dnnsearch.nn import batches
from dnnsearch.trials.descent import DESCENTS, Momentum
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.training import train
from tests.support.trainings import blobs


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


class PlainDescent:
    """W = W - alpha dW, the rule of the course's first weeks."""

    def __init__(self, network, alpha, beta, class_weights=None):
        self.network, self.alpha = network, alpha

    def factor(self, batch):
        return np.array(self.alpha / batch.size, self.network.parameters.flat.dtype)

    def update(self):
        self.network.parameters.flat[...] -= self.network.gradient.flat


def test_a_rule_is_one_row_of_the_table(monkeypatch):
    monkeypatch.setitem(DESCENTS, "plain", PlainDescent)
    data = blobs(dtype=np.float64, seed=0)
    trained = {}
    for name, momentum in (("plain", 0.9), ("momentum", 0.0), ("momentum", 0.9)):
        rng = np.random.default_rng(0)
        parameters = nn.initialize((4, 5, 3), rng, "he", np.float64)
        *_, last = train(
            parameters,
            data,
            Hyperparameters(
                learning_rate=0.1,
                iterations=200,
                units=(5,),
                activation="tanh",
                momentum=momentum,
                batch_size=16,
            ),
            output="softmax",
            curve_every=100,
            rngs=[rng],
            descent=name,
        )
        assert last.train_cost < np.log(3)
        trained[name, momentum] = parameters.flat
    assert np.allclose(trained["plain", 0.9], trained["momentum", 0.0], rtol=1e-12)
    assert not np.allclose(trained["plain", 0.9], trained["momentum", 0.9])
