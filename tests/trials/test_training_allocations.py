"""How much memory an update allocates."""

import tracemalloc

import numpy as np
import pytest

from dnnsearch import nn
from dnnsearch.nn import batches
from dnnsearch.nn.regularization import Dropout
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.updates import updates_of
from tests.support.pieces import PIECES
from tests.support.trainings import generators, initialized


def allocated_in_updates(m, n_x, units, size, replicates=1, **piece):
    """Bytes that 30 updates hold at most beyond what there was, and the bytes of one A[1]."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((m, n_x), np.float32), rng.integers(0, 3, m)
    parameters = initialized((n_x, units, units, 3), generators(replicates), piece=piece)
    activation = piece.pop("activation", "relu")
    network = nn.Network(parameters, activation)
    hyper = Hyperparameters(0.01, 100, (units, units), activation, 0.9, size, **piece)
    descent = updates_of(network, hyper)
    sizes = parameters.layer_sizes
    dropout = Dropout(network.g, sizes, hyper.dropout, generators(1)) if hyper.dropout else None
    stream = batches.Minibatches(network, X, y, size, generators(replicates))

    def draw(batch):
        return dropout.draw(batch.size, parameters.replicates, np.float32) if dropout else None

    def update(batch, passes):
        draw(batch)
        passes.forward()
        passes.backward(batch.Y, descent.factor(batch))
        descent.update()

    taken = []
    for batch in stream.take(5):  # all in the buffers of one chunk
        taken.append((batch, network.passes(batch.X, batch.workspaces, draw(batch))))
        update(*taken[-1])
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for batch, passes in taken * 6:
            update(batch, passes)
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def test_an_update_allocates_nothing_that_grows_with_network_or_data():
    """What there is: Python's own for a call, NumPy's buffer of 8192 numbers where types differ,
    and two rows in softmax, one number for each example of the batch."""
    start = {"m": 1000, "n_x": 8, "units": 200, "size": 50}
    least = allocated_in_updates(**start)
    assert least < 8192 * 5 + 4096
    for grown in ({"m": 20_000}, {"n_x": 800}, {"units": 600}):
        assert allocated_in_updates(**start | grown) <= least + 512
    stack = allocated_in_updates(**start | {"replicates": 4, "size": 200})
    assert stack <= least + 512 + 2 * 4 * 200 * 4


@pytest.mark.parametrize("name", PIECES)
def test_an_update_with_a_piece_allocates_nothing_that_grows(name):
    tested_elsewhere = ("learning_rate", "batch_size")
    piece = {key: value for key, value in PIECES[name].items() if key not in tested_elsewhere}
    start = {"m": 1000, "n_x": 8, "units": 200, "size": 50, **piece}
    least = allocated_in_updates(**start)
    assert least < 8192 * 5 + 4096
    assert allocated_in_updates(**start | {"units": 600}) <= least + 1024


def test_the_count_of_allocations_sees_a_planted_one(monkeypatch):
    wasteful = nn.Activation(
        lambda Z, out: np.maximum(Z, 0), lambda Z, A, out: np.greater(A, 0, out=out)
    )
    monkeypatch.setitem(nn.ACTIVATIONS, "relu", wasteful)
    assert allocated_in_updates(m=1000, n_x=8, units=600, size=50) > 600 * 50 * 4
