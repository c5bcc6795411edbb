"""Regularisation: dropout, label smoothing, and L2 in the cost.

They act in training only. A network that predicts, and the costs that are reported, have none of
them; only the cost of training mini-batches is measured with their dropout.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from dnnsearch.nn.activations import Activation
from dnnsearch.nn.memory import aligned_empty
from dnnsearch.nn.parameters import Array, Parameters


class Dropout:
    """Inverted dropout in the hidden layers (course 2, week 1; Srivastava et al. 2014).

        A[l] = g(Z[l]) * M      M is 0 with the probability p, else 1 / (1 - p)

    So a unit's mean is that without dropout, and predictions need no change. With a mask M, g(Z) M
    is an activation like any other, with the slope g'(Z) M: `draw` returns it.
    """

    def __init__(
        self,
        g: Mapping[int, Activation],
        layer_sizes: Sequence[int],
        p: float,
        rngs: Sequence[np.random.Generator],
    ) -> None:
        self.g, self.layer_sizes, self.keep, self.rngs = g, layer_sizes, 1 - p, rngs
        self.masks: dict[int, dict[int, Array]] = {}  # by examples and layer, (R, n[l], m)
        self.activations: dict[int, dict[int, Activation]] = {}

    def draw(self, m: int, shape: tuple[int, ...], dtype: object) -> dict[int, Activation]:
        """Return the activations by layer, with new masks for m examples.

        `shape` is that of the replicates, () or (R,); each draws from its own generator in `rngs`.
        """
        if m not in self.masks:
            self._allocate(m, shape, dtype)
        for mask in self.masks[m].values():
            for rng, of_one in zip(self.rngs, mask, strict=True):
                rng.random(out=of_one, dtype=of_one.dtype)
            np.less(mask, self.keep, out=mask)
            np.divide(mask, self.keep, out=mask)
        return self.activations[m]

    def _allocate(self, m: int, shape: tuple[int, ...], dtype: object) -> None:
        self.masks[m], self.activations[m] = {}, dict(self.g)
        for l in range(1, len(self.layer_sizes) - 1):
            mask = aligned_empty((len(self.rngs), self.layer_sizes[l], m), dtype)
            self.masks[m][l] = mask
            seen = mask.reshape(*shape, self.layer_sizes[l], m)
            self.activations[m][l] = masked(self.g[l], seen, self.keep)


def masked(g: Activation, M: Array, keep: float) -> Activation:
    """Return the activation g(Z) M, where M (..., n[l], m) is 0 or 1 / keep."""
    whole = aligned_empty(M.shape, M.dtype)

    def function(Z: Array, out: Array | None, *kept: Array) -> Array:
        A = g.function(Z, out, *kept)
        dropped: Array = np.multiply(A, M, out=A)
        return dropped

    def slope(Z: Array, A: Array, out: Array, *kept: Array) -> Array:
        g_of_Z = np.multiply(A, keep, out=whole)  # where a unit was kept; the others have slope 0
        return np.multiply(g.slope(Z, g_of_Z, out, *kept), M, out=out)

    return Activation(function, slope, g.keeps)


def smoothed(Y: Array, share: float, out: Array | None = None) -> Array:
    """Return (1 - share) Y + share / K, with K classes, for targets Y (..., n[L], m) of 0 and 1.

    This is label smoothing (Szegedy et al. 2016, section 7).
    """
    classes = max(Y.shape[-2], 2)
    result: Array = np.add(np.multiply(Y, 1 - share, out=out), share / classes, out=out)
    return result


def l2_cost(parameters: Parameters, l2: float) -> Array:
    """Return l2/2 (sum of W^2), (...) float64, of the weights of all layers.

    The course writes lambda / m for l2 (course 2, week 1). Its derivative by W is l2 W.
    """
    squares = [np.square(W, dtype=np.float64).sum(axis=(-2, -1)) for W in parameters.W.values()]
    return np.asarray(l2 / 2 * sum(squares))
