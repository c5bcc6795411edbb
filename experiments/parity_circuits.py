"""Exact networks for parity: relu units whose parameters are set by hand; nothing is trained.

Each builder takes the number of bits n and returns parameters that are right on all 2^n inputs. The
output is a sigmoid whose logit is the parity minus 1/2.
"""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
from scipy.linalg import block_diag

from dnnsearch.data.datasets import load
from dnnsearch.nn import Network, Parameters

Array = np.ndarray[Any, np.dtype[np.float64]]
Layer = tuple[Array, Array, Array]  # W (units, signals), b (units,), and the signals from the units


def assemble(layers: Sequence[Layer]) -> Parameters:
    """Return the network of these layers; the single signal of the last layer is the parity.

    A signal is a weighted sum of units. It is computed by the next layer's W, so it needs no layer.
    """
    arrays: dict[str, Array] = {}
    signals: Array = np.eye(layers[0][0].shape[1])
    for l, (W, b, following) in enumerate(layers, start=1):
        arrays |= {f"W{l}": W @ signals, f"b{l}": b[:, None]}
        signals = following
    L = len(layers) + 1
    arrays |= {f"W{L}": signals, f"b{L}": np.array([[-0.5]])}
    return Parameters.from_dict(arrays)


def xor_tree(n: int) -> Parameters:
    """Return a tree of a xor b = relu(a + b) - 2 relu(a + b - 1): 2(n - 1) units, log2(n) layers.

    n is the number of bits; if it is not a power of two, a bit that has no partner takes a unit.
    """
    layers = []
    while n > 1:
        pairs, left_over = divmod(n, 2)
        W = block_diag(*[[[1, 1], [1, 1]]] * pairs, *[[1]] * left_over)
        b = np.array([0, -1] * pairs + [0] * left_over, float)
        layers.append((W, b, block_diag(*[[[1, -2]]] * pairs, *[[1]] * left_over)))
        n = pairs + left_over
    return assemble(layers)


def unit_for_each_pattern(n: int) -> Parameters:
    """Return a layer of 2^(n-1) units, one for each input with an odd number of ones.

    For such an input p and s = 2p - 1, the unit relu(s (2x - 1) - n + 1) is 1 at x = p and 0 at all
    other x.
    """
    patterns = [p for p in product((0, 1), repeat=n) if sum(p) % 2]
    s = 2.0 * np.array(patterns) - 1
    return assemble([(2 * s, -s.sum(axis=1) - n + 1, np.ones((1, len(s))))])


def counting(n: int) -> Parameters:
    """Return a layer of n units: relu(c) - 2 relu(c - 1) + 2 relu(c - 2) ... for c ones."""
    zigzag = np.array([[1.0 if k == 0 else 2 * (-1) ** k for k in range(n)]])
    return assemble([(np.ones((n, n)), -np.arange(n, dtype=float), zigzag)])


def folding(n: int) -> Parameters:
    """Return layers that fold the number c of ones in the middle until it is 0 or 1.

    They have 2 log2(n) units, with the logarithm rounded up.

    min(c, N - c) = relu(c) - 2 relu(c - N/2) for c up to N, and has c's parity while N is even.
    """
    N, into, layers = 2 ** (n - 1).bit_length(), np.ones((2, n)), []
    while N > 1:
        N //= 2
        layers.append((into, np.array([0.0, -N]), np.array([[1.0, -2.0]])))
        into = np.ones((2, 1))
    return assemble(layers)


CIRCUITS: dict[str, Callable[[int], Parameters]] = {
    "one unit for each odd pattern": unit_for_each_pattern,
    "XOR tree": xor_tree,
    "counting": counting,
    "folding": folding,
}


def hidden_units(parameters: Parameters) -> int:
    return sum(parameters.layer_sizes[1:-1])


def mistakes(parameters: Parameters) -> int:
    """Return on how many of all 2^n inputs the network is wrong."""
    bits = parameters.layer_sizes[0]
    rows = load({"name": "parity", "bits": bits, "examples": "all", "seed": 0})
    answers = Network(parameters, "relu", "sigmoid").predict(rows.X.T)
    return int((answers != rows.y).sum())
