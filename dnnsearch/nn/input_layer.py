"""The input layer, layer 0: codes of numbers, and a small layer for each number. Both are optional.

    x_j                the number j of an example, j = 1, ..., F; they are the first F inputs
    t_j0 < ... < t_jK  the edges of its K bins, fitted on train and not learnt
    C_j                (K+1, m): x_j, and for bin i the code (x_j - t_j,i-1) / (t_ji - t_j,i-1), cut
                       to 0 below the bin and to 1 above it: a piecewise-linear code
    H_j                (k, m): relu(E_j C_j + c_j), the embedding of x_j; E and c are learnt
    A[0]               (n[0], m): all H_j, or all C_j without an embedding, then the other inputs

Codes let the first layer learn a function with K pieces of each number, where without them it has a
straight line (Gorishniy, Rubachev and Babenko 2022, "On Embeddings for Numerical Features in
Tabular Deep Learning"). They are made for one mini-batch at a time, from the numbers themselves,
so they take no memory for each row.
"""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from dnnsearch.nn.arithmetic import FAST, Arithmetic
from dnnsearch.nn.layers import Call, run
from dnnsearch.nn.memory import aligned_empty
from dnnsearch.nn.parameters import Array, Parameters
from dnnsearch.nn.scaling import SCALES

MAX_REPEATED = 128  # examples for which edges are repeated: NumPy is slow on rows so short


@dataclass(frozen=True)
class InputShape:
    """The sizes of the input layer of n_x inputs, of which the first `numbers` are numbers."""

    n_x: int
    numbers: int = 0  # F
    codes: int = 0  # K, 0 for none
    embedding: int = 0  # k, 0 for none
    scaling: bool = False  # whether a scaling layer follows

    @property
    def is_plain(self) -> bool:
        """Whether A[0] is X itself."""
        return self.numbers == 0 or (self.codes == 0 and self.embedding == 0)

    @property
    def n_0(self) -> int:
        """n[0]: what the first layer sees of an example."""
        width = self.embedding or self.codes + 1
        return self.n_x + (width - 1) * self.numbers

    @property
    def learnt(self) -> dict[str, tuple[int, ...]]:
        """The shapes of E and c of an embedding, and of the factors s of a scaling layer."""
        F, k = self.numbers, self.embedding
        of_embedding = {"E": (F, k, self.codes + 1), "c": (F, k, 1)} if F and k else {}
        return of_embedding | ({SCALES: (self.n_0, 1)} if self.scaling else {})

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of the forward pass of one example, without those of the codes."""
        return 0 if self.is_plain else self.numbers * self.embedding * (self.codes + 1)


class _Bins(NamedTuple):
    """Left edge and 1 / width of each bin, (..., F, K+1, 1), or the same repeated for m examples.

    Row 0 of each number has 0 and 1. An empty bin has the slope 0.
    """

    left: Array
    slope: Array

    def repeated(self, m: int) -> "_Bins":
        """Return the bins as m examples need them."""
        return _Bins(*(_repeated(one, m) for one in self)) if m <= MAX_REPEATED else self


class InputArrays(NamedTuple):
    """What the layer writes for m examples, and the bins that it reads."""

    x: Array  # (..., F, m): the numbers
    C: Array  # (..., F, K+1, m)
    A: Array  # (..., n[0], m)
    H: Array  # (..., F, k, m), a view of A; C itself without an embedding
    dH: Array | None  # (..., F, k, m)
    bins: _Bins | None  # None without codes


class InputLayer:
    """The layer for parameters that have E and c, and edges (..., F, K+1); None without codes.

    `gradient` has the shapes of `parameters`; a backward pass writes dE and dc there.
    """

    def __init__(
        self,
        shape: InputShape,
        parameters: Parameters,
        gradient: Parameters,
        edges: Array | None,
        arithmetic: Arithmetic = FAST,
    ) -> None:
        self.operand = arithmetic.operand
        self.matmul = arithmetic.product_for(*parameters.extra.values())
        self.shape, self.parameters, self.gradient = shape, parameters, gradient
        self.dtype = parameters.flat.dtype
        self.bins = None if edges is None else _bins(edges, self.dtype)
        self.zero, self.one = np.zeros((), self.dtype), np.ones((), self.dtype)
        self.arrays: dict[int, InputArrays] = {}  # of the last forward pass, by examples

    def forward(self, X: Array) -> Array:
        """Return A[0] (..., n[0], m) of X (..., n_x, m), in the same array at every call."""
        arrays = self.arrays_for(X.shape[-1])
        run(self.forward_calls(X, arrays))
        return arrays.A

    def forward_calls(self, X: Array, arrays: InputArrays) -> list[Call]:
        """Return the calls that write A[0] (..., n[0], m) of X (..., n_x, m) into `arrays`."""
        F, C, H, operand = self.shape.numbers, arrays.C, arrays.H, self.operand
        calls = self._coding_calls(X[..., :F, :], arrays)
        if arrays.dH is not None:
            E, c = self.parameters.extra["E"], self.parameters.extra["c"]
            if operand is not None:
                rounded = np.empty_like(E)
                calls += [partial(operand, E, rounded), partial(operand, C, C)]
                E = rounded
            calls += [partial(self.matmul, E, C, H), partial(np.add, H, c, H)]
            calls.append(partial(np.maximum, H, self.zero, out=H))
        if self.shape.n_x > F:
            others = arrays.A[..., arrays.A.shape[-2] - self.shape.n_x + F :, :]
            calls.append(partial(np.copyto, others, X[..., F:, :]))
        if operand is not None:
            calls.append(partial(operand, arrays.A, arrays.A))
        return calls

    def _coding_calls(self, numbers: Array, arrays: InputArrays) -> list[Call]:
        """Return the calls that write numbers (..., F, m) and their codes into C (..., F, K+1, m).

        All of C is computed, because one contiguous array is faster than its part with the codes.
        So is a contiguous copy of the numbers, which are columns of the data.
        """
        x, C = arrays.x, arrays.C
        calls: list[Call] = [partial(np.copyto, x, numbers)]
        if arrays.bins is not None:
            left, slope = arrays.bins
            calls += [
                partial(np.subtract, x[..., np.newaxis, :], left, C),
                partial(np.multiply, C, slope, C),
                partial(C.clip, self.zero, self.one, C),
                partial(np.add, C, self.zero, C),  # -0.0 becomes 0.0
            ]
        calls.append(partial(np.copyto, C[..., 0, :], x))
        return calls

    def backward_calls(self, dA: Array) -> list[Call]:
        """Return those that write dE = sum of dH_j C_j.T and dc = sum of dH_j.

        `dA` is that of A[0], (..., n[0], m). The examples are those of the last forward pass of so
        many. Numbers and codes are not learnt.
        """
        arrays, extra = self.arrays[dA.shape[-1]], self.gradient.extra
        dH = arrays.dH
        assert dH is not None
        F, k = self.shape.numbers, self.shape.embedding
        dA_of_H = dA[..., : F * k, :].reshape(dH.shape)
        calls: list[Call] = [
            partial(np.greater, arrays.H, self.zero, dH),  # the slope
            partial(np.multiply, dA_of_H, dH, dH),
        ]
        if self.operand is not None:
            calls.append(partial(self.operand, dH, dH))
        calls.append(partial(self.matmul, dH, arrays.C.mT, extra["E"]))
        calls.append(partial(np.add.reduce, dH, axis=-1, keepdims=True, out=extra["c"]))
        return calls

    def arrays_for(self, m: int, keep: bool = False) -> InputArrays:
        """Return what a forward pass of m examples writes: new arrays if they are to be kept."""
        if keep or m not in self.arrays:
            self.arrays[m] = self._new_arrays(m)
        return self.arrays[m]

    def _new_arrays(self, m: int) -> InputArrays:
        shape, replicates = self.shape, self.parameters.replicates
        F, k, K = shape.numbers, shape.embedding, shape.codes
        A = aligned_empty((*replicates, shape.n_0, m), self.dtype)
        x = aligned_empty((*replicates, F, m), self.dtype)
        bins = None if self.bins is None else self.bins.repeated(m)
        if not k:
            C = A[..., : F * (K + 1), :].reshape(*replicates, F, K + 1, m)
            return InputArrays(x, _view_of(A, C), A, C, None, bins)
        C = aligned_empty((*replicates, F, K + 1, m), self.dtype)
        H = _view_of(A, A[..., : F * k, :].reshape(*replicates, F, k, m))
        return InputArrays(x, C, A, H, aligned_empty(H.shape, self.dtype), bins)


def _repeated(one: Array, m: int) -> Array:
    """Return m columns (..., m) of one column (..., 1)."""
    array = aligned_empty((*one.shape[:-1], m), one.dtype)
    array[...] = one
    return array


def _view_of(A: Array, part: Array) -> Array:
    """Return the part, which must share the memory of A: what is written there is A."""
    assert np.shares_memory(A, part)
    return part


def _bins(edges: Array, dtype: np.dtype[np.generic]) -> _Bins:
    """Return the bins of edges (..., F, K+1)."""
    left, slope, width = np.zeros(edges.shape), np.ones(edges.shape), np.diff(edges)
    left[..., 1:] = edges[..., :-1]
    slope[..., 1:] = np.divide(1, width, out=np.zeros_like(width), where=width > 0)
    return _Bins(left[..., np.newaxis].astype(dtype), slope[..., np.newaxis].astype(dtype))
