"""Batches of training examples, as the training loop takes them.

Examples are stored one per row. A mini-batch gathers rows; its transpose is A[0], one example per
column. A chunk of several mini-batches is gathered at once, into a buffer of bounded size, and
their logits are kept there, so that costs are computed for many mini-batches in one go.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from dnnsearch.nn.layers import Room
from dnnsearch.nn.network import Network
from dnnsearch.nn.parameters import Array

CHUNK = 2**20  # bytes of examples that are gathered at a time; one mini-batch at least


class Batch(NamedTuple):
    """The examples of one update."""

    X: Array  # (..., n[0], b)
    Y: Array  # (..., n[L], b)
    rooms: dict[int, Room]  # where the network writes
    end: int  # the column of its chunk after its last one


class Chunk(NamedTuple):
    """The arrays of several mini-batches, c examples in all."""

    rows: Array  # (..., c, n[0])
    y: Array  # (..., c)
    Y: Array  # (..., n[L], c)
    logits: Array  # (..., n[L], c)
    batches: list[Batch]


def evaluate(network: Network, X: Array, y: Array) -> tuple[Array, Array]:
    """Mean cost and score (...) on X (..., m, n[0]) and y (..., m)."""
    output = network.output
    Z = network.logits(X.mT)
    losses = output.losses(Z, output.targets(y, Z.shape[-2]))
    scores = output.scores(output.predictions(Z), y)
    return losses.mean(axis=-1, dtype=np.float64), scores.mean(axis=-1, dtype=np.float64)


class FullBatch:
    """The whole training set again and again, in the order in which it is stored."""

    def __init__(self, network: Network, X: Array, y: Array) -> None:
        self.network, self.X, self.y = network, X, y

    def __iter__(self) -> Iterator[Batch]:
        m = self.X.shape[-2]
        Y = self.network.output.targets(self.y, self.network.parameters.layer_sizes[-1])
        batch = Batch(self.X.mT, Y.astype(self.X.dtype), self.network.room(m), m)
        while True:
            yield batch

    def means(self) -> tuple[Array, Array]:
        """Cost and score (...) of the training set, with the parameters as they are."""
        return evaluate(self.network, self.X, self.y)


class Minibatches:
    """Mini-batches of `size` examples without end; the last of an epoch may be shorter.

    X is (m, n[0]) or (R, m, n[0]), y is (m,) or (R, m). In every epoch each replicate has a new
    order of its own.
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
        self.X, self.y = X.reshape(-1, n_x), y.reshape(-1)
        self.first_row = self.m * np.arange(len(rngs)) if X.ndim > 2 else np.zeros(len(rngs), int)
        batch_bytes = size * n_x * X.itemsize * len(rngs)
        self.width = min(size * max(1, CHUNK // batch_bytes), self.m)
        self.order = np.empty((len(rngs), self.m), np.int64)
        self.position = self.m  # in the order, of the next chunk
        self.chunks: dict[int, Chunk] = {}  # the usual one, and the last one of an epoch
        self.sums = np.zeros((2, *network.parameters.replicates))  # of costs and of scores
        self.count = 0  # of mini-batches in the sums
        self.next_chunk()

    def __iter__(self) -> Iterator[Batch]:
        while True:
            for batch in self.chunk.batches:
                yield batch
                self.trained = batch.end
            self.add_up()
            self.next_chunk()

    def next_chunk(self) -> None:
        """Gathers the examples that come next."""
        if self.position == self.m:
            self.position = 0
            self.shuffle()
        end = min(self.position + self.width, self.m)
        self.chunk = self.gather(self.order[:, self.position : end])
        self.position = end
        self.trained = self.added = 0  # columns of the chunk

    def shuffle(self) -> None:
        """A new order for each replicate."""
        for rng, order, first in zip(self.rngs, self.order, self.first_row, strict=True):
            np.add(rng.permutation(self.m), first, out=order)

    def gather(self, indices: Array) -> Chunk:
        """The chunk with the examples of these rows, (R, c)."""
        c = indices.shape[-1]
        if c not in self.chunks:
            self.chunks[c] = self.make_chunk(c)
        chunk = self.chunks[c]
        indices = indices.reshape(chunk.y.shape)
        np.take(self.X, indices, axis=0, out=chunk.rows, mode="clip")
        np.take(self.y, indices, out=chunk.y, mode="clip")
        chunk.Y[...] = self.network.output.targets(chunk.y, chunk.Y.shape[-2])
        return chunk

    def make_chunk(self, c: int) -> Chunk:
        """Room for c examples, with the mini-batches as views of it."""
        parameters, dtype = self.network.parameters, self.X.dtype
        n_x, n_L = parameters.layer_sizes[0], parameters.layer_sizes[-1]
        rows = np.empty((*parameters.replicates, c, n_x), dtype)
        y = np.empty((*parameters.replicates, c), self.y.dtype)
        Y, logits = (np.empty((*parameters.replicates, n_L, c), dtype) for _ in range(2))
        batches = []
        for start in range(0, c, self.size):
            columns = slice(start, min(start + self.size, c))
            rooms = self.network.room_with_logits(logits[..., columns])
            batches.append(Batch(rows[..., columns, :].mT, Y[..., columns], rooms, columns.stop))
        return Chunk(rows, y, Y, logits, batches)

    def add_up(self) -> None:
        """Adds the mini-batches that have been trained since the last time to the sums."""
        if self.trained > self.added:
            means = self.means_of(slice(self.added, self.trained))
            self.sums += means.sum(axis=-1)
            self.count += means.shape[-1]
            self.added = self.trained

    def means_of(self, columns: slice) -> Array:
        """Cost and score of each mini-batch in these columns of the chunk: (2, ..., mini-batches)."""
        output, chunk = self.network.output, self.chunk
        Z = chunk.logits[..., columns]
        losses = output.losses(Z, chunk.Y[..., columns])
        scores = output.scores(output.predictions(Z), chunk.y[..., columns])
        starts = np.arange(0, Z.shape[-1], self.size)
        both = np.stack([losses, scores], dtype=np.float64, casting="unsafe")
        return np.add.reduceat(both, starts, axis=-1) / np.diff(starts, append=Z.shape[-1])

    def means(self) -> tuple[Array, Array]:
        """Cost and score (...), averaged over the mini-batches since this was last called.

        Each mini-batch counts as it was before its own update. Before the first update it is the
        first mini-batch alone.
        """
        self.add_up()
        if not self.count:
            first = self.chunk.batches[0]
            self.network.forward(first.X, first.rooms)
            cost, score = self.means_of(slice(0, first.end))[..., 0]
            return cost, score
        cost, score = self.sums / self.count
        self.sums[...], self.count = 0, 0
        return cost, score
