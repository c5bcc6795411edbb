"""The batches of training examples, as the training loop takes them.

Data sets are stored with one example per row. A mini-batch gathers rows, and its transpose is A[0],
with one example per column.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, islice, repeat

import numpy as np

from dnnsearch.nn.lots import Batch, Chunk, Lot, make_lot
from dnnsearch.nn.network import Network
from dnnsearch.nn.parameters import Array

LOT = 2000  # examples whose costs are computed in one go; one mini-batch at least


def evaluate(network: Network, X: Array, y: Array) -> tuple[Array, Array]:
    """Mean cost and score (...) on X (..., m, n[0]) and y (..., m)."""
    return grade(network, network.logits(X.mT), y)


def grade(network: Network, Z: Array, y: Array) -> tuple[Array, Array]:
    """Mean cost and score (...) of logits Z[L] (..., n[L], m) and targets y (..., m)."""
    output = network.output
    losses = output.losses(Z, output.targets(y, Z.shape[-2]))
    scores = output.scores(output.predictions(Z), y)
    return losses.astype(np.float64).mean(axis=-1), scores.astype(np.float64).mean(axis=-1)


class FullBatch:
    """The whole training set again and again, in the order in which it is stored."""

    def __init__(self, network: Network, X: Array, y: Array) -> None:
        self.network, self.X, self.y = network, X, y
        m, n_L = X.shape[-2], network.parameters.layer_sizes[-1]
        Y = network.output.targets(y, n_L).astype(X.dtype)
        self.batch = Batch(X.mT, Y, network.room(m), m)

    def take(self, n: int) -> Iterator[Batch]:
        """The training set, n times."""
        return repeat(self.batch, n)

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
        self.order = np.empty((len(rngs), max(1, LOT // self.m), self.m), np.int64)
        self.lots: dict[int, Lot] = {}  # the usual one, and the last one of an epoch
        self.measured: list[Array] = []  # costs and scores, each (2, ..., mini-batches)
        self.begun = False
        stream = self.endless()
        self.first = next(stream)
        self.stream = chain([self.first], stream)

    def take(self, n: int) -> Iterator[Batch]:
        """The next n mini-batches; each is to be passed forward before the next is taken."""
        self.begun = self.begun or n > 0
        return islice(self.stream, n)

    def endless(self) -> Iterator[Batch]:
        """All mini-batches, with `trained` and `measured` kept up to date."""
        while True:
            for indices in self.shuffle():
                self.lot = self.find_lot(indices)
                self.trained = self.counted = 0  # mini-batches of the lot
                for chunk in self.lot.chunks:
                    self.gather(indices, chunk)
                    for batch in chunk.batches:
                        self.trained += 1
                        yield batch
                self.measure_trained()

    def shuffle(self) -> Iterator[Array]:
        """New orders of the examples, lot by lot: (R, c)."""
        for rng, epochs, first in zip(self.rngs, self.order, self.first_row, strict=True):
            for epoch in epochs:
                np.add(rng.permutation(self.m), first, out=epoch)
        order = self.order.reshape(len(self.rngs), -1)
        width = order.shape[-1] if self.m <= LOT else self.size * max(1, LOT // self.size)
        for start in range(0, order.shape[-1], width):
            yield order[:, start : start + width]

    def find_lot(self, indices: Array) -> Lot:
        """The lot for these examples, with their targets in it."""
        c = indices.shape[-1]
        if c not in self.lots:
            epochs, rest = divmod(c, self.m)
            sizes = epochs * self.sizes(self.m) + self.sizes(rest)
            self.lots[c] = make_lot(self.network, sizes, self.X.dtype, self.y.dtype)
        lot = self.lots[c]
        np.take(self.y, indices.reshape(lot.y.shape), out=lot.y, mode="clip")
        lot.Y[...] = self.network.output.targets(lot.y, lot.Y.shape[-2])
        return lot

    def sizes(self, examples: int) -> list[int]:
        """So many examples, cut into mini-batches."""
        return [min(self.size, examples - start) for start in range(0, examples, self.size)]

    def gather(self, indices: Array, chunk: Chunk) -> None:
        """Copies the examples of a chunk out of the data."""
        rows = indices[:, chunk.columns].reshape(chunk.rows.shape[:-1])
        np.take(self.X, rows, axis=0, out=chunk.rows, mode="clip")

    def measure_trained(self) -> None:
        """Measures the mini-batches that were trained since the last time."""
        if self.trained > self.counted:
            self.measured.append(self.measure(slice(self.counted, self.trained)))
            self.counted = self.trained

    def measure(self, batches: slice) -> Array:
        """Cost and score of each of these mini-batches of the lot, as trained: (2, ..., some)."""
        starts, sizes = self.lot.starts[batches], self.lot.sizes[batches]
        columns = slice(starts[0], starts[-1] + sizes[-1])
        output, Z = self.network.output, self.lot.logits[..., columns]
        losses = output.losses(Z, self.lot.Y[..., columns])
        scores = output.scores(output.predictions(Z), self.lot.y[..., columns])
        both = np.stack([losses, scores], dtype=np.float64, casting="unsafe")
        return np.add.reduceat(both, starts - starts[0], axis=-1) / sizes

    def means(self) -> tuple[Array, Array]:
        """Cost and score (...), averaged over the mini-batches since this was last called.

        Each mini-batch counts as it was before its own update. Before the first update, it is the
        first mini-batch alone.
        """
        if not self.begun:
            self.network.forward(self.first.X, self.first.rooms)
            cost, score = self.measure(slice(0, 1))[..., 0]
            return cost, score
        self.measure_trained()
        cost, score = np.concatenate(self.measured, axis=-1).mean(axis=-1)
        self.measured.clear()
        return cost, score
