"""One layer: its forward step and its backward step.

Both write into a `Room`, the arrays of one layer for one number of examples. A caller who brings
none gets new ones; a network brings the same ones to every update, so that an update allocates
nothing.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dnnsearch.nn.activations import Activation
from dnnsearch.nn.parameters import Array, ShapeError


class Room(NamedTuple):
    """Where the two steps of a layer write."""

    Z: Array  # (..., n[l], m)
    A: Array  # (..., n[l], m)
    dZ: Array  # (..., n[l], m)
    dA_prev: Array | None  # (..., n[l-1], m); None in the first layer of a network
    dW: Array  # (..., n[l], n[l-1])
    db: Array  # (..., n[l], 1)
    ones: Array  # (m, 1)
    divisor: int  # of dW and db: m, or 1 where dZ has been divided before
    product: Callable[..., Array]  # of matrices, or of stacks of them


Cache = tuple[Array, Array, Array, Activation, Room]  # A[l-1], W[l], A[l], g, the room with Z[l]


def layer_forward(
    A_prev: Array,  # (..., n[l-1], m)
    W: Array,  # (..., n[l], n[l-1])
    b: Array,  # (..., n[l], 1)
    g: Activation,
    room: Room | None = None,
    layer: int | None = None,
) -> tuple[Array, Cache]:
    """Z = W A_prev + b, A = g(Z). Returns A (..., n[l], m) and the cache for the backward step.

    Without a room it makes one; raises ShapeError, naming the layer, when the shapes do not fit.
    """
    room = room or make_room(A_prev, W, b, layer)
    W_A_prev = room.product(W, A_prev, out=room.A)  # in the place of A, for a moment
    np.add(W_A_prev, b, out=room.Z)
    A = g.function(room.Z, room.A)
    return A, (A_prev, W, A, g, room)


def layer_backward(dA: Array, cache: Cache) -> tuple[Array | None, Array, Array]:
    """dZ = dA * g'(Z), and what follows from it: returns dA_prev, dW and db. Raises ShapeError."""
    _, _, A, g, room = cache
    if dA.shape != A.shape:
        raise ShapeError("backward step", "dA", dA.shape, A.shape)
    dZ = np.multiply(dA, g.slope(room.Z, A, room.dZ), out=room.dZ)
    return linear_backward(dZ, cache)


def linear_backward(dZ: Array, cache: Cache) -> tuple[Array | None, Array, Array]:
    """dA_prev = W.T dZ, dW = 1/m dZ A_prev.T, db = 1/m times the sum of dZ over the examples."""
    A_prev, W, _, _, room = cache
    room.product(dZ, A_prev.mT, out=room.dW)
    room.product(dZ, room.ones, out=room.db)  # a sum, at half the price of one
    if room.divisor != 1:
        np.divide(room.dW, room.divisor, out=room.dW)
        np.divide(room.db, room.divisor, out=room.db)
    if room.dA_prev is not None:
        room.product(W.mT, dZ, out=room.dA_prev)
    return room.dA_prev, room.dW, room.db


def make_room(A_prev: Array, W: Array, b: Array, layer: int | None = None) -> Room:
    """New arrays for one layer; raises ShapeError when A_prev, W and b do not fit each other."""
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
    Z, A, dZ = (np.empty((*replicates, n, m), W.dtype) for _ in range(3))
    dA_prev = np.empty((*replicates, n_prev, m), W.dtype)
    ones = np.ones((m, 1), W.dtype)
    product = choose_product(A_prev, W)
    return Room(Z, A, dZ, dA_prev, np.empty_like(W), np.empty_like(b), ones, m, product)


def choose_product(*factors: Array) -> Callable[..., Array]:
    """np.dot is half a microsecond faster than np.matmul and gives the same, but has no stacks."""
    return np.dot if all(array.ndim == 2 for array in factors) else np.matmul
