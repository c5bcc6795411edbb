"""The network: L layers, forward and backward.

A network computes costs and gradients of its parameters; it knows nothing of descent, epochs or
data files.
"""

import numpy as np

from dnnsearch.nn.activations import ACTIVATIONS
from dnnsearch.nn.layers import (
    Cache,
    Room,
    choose_product,
    layer_backward,
    layer_forward,
    linear_backward,
)
from dnnsearch.nn.outputs import OUTPUTS
from dnnsearch.nn.parameters import Array, Parameters, ShapeError

COLUMNS = 512  # examples that are evaluated at a time, so that memory stays bounded


class Network:
    """Parameters, the activation of the hidden layers and the output with its cost.

    `gradient` has the shapes of `parameters`; each backward pass writes it. `rooms` holds the
    arrays that the passes write into, for each number of examples that has occurred.
    """

    def __init__(
        self, parameters: Parameters, activation: str = "relu", output: str = "softmax"
    ) -> None:
        self.parameters = parameters
        self.gradient = parameters.zeros_like()
        self.output = OUTPUTS[output]
        L = self.L = parameters.layers
        self.g = dict.fromkeys(range(1, L), ACTIVATIONS[activation])
        self.g[L] = self.output.activation
        self.rooms: dict[int, dict[int, Room]] = {}

    def forward(self, X: Array, rooms: dict[int, Room]) -> tuple[Array, dict[int, Cache]]:
        """A[0] = X, ..., A[L]. Returns A[L] and the caches of the layers."""
        W, b, g = self.parameters.W, self.parameters.b, self.g
        A, caches = X, {}
        for l in range(1, self.L + 1):
            A, caches[l] = layer_forward(A, W[l], b[l], g[l], rooms[l])
        return A, caches

    def backward(self, Y: Array, caches: dict[int, Cache], factor: float | Array) -> None:
        """dZ[L] = factor (A[L] - Y), ..., dW[1], db[1]: writes `gradient`.

        With a factor of 1/m it is the gradient of the mean cost. Everything is linear in dZ[L],
        so a factor is cheapest there; descent puts its learning rate in, too.
        """
        _, _, A, _, room = caches[self.L]
        dZ = np.subtract(A, Y, out=room.dZ)
        np.multiply(dZ, factor, out=dZ)
        dA, _, _ = linear_backward(dZ, caches[self.L])
        for l in range(self.L - 1, 0, -1):
            assert dA is not None
            dA, _, _ = layer_backward(dA, caches[l])

    def room(self, m: int) -> dict[int, Room]:
        """The arrays of all layers for m examples; they write into this network's gradient."""
        if m not in self.rooms:
            self.rooms[m] = {l: self._room_of_layer(l, m) for l in range(1, self.L + 1)}
        return self.rooms[m]

    def room_with_logits(self, Z: Array) -> dict[int, Room]:
        """The same, but Z[L] (..., n[L], m) is written to an array of the caller's."""
        rooms = self.room(Z.shape[-1])
        return {**rooms, self.L: rooms[self.L]._replace(Z=Z)}

    def _room_of_layer(self, l: int, m: int) -> Room:
        replicates, dtype = self.parameters.replicates, self.parameters.flat.dtype
        n_prev, n = self.parameters.layer_sizes[l - 1 : l + 1]
        Z, A, dZ = (np.empty((*replicates, n, m), dtype) for _ in range(3))
        dA_prev = np.empty((*replicates, n_prev, m), dtype) if l > 1 else None
        ones = np.ones((m, 1), dtype)
        dW, db = self.gradient.W[l], self.gradient.b[l]
        return Room(Z, A, dZ, dA_prev, dW, db, ones, 1, choose_product(Z, dW))

    def cost_and_gradient(self, X: Array, Y: Array) -> tuple[Array, Parameters]:
        """The mean cost (...) on X (..., n[0], m) and Y (..., n[L], m), and its gradient.

        The gradient is overwritten by the next pass. Raises ShapeError.
        """
        X, Y = (np.asarray(array, self.parameters.flat.dtype) for array in (X, Y))
        m = X.shape[-1]
        self._check("layer 1", "X", X, self.parameters.layer_sizes[0], "m")
        self._check(f"layer {self.L}", "Y", Y, self.parameters.layer_sizes[-1], m)
        _, caches = self.forward(X, self.room(m))
        self.backward(Y, caches, 1 / m)
        losses = self.output.losses(self.room(m)[self.L].Z, Y)
        return losses.mean(axis=-1, dtype=np.float64), self.gradient

    def logits(self, X: Array) -> Array:
        """Z[L] (..., n[L], m) of X (..., n[0], m). Raises ShapeError."""
        X = np.asarray(X, self.parameters.flat.dtype)
        self._check("layer 1", "X", X, self.parameters.layer_sizes[0], "m")
        n_L, m = self.parameters.layer_sizes[-1], X.shape[-1]
        Z = np.empty((*self.parameters.replicates, n_L, m), self.parameters.flat.dtype)
        for start in range(0, m, COLUMNS):
            columns = slice(start, min(start + COLUMNS, m))
            rooms = self.room(columns.stop - columns.start)
            self.forward(X[..., columns], rooms)
            Z[..., columns] = rooms[self.L].Z
        return Z

    def outputs(self, X: Array) -> Array:
        """A[L] (..., n[L], m) of X (..., n[0], m). Raises ShapeError."""
        Z = self.logits(X)
        return self.output.activation.function(Z, Z)

    def predict(self, X: Array) -> Array:
        """What the outputs say (..., m): classes, or real values in a regression."""
        return self.output.predictions(self.logits(X))

    def _check(self, place: str, name: str, array: Array, n: int, m: int | str) -> None:
        """Raises ShapeError unless the array is (n, m) or (R, n, m); any m if it is a word."""
        leading = array.shape[:-2] in {(), self.parameters.replicates}
        m_fits = isinstance(m, str) or array.shape[-1:] == (m,)
        if array.ndim < 2 or array.shape[-2] != n or not m_fits or not leading:
            raise ShapeError(place, name, array.shape, f"(..., {n}, {m})")
