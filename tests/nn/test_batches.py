import numpy as np
import pytest

from dnnsearch.nn import Network, Parameters, batch_block, batches, initialize
from dnnsearch.nn.batches import FullBatch, Minibatches, evaluate


def generators(n):
    return [np.random.default_rng(i) for i in range(n)]


def numbered(m, replicates=None):
    """Example i of replicate r is [i, r], and its class is i modulo 3."""
    i = np.arange(m)
    if replicates is None:
        return np.stack([i, 0 * i], axis=1).astype(np.float32), i % 3
    X = np.stack([numbered(m)[0] + [0, r] for r in range(replicates)]).astype(np.float32)
    return X, np.stack([i % 3] * replicates)


def stream(m, size, R=1, own_data=False):
    network = Network(initialize((2, 4, 3), generators(R)))
    return Minibatches(network, *numbered(m, R if own_data else None), size, generators(R))


@pytest.fixture(params=["as they are", "tiny"])
def _buffers(request, monkeypatch):
    """Make buffers so small that an epoch takes several blocks and a block several chunks."""
    if request.param == "tiny":
        monkeypatch.setattr(batches, "BLOCK_EXAMPLES", 20)
        monkeypatch.setattr(batch_block, "CHUNK_BYTES", 100)


@pytest.mark.usefixtures("_buffers")
@pytest.mark.parametrize("own_data", [False, True])
@pytest.mark.parametrize("R", [1, 3])
@pytest.mark.parametrize(("m", "size"), [(50, 8), (48, 8), (7, 2), (5, 4), (41, 40), (9, 1)])
def test_every_epoch_has_every_example_once_with_its_class(m, size, R, own_data):
    taken = stream(m, size, R, own_data).take(1000)
    for _epoch in range(3):
        seen = []
        for start in range(0, m, size):
            batch = next(taken)
            assert batch.size == min(size, m - start)
            assert batch.X.shape == (R, 2, batch.size)
            examples, replicates = batch.X[:, 0].copy(), batch.X[:, 1]
            assert np.array_equal(batch.Y.argmax(axis=1), examples % 3)
            assert (replicates == (np.arange(R)[:, np.newaxis] if own_data else 0)).all()
            assert batch.workspaces[2].Z.shape == (R, 3, batch.size)
            seen.append(examples)
            batch.workspaces[2].Z[...] = 0  # as a forward pass would
        order = np.concatenate(seen, axis=1)
        assert np.array_equal(np.sort(order), np.tile(np.arange(m), (R, 1)))
        if m > 8:
            assert len({tuple(row) for row in order}) == R, "each replicate has its own order"


def test_the_order_is_new_in_every_epoch():
    taken = stream(30, 30).take(2)
    first, second = (batch.X.copy() for batch in taken)
    assert not np.array_equal(first, second)


@pytest.mark.usefixtures("_buffers")
@pytest.mark.parametrize("m", [50, 23])
def test_means_are_those_of_the_minibatches_since_the_last_time(m):
    examples = stream(m, 8)
    network, expected = examples.network, []

    def cost_and_score(batch):
        X, y = batch.X[0].T.copy(), batch.Y[0].argmax(axis=0)
        return np.array(evaluate(Network(network.parameters), X, y))[:, 0]

    first = cost_and_score(examples.first)
    assert np.ravel(examples.means()) == pytest.approx(first, rel=1e-6), "the first one alone"
    for n in (1, 5, 3 * m, 13):
        expected.clear()
        for batch in examples.take(n):
            network.forward(batch.X, batch.workspaces)
            expected.append(cost_and_score(batch))
            network.parameters.flat[...] += 0.001  # the next ones see other parameters
        assert np.ravel(examples.means()) == pytest.approx(np.mean(expected, axis=0), rel=1e-5)


def test_buffers_stay_small_on_large_data():
    X = np.broadcast_to(np.float32(0), (60_000, 784))
    network = Network(Parameters((784, 16, 10), (1,)))
    examples = Minibatches(network, X, np.zeros(60_000, np.int64), 128, generators(1))
    targets = [
        block.y.nbytes + block.Y.nbytes + block.logits.nbytes for block in examples.blocks.values()
    ]
    rows = max(chunk.rows.nbytes for block in examples.blocks.values() for chunk in block.chunks)
    assert sum(targets) + rows + examples.order.nbytes < 3 * 2**20


def test_the_full_batch_is_the_data_themselves():
    X, y = numbered(20)
    network = Network(initialize((2, 4, 3), generators(1)))
    full = FullBatch(network, X, y)
    for batch in full.take(3):
        assert np.shares_memory(batch.X, X)
        assert np.array_equal(batch.X, X.T)
        assert batch.size == 20
    assert np.array_equal(full.means(), evaluate(network, X, y))


def test_cost_and_score_of_an_evaluation_are_means_over_the_examples():
    parameters = Parameters.from_dict({"W1": [[1.0], [-1.0]], "b1": [[0.0], [0.0]]})
    X, y = np.array([[1.0], [-2.0], [3.0]]), np.array([0, 0, 0])
    cost, accuracy = evaluate(Network(parameters), X, y)
    assert accuracy == pytest.approx(2 / 3)
    assert cost == pytest.approx(np.mean(np.log(1 + np.exp([-2.0, 4.0, -6.0]))))
