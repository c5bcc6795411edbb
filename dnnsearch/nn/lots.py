"""Where mini-batches lie in memory.

A lot holds the targets and the logits of many mini-batches, so that all their costs are computed
in one go. Their examples take more room, so they are gathered for a chunk of mini-batches at a
time, and all chunks lie in the same buffer.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from dnnsearch.nn.layers import Room
from dnnsearch.nn.network import Network
from dnnsearch.nn.parameters import Array

CHUNK = 2**18  # bytes of examples that are gathered at a time; one mini-batch at least


class Batch(NamedTuple):
    """The examples of one update."""

    X: Array  # (..., n[0], b)
    Y: Array  # (..., n[L], b)
    rooms: dict[int, Room]  # where the network writes
    size: int  # b


class Chunk(NamedTuple):
    """Some mini-batches, one behind the other."""

    rows: Array  # (..., c, n[0]): the examples, one per row
    columns: slice  # where in the lot they are
    batches: list[Batch]


class Lot(NamedTuple):
    """Some chunks, one behind the other."""

    y: Array  # (..., c)
    Y: Array  # (..., n[L], c)
    logits: Array  # (..., n[L], c)
    starts: Array  # of the mini-batches
    sizes: Array  # of the mini-batches
    chunks: list[Chunk]


def make_lot(network: Network, sizes: Sequence[int], X_type: Any, y_type: Any) -> Lot:
    """Room for mini-batches of these sizes."""
    replicates, n = network.parameters.replicates, network.parameters.layer_sizes
    c = sum(sizes)
    Y, logits = (np.empty((*replicates, n[-1], c), X_type) for _ in range(2))
    starts = np.cumsum([0, *sizes[:-1]])
    lot = Lot(np.empty((*replicates, c), y_type), Y, logits, starts, np.array(sizes), [])
    example_bytes = n[0] * Y.itemsize * math.prod(replicates)
    together = max(1, CHUNK // (max(sizes) * example_bytes))  # mini-batches in a chunk
    buffer = np.empty(min(together * max(sizes), c) * example_bytes // Y.itemsize, X_type)
    for i in range(0, len(sizes), together):
        lot.chunks.append(_make_chunk(network, lot, slice(i, i + together), buffer))
    return lot


def _make_chunk(network: Network, lot: Lot, batches: slice, buffer: Array) -> Chunk:
    starts, sizes = lot.starts[batches].tolist(), lot.sizes[batches].tolist()
    columns = slice(starts[0], starts[-1] + sizes[-1])
    shape = (*lot.y.shape[:-1], sum(sizes), network.parameters.layer_sizes[0])
    rows = buffer[: math.prod(shape)].reshape(shape)
    chunk = Chunk(rows, columns, [])
    for start, size in zip(starts, sizes, strict=True):
        here = slice(start, start + size)
        X = rows[..., start - columns.start : start - columns.start + size, :].mT
        rooms = network.room_with_logits(lot.logits[..., here])
        chunk.batches.append(Batch(X, lot.Y[..., here], rooms, size))
    return chunk
