"""How mini-batches are laid out in memory.

A block holds the targets and the logits of many mini-batches, so that all their costs are computed
in one call. The examples need more memory, so they are gathered for one chunk of mini-batches at a
time, and all chunks of a block share one buffer.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from dnnsearch.nn.layers import Workspace
from dnnsearch.nn.memory import aligned_empty
from dnnsearch.nn.network import Network
from dnnsearch.nn.parameters import Array

CHUNK_BYTES = 2**18  # of examples that are gathered at a time; at least one mini-batch


class Batch(NamedTuple):
    """The examples of one update."""

    X: Array  # (..., n_x, b)
    Y: Array  # (..., n[L], b)
    workspaces: dict[int, Workspace]  # the arrays that the network writes, by layer
    size: int  # b


class Chunk(NamedTuple):
    """Consecutive mini-batches whose examples are gathered together; c examples."""

    rows: Array  # (..., c, n_x): the examples, one per row
    columns: slice  # their place in the block
    batches: list[Batch]


class BatchBlock(NamedTuple):
    """Consecutive mini-batches whose costs are computed together; c examples."""

    y: Array  # (..., c)
    Y: Array  # (..., n[L], c)
    logits: Array  # (..., n[L], c)
    starts: Array  # the first column of each mini-batch
    sizes: Array  # the number of examples of each mini-batch
    chunks: list[Chunk]


def make_batch_block(network: Network, sizes: Sequence[int], y_type: Any) -> BatchBlock:
    """Return the arrays for mini-batches of these sizes (examples), with contents yet undefined.

    Examples and logits have the dtype of the parameters, stored targets have y_type.
    """
    X_type = network.parameters.flat.dtype
    replicates, n = network.parameters.replicates, network.parameters.layer_sizes
    c = sum(sizes)
    Y, logits = (aligned_empty((*replicates, n[-1], c), X_type) for _ in range(2))
    starts = np.cumsum([0, *sizes[:-1]])
    y = np.empty((*replicates, c), y_type)
    block = BatchBlock(y, Y, logits, starts, np.array(sizes), [])
    example_bytes = network.n_x * Y.itemsize * math.prod(replicates)
    per_chunk = max(1, CHUNK_BYTES // (max(sizes) * example_bytes))  # mini-batches
    numbers = min(per_chunk * max(sizes), c) * example_bytes // Y.itemsize
    buffer = aligned_empty((numbers,), X_type)
    for i in range(0, len(sizes), per_chunk):
        block.chunks.append(_make_chunk(network, block, slice(i, i + per_chunk), buffer))
    return block


def _make_chunk(network: Network, block: BatchBlock, batches: slice, buffer: Array) -> Chunk:
    starts, sizes = block.starts[batches].tolist(), block.sizes[batches].tolist()
    columns = slice(starts[0], starts[-1] + sizes[-1])
    shape = (*block.y.shape[:-1], sum(sizes), network.n_x)
    rows = buffer[: math.prod(shape)].reshape(shape)
    chunk = Chunk(rows, columns, [])
    for start, size in zip(starts, sizes, strict=True):
        here = slice(start, start + size)
        X = rows[..., start - columns.start : start - columns.start + size, :].mT
        workspaces = network.workspaces_with_logits(block.logits[..., here])
        chunk.batches.append(Batch(X, block.Y[..., here], workspaces, size))
    return chunk
