"""One layer: its forward step and its backward step.

    forward     Z = W A_prev + b        then    A = g(Z)
    backward    dZ = dA * g'(Z)         then    dW, db and dA_prev from dZ

The forward step returns a `Cache`, which the backward step needs. Both steps write into a
`Workspace`, the arrays of one layer for one number of examples. A caller without a workspace gets
new arrays. A network reuses its own workspaces, so an update allocates nothing.

Both steps are lists of calls whose arrays are known beforehand. A network prepares them once for
each mini-batch, and an update only runs them: in small networks, Python takes a third of the time.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

import numpy as np

from dnnsearch.nn.activations import IDENTITY, Activation
from dnnsearch.nn.arithmetic import matmul_for
from dnnsearch.nn.memory import aligned_empty
from dnnsearch.nn.parameters import Array, ShapeError

Call = Callable[[], object]  # with all its arrays; it writes one of them


class Workspace(NamedTuple):
    """The arrays that the two steps of a layer write."""

    Z: Array  # (..., n[l], m)
    A: Array  # (..., n[l], m)
    dZ: Array  # (..., n[l], m)
    dA_prev: Array | None  # (..., n[l-1], m); None in the first layer of a network
    dW: Array  # (..., n[l], n[l-1])
    db: Array  # (..., n[l], 1)
    ones: Array  # (m, 1)
    divisor: int  # of dW and db: m, or 1 if dZ is already divided by m
    matmul: Callable[..., Array]  # np.dot, or np.matmul for stacks of matrices
    operand: Callable[..., Array] | None = None  # makes dZ what the arithmetic multiplies
    kept: tuple[Array, ...] = ()  # (..., n[l], m) each: what the activation keeps for its slope


class Cache(NamedTuple):
    """What the backward step of a layer needs from its forward step."""

    A_prev: Array  # (..., n[l-1], m)
    W: Array  # (..., n[l], n[l-1])
    A: Array  # (..., n[l], m)
    g: Activation
    workspace: Workspace  # its Z is the layer's Z


def layer_forward(
    A_prev: Array,  # (..., n[l-1], m)
    W: Array,  # (..., n[l], n[l-1])
    b: Array,  # (..., n[l], 1)
    g: Activation,
    workspace: Workspace | None = None,
    layer: int | None = None,
) -> tuple[Array, Cache]:
    """Return A = g(W A_prev + b), (..., n[l], m), and the cache for the backward step.

    Without a workspace, the arrays are new. Raise ShapeError, which names `layer`, if then the
    shapes do not fit each other.
    """
    workspace = workspace or make_workspace(A_prev, W, b, layer, g.keeps)
    cache = Cache(A_prev, W, workspace.A, g, workspace)
    run(forward_calls(cache, b))
    return cache.A, cache


def forward_calls(cache: Cache, b: Array) -> list[Call]:
    """Return the calls that write Z = W A_prev + b and A = g(Z)."""
    A_prev, W, A, g, workspace = cache
    return [
        partial(workspace.matmul, W, A_prev, A),  # A is only borrowed here
        partial(np.add, A, b, workspace.Z),
        partial(g.function, workspace.Z, A, *workspace.kept),
    ]


def run(calls: Iterable[Call]) -> None:
    """Run the calls, in their order."""
    for call in calls:
        call()


def linear_forward(
    A_prev: Array, W: Array, b: Array, layer: int | None = None
) -> tuple[Array, Cache]:
    """Return Z = W A_prev + b, (..., n[l], m), and the cache for `linear_backward`.

    This is the layer without its activation. Raise ShapeError as `layer_forward` does.
    """
    return layer_forward(A_prev, W, b, IDENTITY, layer=layer)


def layer_backward(dA: Array, cache: Cache) -> tuple[Array | None, Array, Array]:
    """Return dA_prev, dW and db, given dA (..., n[l], m) of this layer: dZ = dA * g'(Z).

    Raise ShapeError if dA does not have the shape of A.
    """
    if dA.shape != cache.A.shape:
        raise ShapeError("backward step", "dA", dA.shape, cache.A.shape)
    run(backward_calls(dA, cache))
    return _derivatives(cache)


def backward_calls(dA: Array, cache: Cache) -> list[Call]:
    """Return the calls that write dZ = dA * g'(Z), dW, db and dA_prev."""
    workspace = cache.workspace
    dZ = workspace.dZ  # first, it holds the slope
    return [
        partial(cache.g.slope, workspace.Z, cache.A, dZ, *workspace.kept),
        partial(np.multiply, dA, dZ, dZ),
        *linear_backward_calls(dZ, cache),
    ]


def linear_backward(dZ: Array, cache: Cache) -> tuple[Array | None, Array, Array]:
    """Return dA_prev, dW and db, given dZ (..., n[l], m) of this layer.

        dW = 1/m dZ A_prev.T        db = 1/m (sum of dZ over the examples)        dA_prev = W.T dZ

    In the first layer of a network dA_prev is None: nothing needs the derivative by the data.
    """
    run(linear_backward_calls(dZ, cache))
    return _derivatives(cache)


def linear_backward_calls(dZ: Array, cache: Cache) -> list[Call]:
    """Return the calls that write dW, db and dA_prev."""
    A_prev, W, workspace = cache.A_prev, cache.W, cache.workspace
    dW, db, dA_prev, m = workspace.dW, workspace.db, workspace.dA_prev, workspace.divisor
    calls: list[Call] = []
    if workspace.operand is not None:
        calls.append(partial(workspace.operand, dZ, dZ))
    calls.append(partial(workspace.matmul, dZ, A_prev.mT, dW))
    # a sum, in half the time of np.sum
    calls.append(partial(workspace.matmul, dZ, workspace.ones, db))
    if m != 1:
        calls += [partial(np.divide, one, m, one) for one in (dW, db)]
    if dA_prev is not None:
        calls.append(partial(workspace.matmul, W.mT, dZ, dA_prev))
    return calls


def _derivatives(cache: Cache) -> tuple[Array | None, Array, Array]:
    return cache.workspace.dA_prev, cache.workspace.dW, cache.workspace.db


def make_workspace(
    A_prev: Array, W: Array, b: Array, layer: int | None = None, keeps: int = 0
) -> Workspace:
    """Return new arrays for one layer, in the dtype of W, whose activation keeps some of them.

    Raise ShapeError, which names `layer`, if A_prev (..., n[l-1], m), W (..., n[l], n[l-1]) and
    b (..., n[l], 1) do not fit each other.
    """
    place = "layer" if layer is None else f"layer {layer}"
    if W.ndim < 2:
        raise ShapeError(place, "W", W.shape, "(n[l], n[l-1])")
    *replicates, n, n_prev = W.shape
    if A_prev.shape[-2:-1] != (n_prev,) or A_prev.shape[:-2] not in {(), tuple(replicates)}:
        either = f"({', '.join(map(str, replicates))}, {n_prev}, m) or " if replicates else ""
        raise ShapeError(place, "A_prev", A_prev.shape, f"{either}({n_prev}, m)")
    if b.shape != (*replicates, n, 1):
        raise ShapeError(place, "b", b.shape, (*replicates, n, 1))
    m = A_prev.shape[-1]
    Z, A, dZ, *kept = (aligned_empty((*replicates, n, m), W.dtype) for _ in range(3 + keeps))
    dA_prev = aligned_empty((*replicates, n_prev, m), W.dtype)
    ones = np.ones((m, 1), W.dtype)
    dW, db = np.empty_like(W), np.empty_like(b)
    matmul = matmul_for(A_prev, W)
    return Workspace(Z, A, dZ, dA_prev, dW, db, ones, m, matmul, kept=tuple(kept))
