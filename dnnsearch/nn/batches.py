"""The batches of training examples, as the training loop takes them.

Data sets are stored with one example per row. A mini-batch gathers rows, and its transpose is X,
with one example per column.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, islice, repeat

import numpy as np

from dnnsearch.nn.batch_block import Batch, BatchBlock, Chunk, make_batch_block
from dnnsearch.nn.network import Network
from dnnsearch.nn.parameters import Array

BLOCK_EXAMPLES = 2000  # whose costs are computed in one call; at least one mini-batch


def evaluate(network: Network, X: Array, y: Array) -> tuple[Array, Array]:
    """Return the mean cost and the mean score, (...) float64 each.

    X is (..., m, n_x), one example per row; y is (..., m). Raise ShapeError if X does not fit.
    """
    return grade(network, network.logits(X.mT), y)


def grade(network: Network, Z: Array, y: Array) -> tuple[Array, Array]:
    """Return the mean cost and the mean score, (...) float64 each, of logits and targets.

    Z are the logits Z[L], (..., n[L], m); y is (..., m). The score is the accuracy, or NaN in a
    regression.
    """
    output = network.output
    losses = output.losses(Z, output.targets(y, Z.shape[-2])).astype(np.float64)
    scores = output.scores(output.predictions(Z), y)
    losses = network.arithmetic.summands(losses, -1)
    return losses.mean(axis=-1), scores.astype(np.float64).mean(axis=-1)


class FullBatch:
    """The whole training set again and again, in its stored order.

    X is (m, n_x) or (R, m, n_x), y is (m,) or (R, m).
    """

    def __init__(self, network: Network, X: Array, y: Array) -> None:
        self.network, self.X, self.y = network, X, y
        m, n_L = X.shape[-2], network.parameters.layer_sizes[-1]
        Y = network.output.targets(y, n_L).astype(network.gradient.flat.dtype)
        self.batch = Batch(network.input_operand()(X).mT, Y, network.workspaces_for(m), m)

    def take(self, n: int) -> Iterator[Batch]:
        """Yield the training set n times."""
        return repeat(self.batch, n)

    def means(self) -> tuple[Array, Array]:
        """Return cost and score (...) of the training set with the present parameters."""
        return evaluate(self.network, self.X, self.y)


class Minibatches:
    """Mini-batches of `size` examples without end; the last one of an epoch may be shorter.

    X is (m, n_x) or (R, m, n_x), y is (m,) or (R, m). In every epoch each replicate has a new
    order of its own, drawn from its generator in `rngs`.
    """

    def __init__(
        self,
        network: Network,
        X: Array,
        y: Array,
        size: int,
        rngs: Sequence[np.random.Generator],
    ) -> None:
        self.network, self.size, self.rngs = network, size, rngs
        self.m, n_x = X.shape[-2:]
        self.operand = network.input_operand(X)
        self.X, self.y = X.reshape(-1, n_x), y.reshape(-1)
        self.first_row = self.m * np.arange(len(rngs)) if X.ndim > 2 else np.zeros(len(rngs), int)
        self.order = np.empty((len(rngs), max(1, BLOCK_EXAMPLES // self.m), self.m), np.int64)
        self.blocks: dict[int, BatchBlock] = {}  # the usual one, and the last one of an epoch
        self.measured: list[Array] = []  # costs and scores, each (2, ..., mini-batches)
        self.started = False
        stream = self.endless()
        self.first = next(stream)
        self.stream = chain([self.first], stream)

    def take(self, n: int) -> Iterator[Batch]:
        """Yield the next n mini-batches; pass each one forward before you take the next."""
        self.started = self.started or n > 0
        return islice(self.stream, n)

    def endless(self) -> Iterator[Batch]:
        """Yield all mini-batches, and keep `trained` and `measured` up to date."""
        while True:
            for indices in self.shuffle():
                self.block = self.block_for(indices)
                self.trained = self.counted = 0  # mini-batches of the block
                for chunk in self.block.chunks:
                    self.gather(indices, chunk)
                    for batch in chunk.batches:
                        self.trained += 1
                        yield batch
                self.measure_trained()

    def shuffle(self) -> Iterator[Array]:
        """Yield new orders of the examples, block by block: row indices (R, c)."""
        for rng, epochs, first in zip(self.rngs, self.order, self.first_row, strict=True):
            for epoch in epochs:
                np.add(rng.permutation(self.m), first, out=epoch)
        order = self.order.reshape(len(self.rngs), -1)
        whole_batches = self.size * max(1, BLOCK_EXAMPLES // self.size)
        width = order.shape[-1] if self.m <= BLOCK_EXAMPLES else whole_batches
        for start in range(0, order.shape[-1], width):
            yield order[:, start : start + width]

    def block_for(self, indices: Array) -> BatchBlock:
        """Return the block for the examples of these indices (R, c), with their targets in it."""
        c = indices.shape[-1]
        if c not in self.blocks:
            epochs, rest = divmod(c, self.m)
            sizes = epochs * self.sizes(self.m) + self.sizes(rest)
            self.blocks[c] = make_batch_block(self.network, sizes, self.y.dtype)
        block = self.blocks[c]
        np.take(self.y, indices.reshape(block.y.shape), out=block.y, mode="clip")
        block.Y[...] = self.network.output.targets(block.y, block.Y.shape[-2])
        return block

    def sizes(self, examples: int) -> list[int]:
        """Return the sizes of the mini-batches into which this number of examples is cut."""
        return [min(self.size, examples - start) for start in range(0, examples, self.size)]

    def gather(self, indices: Array, chunk: Chunk) -> None:
        """Copy the examples of a chunk out of the data."""
        rows = indices[:, chunk.columns].reshape(chunk.rows.shape[:-1])
        if self.network.arithmetic.operand is None:
            np.take(self.X, rows, axis=0, out=chunk.rows, mode="clip")
        else:
            self.operand(np.take(self.X, rows, axis=0, mode="clip"), out=chunk.rows)

    def measure_trained(self) -> None:
        """Measure the mini-batches that were trained since the last call."""
        if self.trained > self.counted:
            self.measured.append(self.measure(slice(self.counted, self.trained)))
            self.counted = self.trained

    def measure(self, batches: slice) -> Array:
        """Return cost and score, (2, ..., n), of n mini-batches of the block, as trained."""
        starts, sizes = self.block.starts[batches], self.block.sizes[batches]
        columns = slice(starts[0], starts[-1] + sizes[-1])
        output, Z = self.network.output, self.block.logits[..., columns]
        losses = output.losses(Z, self.block.Y[..., columns])
        scores = output.scores(output.predictions(Z), self.block.y[..., columns])
        both = np.stack([losses, scores], dtype=np.float64, casting="unsafe")
        both = self.network.arithmetic.summands(both, -1)
        return np.add.reduceat(both, starts - starts[0], axis=-1) / sizes

    def means(self) -> tuple[Array, Array]:
        """Return cost and score (...), averaged over the mini-batches since the last call.

        Each mini-batch counts with the parameters before its own update. Before the first update,
        the result is that of the first mini-batch alone.
        """
        if not self.started:
            self.network.forward(self.first.X, self.first.workspaces)
            cost, score = self.measure(slice(0, 1))[..., 0]
            return cost, score
        self.measure_trained()
        means = np.concatenate(self.measured, axis=-1)
        cost, score = self.network.arithmetic.summands(means, -1).mean(axis=-1)
        self.measured.clear()
        return cost, score
