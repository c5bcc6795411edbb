"""How much memory an update allocates."""

import tracemalloc

import numpy as np

from dnnsearch import nn
from dnnsearch.nn import batches
from dnnsearch.trials.training import Momentum
from tests.support.trainings import generators


def allocated_in_updates(m, n_x, units, size, replicates=1):
    """Bytes that 30 updates hold at most beyond what there was, and the bytes of one A[1]."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((m, n_x), np.float32), rng.integers(0, 3, m)
    parameters = nn.initialize((n_x, units, units, 3), generators(replicates))
    network = nn.Network(parameters, "relu")
    descent = Momentum(network, 0.01, 0.9)
    stream = batches.Minibatches(network, X, y, size, generators(replicates))

    def update(batch):
        _, caches = network.forward(batch.X, batch.workspaces)
        network.backward(batch.Y, caches, descent.factor(batch))
        descent.update()

    taken = []
    for batch in stream.take(5):  # all in the buffers of one chunk
        taken.append(batch)
        update(batch)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for batch in taken * 6:
            update(batch)
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


def test_the_count_of_allocations_sees_a_planted_one(monkeypatch):
    wasteful = nn.Activation(
        lambda Z, out: np.maximum(Z, 0), lambda Z, A, out: np.greater(A, 0, out=out)
    )
    monkeypatch.setitem(nn.ACTIVATIONS, "relu", wasteful)
    assert allocated_in_updates(m=1000, n_x=8, units=600, size=50) > 600 * 50 * 4
