"""The network: L layers, forward and backward.

A network computes outputs, costs and the gradient of its parameters. It knows nothing of descent,
epochs or data files.
"""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from dnnsearch.nn.activations import Activation, activations
from dnnsearch.nn.arithmetic import FAST, Arithmetic
from dnnsearch.nn.input_layer import InputLayer, InputShape
from dnnsearch.nn.layers import (
    Cache,
    Workspace,
    layer_backward,
    layer_forward,
    linear_backward,
)
from dnnsearch.nn.outputs import outputs
from dnnsearch.nn.parameters import Array, Parameters, ShapeError
from dnnsearch.nn.regularization import l2_cost
from dnnsearch.nn.scaling import SCALES, Scaling

EVALUATION_BLOCK = 512  # examples that are evaluated at a time, so that memory stays bounded


class Network:
    """Parameters, the activation of the hidden layers, and the output with its cost.

    Parameters with the factors `s` have a scaling layer in front of layer 1.
    `activation` is a name in ACTIVATIONS, `output` one in OUTPUTS. `gradient` has the shapes of
    `parameters`, and each backward pass overwrites it. `workspaces` holds the arrays that training
    writes, by the number of examples and then by layer. `inputs` and `edges` make an input layer;
    without one, A[0] is X and `n_x` is n[0]. All computing is done by `arithmetic`.
    """

    def __init__(
        self,
        parameters: Parameters,
        activation: str = "relu",
        output: str = "softmax",
        inputs: InputShape | None = None,
        edges: Array | None = None,
        arithmetic: Arithmetic = FAST,
    ) -> None:
        self.parameters, self.arithmetic = parameters, arithmetic
        self.gradient = parameters.zeros_like()
        self.n_x = parameters.layer_sizes[0]
        self.input_layer: InputLayer | None = None
        if inputs is not None and not inputs.is_plain:
            self.n_x = inputs.n_x
            self.input_layer = InputLayer(inputs, parameters, self.gradient, edges, arithmetic)
        self.output = outputs(arithmetic)[output]
        L = self.L = parameters.layers
        self.g = dict.fromkeys(range(1, L), activations(arithmetic)[activation])
        self.g[L] = self.output.activation
        has_scales = SCALES in parameters.extra
        self.scaling = Scaling(parameters, self.gradient, arithmetic) if has_scales else None
        operand = arithmetic.operand
        self.multiplied = parameters.zeros_like().W if operand else parameters.W
        self.workspaces: dict[int, dict[int, Workspace]] = {}

    def __repr__(self) -> str:
        by = self.arithmetic
        hidden = (n for n, one in activations(by).items() if self.L > 1 and one is self.g[1])
        output = (name for name, one in outputs(by).items() if one is self.output)
        sizes, rest = repr(self.parameters)[len("<Parameters ") :].split(", ", 1)
        return f"<Network {', '.join([sizes, *hidden, *output, rest])}"

    def forward(
        self,
        X: Array,
        workspaces: dict[int, Workspace] | None = None,
        g: Mapping[int, Activation] | None = None,
    ) -> tuple[Array, dict[int, Cache]]:
        """Return A[L] (..., n[L], m) of X (..., n_x, m), and the caches of all layers.

        `g` are other activations by layer than the network's own, such as those of dropout.

        Without `workspaces` the arrays are new, so they stay as they are when more passes follow.
        Raise ShapeError if then X does not fit. With them, X is what `input_operand` makes of it.
        """
        keep = workspaces is None
        if workspaces is None:
            X = self.input_operand()(self._checked_input(X))
            workspaces = self._new_workspaces(X.shape[-1])
        if self.input_layer is not None:
            X = self.input_layer.forward(X, keep)
        W, b, g, operand = self._weights(), self.parameters.b, g or self.g, self.arithmetic.operand
        A, caches = X, {}
        for l in range(1, self.L + 1):
            if operand is not None and l > 1:
                operand(A, out=A)
            A, caches[l] = layer_forward(A, W[l], b[l], g[l], workspaces[l])
        return A, caches

    def _weights(self) -> dict[int, Array]:
        """Return what the inputs of each layer are multiplied by: W, or W[1] s.T in layer 1."""
        W, operand = self.parameters.W, self.arithmetic.operand
        if self.scaling is not None:
            W = {**W, 1: self.scaling.forward()}
        if operand is not None:
            W = {l: operand(W[l], out=rounded) for l, rounded in self.multiplied.items()}
        return W

    def input_operand(self, whole: Array | None = None) -> Callable[..., Array]:
        """Return the function (X, out=None) that makes the inputs what `forward` takes.

        `whole`, (..., m, n_x), has all examples of which X will be a part.
        """
        arithmetic = self.arithmetic
        if arithmetic.operand is None:
            return _as_it_is
        if self.input_layer is not None:  # it does not multiply its inputs
            return partial(np.positive, dtype=arithmetic.dtype)
        return partial(
            arithmetic.operand, bound=whole if whole is None else arithmetic.bound(whole)
        )

    def backward(
        self, Y: Array, caches: dict[int, Cache], factor: float | Array | None = None
    ) -> Parameters:
        """Return `gradient`, that of the mean cost: dZ[L] = 1/m (A[L] - Y), ..., dW[1], db[1].

        Y is (..., n[L], m). Another `factor` may replace 1/m: descent puts its
        learning rate in, because everything is linear in dZ[L], and there a factor is cheapest.
        """
        if factor is None:
            factor = 1 / Y.shape[-1]
        A, workspace = caches[self.L].A, caches[self.L].workspace
        dZ = np.subtract(A, Y, out=workspace.dZ)
        np.multiply(dZ, factor, out=dZ)
        dA, _, _ = linear_backward(dZ, caches[self.L])
        for l in range(self.L - 1, 0, -1):
            assert dA is not None
            dA, _, _ = layer_backward(dA, caches[l])
        if dA is not None and self.input_layer is not None:
            self.input_layer.backward(dA)
        if self.scaling is not None:
            self.scaling.backward()
        return self.gradient

    def workspaces_for(self, m: int) -> dict[int, Workspace]:
        """Return the workspaces of all layers for m examples, the same ones at every call.

        Their dW and db are those of this network's `gradient`.
        """
        if m not in self.workspaces:
            self.workspaces[m] = self._new_workspaces(m)
        return self.workspaces[m]

    def workspaces_with_logits(self, Z: Array) -> dict[int, Workspace]:
        """Return the same, but Z[L] is written to the caller's array Z (..., n[L], m)."""
        workspaces = self.workspaces_for(Z.shape[-1])
        return {**workspaces, self.L: workspaces[self.L]._replace(Z=Z)}

    def _new_workspaces(self, m: int) -> dict[int, Workspace]:
        return {l: self._workspace_of_layer(l, m) for l in range(1, self.L + 1)}

    def _workspace_of_layer(self, l: int, m: int) -> Workspace:
        replicates, dtype = self.parameters.replicates, self.parameters.flat.dtype
        n_prev, n = self.parameters.layer_sizes[l - 1 : l + 1]
        Z, A, dZ = (np.empty((*replicates, n, m), dtype) for _ in range(3))
        needs_dA = l > 1 or "E" in self.parameters.extra  # nothing else uses dA[0]
        dA_prev = np.empty((*replicates, n_prev, m), dtype) if needs_dA else None
        ones = np.ones((m, 1), dtype)
        dW, db = self.gradient.W[l], self.gradient.b[l]
        matmul = self.arithmetic.product_for(Z, dW)
        return Workspace(Z, A, dZ, dA_prev, dW, db, ones, 1, matmul, self.arithmetic.operand)

    def cost_and_gradient(
        self, X: Array, Y: Array, g: Mapping[int, Activation] | None = None, l2: float = 0.0
    ) -> tuple[Array, Parameters]:
        """Return the mean cost, (...) float64, and its gradient.

        X is (..., n_x, m), Y is (..., n[L], m). With `g` and `l2` they are those of a training
        with dropout or with L2 in the cost. The next pass overwrites the gradient. Raise
        ShapeError if X or Y does not fit.
        """
        X = self._checked_input(X)
        m, n_L = X.shape[-1], self.parameters.layer_sizes[-1]
        Y = np.asarray(Y, self.parameters.flat.dtype)
        self._check(f"layer {self.L}", "Y", Y, n_L, m)
        _, caches = self.forward(self.input_operand()(X), self.workspaces_for(m), g)
        self.backward(Y, caches, 1 / m)
        losses = self.output.losses(caches[self.L].workspace.Z, Y)
        for l, dW in self.gradient.W.items():
            dW += l2 * self.parameters.W[l]
        losses = self.arithmetic.summands(losses, -1)
        cost = losses.mean(axis=-1, dtype=np.float64) + l2_cost(self.parameters, l2)
        return cost, self.gradient

    def logits(self, X: Array) -> Array:
        """Return Z[L] (..., n[L], m) of X (..., n_x, m). Raise ShapeError if X does not fit."""
        X = self._checked_input(X)
        n_L, m = self.parameters.layer_sizes[-1], X.shape[-1]
        Z = np.empty((*self.parameters.replicates, n_L, m), self.parameters.flat.dtype)
        for start in range(0, m, EVALUATION_BLOCK):
            columns = slice(start, min(start + EVALUATION_BLOCK, m))
            workspaces = self.workspaces_for(columns.stop - columns.start)
            self.forward(self.input_operand()(X[..., columns]), workspaces)
            Z[..., columns] = workspaces[self.L].Z
        return Z

    def outputs(self, X: Array) -> Array:
        """Return A[L] (..., n[L], m) of X (..., n_x, m). Raise ShapeError if X does not fit."""
        Z = self.logits(X)
        return self.output.activation.function(Z, Z)

    def predict(self, X: Array) -> Array:
        """Return classes, or real values in a regression, (..., m), of X (..., n_x, m).

        Raise ShapeError if X does not fit.
        """
        return self.output.predictions(self.logits(X))

    def _checked_input(self, X: Array) -> Array:
        X = np.asarray(X, None if self.arithmetic.operand else self.parameters.flat.dtype)
        self._check("layer 1", "X", X, self.n_x, "m")
        return X

    def _check(self, place: str, name: str, array: Array, n: int, m: int | str) -> None:
        """Raise ShapeError unless the array is (n, m) or (R, n, m); a word as m allows any."""
        leading = array.shape[:-2] in {(), self.parameters.replicates}
        m_fits = isinstance(m, str) or array.shape[-1:] == (m,)
        if array.ndim < 2 or array.shape[-2] != n or not m_fits or not leading:
            raise ShapeError(place, name, array.shape, f"(..., {n}, {m})")


def _as_it_is(X: Array, out: Array | None = None) -> Array:
    return X
