"""The network: L layers, forward and backward.

A network computes outputs, costs and the gradient of its parameters. It knows nothing of descent,
epochs or data files.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np

from dnnsearch.nn.activations import Activation, activations
from dnnsearch.nn.arithmetic import FAST, Arithmetic
from dnnsearch.nn.input_layer import InputLayer, InputShape
from dnnsearch.nn.layers import (
    Cache,
    Call,
    Workspace,
    backward_calls,
    forward_calls,
    linear_backward_calls,
    run,
)
from dnnsearch.nn.memory import aligned_empty
from dnnsearch.nn.outputs import outputs
from dnnsearch.nn.parameters import Array, Parameters, ShapeError
from dnnsearch.nn.regularization import l2_cost
from dnnsearch.nn.scaling import SCALES, Scaling

EVALUATION_BLOCK = 512  # examples that are evaluated at a time, so that memory stays bounded


class Passes(NamedTuple):
    """The calls of a forward and of a backward pass of the same examples."""

    forward_calls: list[Call]
    backward_calls: list[Call]
    A: Array  # (..., n[L], m): A[L]
    dZ: Array  # (..., n[L], m): dZ[L]

    def forward(self) -> Array:
        """Return A[L] (..., n[L], m)."""
        run(self.forward_calls)
        return self.A

    def backward(self, Y: Array, factor: float | Array) -> None:
        """Write the network's gradient: dZ[L] = factor (A[L] - Y), ..., dW[1], db[1]."""
        dZ = self.dZ
        np.subtract(self.A, Y, out=dZ)
        np.multiply(dZ, factor, out=dZ)
        run(self.backward_calls)


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
        self.multiplied = parameters.W  # what the inputs of each layer are multiplied by
        if operand is not None:
            self.multiplied = parameters.zeros_like().W
        elif self.scaling is not None:
            self.multiplied = {**parameters.W, 1: self.scaling.scaled}
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
        calls, caches = self._forward_calls(X, workspaces, g or self.g, keep)
        run(calls)
        return caches[self.L].A, caches

    def passes(
        self, X: Array, workspaces: dict[int, Workspace], g: Mapping[int, Activation] | None = None
    ) -> Passes:
        """Return the two passes of X, ready to be run as often as its contents change.

        X, `workspaces` and `g` are those of `forward`.
        """
        calls, caches = self._forward_calls(X, workspaces, g or self.g)
        return self._passes(calls, caches)

    def _passes(self, forward_calls: list[Call], caches: Mapping[int, Cache]) -> Passes:
        """Return the passes of which these are the first one's calls and caches."""
        last = caches[self.L]
        return Passes(forward_calls, self._backward_calls(caches), last.A, last.workspace.dZ)

    def _forward_calls(
        self,
        X: Array,
        workspaces: Mapping[int, Workspace],
        g: Mapping[int, Activation],
        keep: bool = False,
    ) -> tuple[list[Call], dict[int, Cache]]:
        """Return the calls of a forward pass, and the caches that it fills."""
        W, b, operand = self.multiplied, self.parameters.b, self.arithmetic.operand
        calls, A, caches = self._weight_calls(), X, {}
        if self.input_layer is not None:
            arrays = self.input_layer.arrays_for(X.shape[-1], keep)
            calls += self.input_layer.forward_calls(X, arrays)
            A = arrays.A
        for l in range(1, self.L + 1):
            if operand is not None and l > 1:
                calls.append(partial(operand, A, A))
            caches[l] = Cache(A, W[l], workspaces[l].A, g[l], workspaces[l])
            calls += forward_calls(caches[l], b[l])
            A = caches[l].A
        return calls, caches

    def _weight_calls(self) -> list[Call]:
        """Return the calls that write `multiplied`: W, or W[1] s.T in layer 1."""
        W, operand = self.parameters.W, self.arithmetic.operand
        calls: list[Call] = []
        if self.scaling is not None:
            W = {**W, 1: self.scaling.scaled}
            calls.append(self.scaling.forward)
        if operand is not None:
            calls += [partial(operand, W[l], self.multiplied[l]) for l in W]
        return calls

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
        factor = 1 / Y.shape[-1] if factor is None else factor
        self._passes([], caches).backward(Y, factor)
        return self.gradient

    def _backward_calls(self, caches: Mapping[int, Cache]) -> list[Call]:
        """Return the calls of a backward pass, given dZ[L]."""
        workspace = caches[self.L].workspace
        calls = linear_backward_calls(workspace.dZ, caches[self.L])
        for l in range(self.L - 1, 0, -1):
            assert workspace.dA_prev is not None
            calls += backward_calls(workspace.dA_prev, caches[l])
            workspace = caches[l].workspace
        if workspace.dA_prev is not None and self.input_layer is not None:
            calls += self.input_layer.backward_calls(workspace.dA_prev)
        if self.scaling is not None:
            calls.append(self.scaling.backward)
        return calls

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
        shape, keeps = (*replicates, n, m), self.g[l].keeps
        Z, A, dZ, *kept = (aligned_empty(shape, dtype) for _ in range(3 + keeps))
        needs_dA = l > 1 or "E" in self.parameters.extra  # nothing else uses dA[0]
        dA_prev = aligned_empty((*replicates, n_prev, m), dtype) if needs_dA else None
        ones = np.ones((m, 1), dtype)
        dW, db, operand = self.gradient.W[l], self.gradient.b[l], self.arithmetic.operand
        matmul = self.arithmetic.product_for(Z, dW)
        return Workspace(Z, A, dZ, dA_prev, dW, db, ones, 1, matmul, operand, tuple(kept))

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
