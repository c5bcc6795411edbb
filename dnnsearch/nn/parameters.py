"""The parameters of a network: W[1], b[1], ..., W[L], b[L].

All of them are in a single flat vector, one after the other, and W[l], b[l] are views of it. So an
update of all parameters is a few operations on one vector, for any number of layers. A gradient has
the shapes of the parameters, so it is a `Parameters` too.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from dnnsearch.nn.memory import aligned_zeros

Array = np.ndarray[Any, np.dtype[Any]]
Shapes = Mapping[str, tuple[int, ...]]
NO_EXTRA: Shapes = MappingProxyType({})


class ShapeError(ValueError):
    """An array does not have the shape that its place in the network needs."""

    def __init__(self, place: str, name: str, has: Sequence[int], needs: object) -> None:
        super().__init__(f"{place}: {name} must have the shape {needs}, but has {tuple(has)}")


class Parameters:
    """Weights and biases of all layers, with leading replicate axes `...` (none, or one).

    `flat` is (..., P), `W[l]` is (..., n[l], n[l-1]) and `b[l]` is (..., n[l], 1); l counts from 1.
    New parameters are zero. `layer_sizes` are n[0], ..., n[L]; raise ValueError unless they are
    two or more numbers, each at least 1. `extra` holds what other pieces of a network learn, at the
    end of the vector: it is given as name -> shape and has arrays (..., *shape).
    """

    def __init__(
        self,
        layer_sizes: Sequence[int],
        replicates: tuple[int, ...] = (),
        dtype: Any = np.float32,
        extra: Shapes = NO_EXTRA,
    ) -> None:
        sizes = tuple(int(n) for n in layer_sizes)
        if len(sizes) < 2 or min(sizes) < 1:
            raise ValueError(f"layer sizes must be two or more numbers from 1 up, but are {sizes}")
        flat = aligned_zeros((*replicates, number_of_parameters(sizes, extra)), dtype)
        self._lay_out(sizes, flat, extra)

    def _lay_out(self, layer_sizes: tuple[int, ...], flat: Array, extra: Shapes) -> None:
        self.layer_sizes, self.flat = layer_sizes, flat
        self.W: dict[int, Array] = {}
        self.b: dict[int, Array] = {}
        end = 0
        for l, (n_prev, n) in enumerate(pairwise(layer_sizes), start=1):
            start, middle, end = end, end + n * n_prev, end + n * n_prev + n
            self.W[l] = flat[..., start:middle].reshape(*self.replicates, n, n_prev)
            self.b[l] = flat[..., middle:end].reshape(*self.replicates, n, 1)
        self.extra: dict[str, Array] = {}
        for name, shape in extra.items():
            start, end = end, end + math.prod(shape)
            self.extra[name] = flat[..., start:end].reshape(*self.replicates, *shape)

    def __repr__(self) -> str:
        sizes = "-".join(map(str, self.layer_sizes))
        stacked = f" x {self.replicates[0]}" if self.replicates else ""
        return f"<Parameters {sizes}, {self.flat.shape[-1]}{stacked} numbers, {self.flat.dtype}>"

    @property
    def extra_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each array in `extra`, without the replicates."""
        leading = len(self.replicates)
        return {name: array.shape[leading:] for name, array in self.extra.items()}

    @property
    def replicates(self) -> tuple[int, ...]:
        """Return the leading axes of all arrays: () or (R,)."""
        return tuple(self.flat.shape[:-1])

    @property
    def layers(self) -> int:
        """Return L, the number of layers; the input is layer 0 and does not count."""
        return len(self.layer_sizes) - 1

    @classmethod
    def from_flat(cls, layer_sizes: Sequence[int], flat: Array, extra: Shapes = NO_EXTRA) -> Self:
        """Return parameters that are views of an existing vector (..., P) and share its memory.

        Raise ShapeError if the vector does not have as many numbers as the layers need.
        """
        sizes = tuple(layer_sizes)
        if flat.shape[-1:] != (number_of_parameters(sizes, extra),):
            needs = f"(..., {number_of_parameters(sizes, extra)})"
            raise ShapeError(f"layer sizes {sizes}", "the flat vector", flat.shape, needs)
        self = cls.__new__(cls)
        self._lay_out(sizes, flat, extra)
        return self

    @classmethod
    def from_dict(cls, arrays: Mapping[str, Any], extra: Collection[str] = ()) -> Self:
        """Return copies of {"W1": ..., "b1": ..., "W2": ...}, and of the arrays named in `extra`.

        They are float32 if all given arrays are float32, else float64. Raise ShapeError, which
        names the layer and the array, if two layers do not fit each other. Raise ValueError if an
        array is missing, or has another name than W1, b1, ..., WL, bL.
        """
        L = (len(arrays) - len(extra)) // 2
        names = [*(f"{name}{l}" for l in range(1, L + 1) for name in "Wb"), *extra]
        if L < 1 or set(names) != set(arrays):
            raise ValueError(f"parameters must be named W1, b1, ..., WL, bL, but are {[*arrays]}")
        given = {name: np.asarray(arrays[name]) for name in names}
        single = all(array.dtype == np.float32 for array in given.values())
        sizes = (given["W1"].shape[-1:] or (1,)) + tuple(
            given[f"W{l}"].shape[-2:-1][0] if given[f"W{l}"].ndim > 1 else 1
            for l in range(1, L + 1)
        )
        replicates = given["W1"].shape[:-2]
        shapes = {name: given[name].shape[len(replicates) :] for name in extra}
        self = cls(sizes, replicates, np.float32 if single else np.float64, shapes)
        for name, view in self.views().items():
            if given[name].shape != view.shape:
                raise ShapeError(f"layer {name[1:]}", name, given[name].shape, view.shape)
            view[...] = given[name]
        return self

    def views(self) -> dict[str, Array]:
        """Return {"W1": ..., "b1": ..., ...} and what is extra, without copying."""
        layers = range(1, self.layers + 1)
        return {f"{name}{l}": getattr(self, name)[l] for l in layers for name in "Wb"} | self.extra

    def as_dict(self) -> dict[str, Array]:
        """Return copies {"W1": ..., "b1": ..., ...}, which a further training does not change."""
        return {name: view.copy() for name, view in self.views().items()}

    def zeros_like(self) -> "Parameters":
        """Return zeros of the same shapes and dtype, as a gradient or a velocity needs them."""
        return Parameters(self.layer_sizes, self.replicates, self.flat.dtype, self.extra_shapes)


def number_of_parameters(layer_sizes: Sequence[int], extra: Shapes = NO_EXTRA) -> int:
    """Return P, the length of the flat vector, of layer sizes n[0], ..., n[L] and what is extra."""
    of_layers = sum(n * n_prev + n for n_prev, n in pairwise(layer_sizes))
    return of_layers + sum(math.prod(shape) for shape in extra.values())


def multiply_adds(layer_sizes: Sequence[int]) -> int:
    """Return the multiply-adds of one forward pass of one example, without biases and activations.

    `layer_sizes` are n[0], ..., n[L]; a multiply-add is two floating-point operations.
    """
    return sum(math.prod(pair) for pair in pairwise(layer_sizes))


def update_parameters(parameters: Parameters, gradient: Parameters, learning_rate: float) -> None:
    """Update in place, as plain gradient descent: W = W - alpha dW, b = b - alpha db in each layer.

    Both have the same layers. Training uses `dnnsearch.trials.momentum.Momentum` instead. Raise
    ShapeError if the gradient has another number of parameters.
    """
    if gradient.flat.shape != parameters.flat.shape:
        raise ShapeError("update", "the gradient", gradient.flat.shape, parameters.flat.shape)
    parameters.flat -= learning_rate * gradient.flat
