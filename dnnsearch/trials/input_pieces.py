"""The pieces of a network in front of its first layer, put together for one configuration.

Hyperparameters name them (`numbers`, `codes`, `edges`, `embedding`), the prepared arrays have the
constants that they need. Training, evaluation and models use the same object, so that a row has the
same inputs everywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, product

import numpy as np

from dnnsearch.nn import Network, Parameters
from dnnsearch.nn.arithmetic import FAST, Arithmetic
from dnnsearch.nn.input_layer import InputShape
from dnnsearch.nn.number_scaling import DIVIDE, NONE, NUMBERS, STANDARD, STORED, scale_numbers
from dnnsearch.trials.hyperparameter_row import Value
from dnnsearch.trials.hyperparameters import Hyperparameters

SCALED = ("X_train", "X_dev")
SCALES, EDGES = "input_scales", "input_edges"  # in a model file


@dataclass(frozen=True)
class InputPieces:
    """How rows X (..., m, n_x) of prepared inputs come to the network; `...`: nothing, or folds."""

    shape: InputShape
    kind: str = STANDARD  # of scale, or a name in NUMBERS
    scales: np.ndarray | None = None  # (..., c, F) float64; None for `standard`
    edges: np.ndarray | None = None  # (..., F, K+1) float64, of scaled numbers; None without codes
    arithmetic: Arithmetic = FAST

    @property
    def is_plain(self) -> bool:
        """Whether A[0] is the prepared inputs themselves."""
        return self.shape.is_plain and self.scales is None

    def without_scaling_layer(self) -> "InputPieces":
        """Return the pieces for parameters of `nn.without_scaling`."""
        return replace(self, shape=replace(self.shape, scaling=False))

    def scale(self, X: np.ndarray) -> np.ndarray:
        """Return X (..., m, n_x) with scaled numbers."""
        if self.scales is None:
            return X
        return scale_numbers(X, self.kind, self.scales, self.arithmetic.interp)

    def scaled(self, data: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """Return the arrays with X_train and X_dev scaled."""
        if self.scales is None:
            return data
        return {**data, **{name: self.scale(np.asarray(data[name])) for name in SCALED}}

    def single(self, replicate: int) -> "InputPieces":
        """Return the pieces of one replicate, whose constants may be those of its fold."""
        one = (a if a is None or a.ndim == 2 else a[replicate] for a in (self.scales, self.edges))
        scales, edges = one
        return replace(self, scales=scales, edges=edges)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the constants by their names in a model file."""
        named = {SCALES: self.scales, EDGES: self.edges}
        return {name: array for name, array in named.items() if array is not None}


def needed_constants(numbers: str, codes: Value, edges: str) -> list[str]:
    """Return the names of the constants that a configuration needs: see `data.input_constants`."""
    kind = numbers.split()[0]
    scales = {STANDARD: [], DIVIDE: [NONE]}.get(kind, [kind])
    return scales if codes == "none" else [*scales, f"edges {edges} {codes}"]


def constants_of(
    numbers: Sequence[Value], codes: Sequence[Value], edges: Sequence[Value]
) -> tuple[str, ...]:
    """Return the names of the constants that any configuration of these values needs."""
    chosen = product(numbers, codes, edges)
    each = (needed_constants(str(kind), K, str(ends)) for kind, K, ends in chosen)
    return tuple(dict.fromkeys(chain.from_iterable(each)))


def input_shape(hyper: Hyperparameters, n_x: int, numbers: int) -> InputShape:
    """Return the sizes of the input layer for n_x inputs, the first `numbers` of them numbers."""
    codes, embedding = (0 if n == "none" else int(n) for n in (hyper.codes, hyper.embedding))
    return InputShape(n_x, numbers, codes, embedding, scaling=bool(hyper.scaling))


def network(
    parameters: Parameters,
    hyper: Hyperparameters,
    output: str,
    pieces: InputPieces | None = None,
    arithmetic: Arithmetic = FAST,
) -> Network:
    """Return the network of a configuration; `output` is a name in OUTPUTS."""
    shape, edges = (None, None) if pieces is None else (pieces.shape, pieces.edges)
    return Network(parameters, hyper.activation, output, shape, edges, arithmetic)


def input_pieces(
    hyper: Hyperparameters,
    shape: InputShape,
    arrays: Mapping[str, np.ndarray],
    arithmetic: Arithmetic = FAST,
) -> InputPieces:
    """Return the pieces of a configuration, with the constants among the prepared arrays."""
    kind, *divisor = hyper.numbers.split()
    if shape.numbers == 0:
        return InputPieces(shape, arithmetic=arithmetic)
    found = [np.asarray(arrays[STORED.format(name)]) for name in _needed(hyper)]
    scales = None if kind == STANDARD else found[0] / float(divisor[0] if divisor else 1)
    edges = found[-1] if shape.codes else None
    kind = NONE if divisor else kind
    if edges is not None and scales is not None:
        edges = np.asarray(NUMBERS[kind](edges.mT, scales, arithmetic.interp)).mT
    return InputPieces(shape, kind, scales, edges, arithmetic)


def _needed(hyper: Hyperparameters) -> list[str]:
    return needed_constants(hyper.numbers, hyper.codes, hyper.edges)
