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
from typing import NamedTuple

import numpy as np

from dnnsearch.nn.activations import FLOAT32_ZERO
from dnnsearch.nn.arithmetic import FAST, Arithmetic
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

    `gradient` has the shapes of `parameters`; `backward` writes dE and dc there.
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

    def forward(self, X: Array, arrays: InputArrays | None = None) -> Array:
        """Return A[0] (..., n[0], m) of X (..., n_x, m), written to `arrays` or those for m."""
        m, F = X.shape[-1], self.shape.numbers
        arrays = self.arrays[m] = arrays or self.arrays_for(m)
        self._encode(X[..., :F, :], arrays)
        if arrays.dH is not None:
            E, c = self.parameters.extra["E"], self.parameters.extra["c"]
            if self.operand is not None:
                E = self.operand(E)
                self.operand(arrays.C, out=arrays.C)
            self.matmul(E, arrays.C, out=arrays.H)
            np.add(arrays.H, c, out=arrays.H)
            np.maximum(arrays.H, self.zero, out=arrays.H)
        arrays.A[..., arrays.A.shape[-2] - self.shape.n_x + F :, :] = X[..., F:, :]
        if self.operand is not None:
            self.operand(arrays.A, out=arrays.A)
        return arrays.A

    def _encode(self, x: Array, arrays: InputArrays) -> None:
        """Write the numbers x (..., F, m) and their codes into C (..., F, K+1, m).

        All of C is computed, because one contiguous array is faster than its part with the codes.
        So is a contiguous copy of x, which is a column of the data for each number.
        """
        C, arrays.x[...] = arrays.C, x
        if arrays.bins is not None:
            np.subtract(arrays.x[..., np.newaxis, :], arrays.bins.left, out=C)
            np.multiply(C, arrays.bins.slope, out=C)
            C.clip(self.zero, self.one, out=C)
            np.add(C, self.zero, out=C)  # -0.0 becomes 0.0
        C[..., 0, :] = arrays.x

    def backward(self, dA: Array) -> None:
        """Write dE = sum of dH_j C_j.T and dc = sum of dH_j, given dA[0] (..., n[0], m).

        The examples are those of the last forward pass. Numbers and codes are not learnt.
        """
        arrays = self.arrays[dA.shape[-1]]
        assert arrays.dH is not None
        F, k = self.shape.numbers, self.shape.embedding
        dH = dA[..., : F * k, :].reshape(arrays.dH.shape)
        slope = np.greater(arrays.H, FLOAT32_ZERO, out=arrays.dH)
        np.multiply(dH, slope, out=arrays.dH)
        if self.operand is not None:
            self.operand(arrays.dH, out=arrays.dH)
        self.matmul(arrays.dH, arrays.C.mT, out=self.gradient.extra["E"])
        np.add.reduce(arrays.dH, axis=-1, keepdims=True, out=self.gradient.extra["c"])

    def arrays_for(self, m: int, keep: bool = False) -> InputArrays:
        """Return what `forward` writes for m examples: new arrays if they are to be kept."""
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
