"""The arrays of a block of mini-batches: their shapes, and what shares memory."""

import numpy as np

from dnnsearch.nn import Network, Parameters, batch_block
from dnnsearch.nn.batch_block import make_batch_block

SIZES = [8, 8, 8, 3]


def block(replicates=()):
    network = Network(Parameters((5, 4, 3), replicates))
    return make_batch_block(network, SIZES, np.int64)


def test_a_block_has_a_column_for_each_example():
    for replicates in ((), (2,)):
        made = block(replicates)
        assert made.y.shape == (*replicates, 27)
        assert made.Y.shape == made.logits.shape == (*replicates, 3, 27)
        assert made.starts.tolist() == [0, 8, 16, 24]
        assert made.sizes.tolist() == SIZES
        assert [chunk.rows.shape for chunk in made.chunks] == [(*replicates, 27, 5)]


def test_a_batch_writes_its_targets_and_logits_into_the_block():
    made = block()
    made.logits[...], made.Y[...] = 0, 0
    (chunk,) = made.chunks
    for number, batch in enumerate(chunk.batches):
        assert batch.X.shape == (5, batch.size)
        assert np.shares_memory(batch.X, chunk.rows)
        batch.Y[...] = batch.workspaces[2].Z[...] = number
    assert made.Y[0].tolist() == made.logits[0].tolist() == [0] * 8 + [1] * 8 + [2] * 8 + [3] * 3


def test_chunks_share_one_buffer_and_are_cut_between_mini_batches(monkeypatch):
    two_batches = 2 * 8 * 5 * 4  # bytes
    monkeypatch.setattr(batch_block, "CHUNK_BYTES", two_batches)
    first, second = block().chunks
    assert [batch.size for batch in first.batches] == [8, 8]
    assert [batch.size for batch in second.batches] == [8, 3]
    assert (first.columns, second.columns) == (slice(0, 16), slice(16, 27))
    assert np.shares_memory(first.rows, second.rows)
