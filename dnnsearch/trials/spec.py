"""The spec of a trial: everything that determines a training, and its digest.

Equal specs train to equal bits. A spec is plain data; it does not know which study it belongs to or
which process will train it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from dnnsearch.nn import Parameters, number_of_parameters
from dnnsearch.nn.arithmetic import Arithmetic
from dnnsearch.nn.exact_arithmetic import arithmetic_of
from dnnsearch.nn.input_layer import InputShape
from dnnsearch.runtime import numerics
from dnnsearch.storage.array_store import canonical
from dnnsearch.trials.hyperparameter_row import CALL_COST, PASS_COST
from dnnsearch.trials.hyperparameters import HYPERPARAMETERS, Hyperparameters
from dnnsearch.trials.input_pieces import input_shape
from dnnsearch.trials.metrics import METRICS

ARITHMETIC = 1  # version: raised by every change to our code that changes bits of a training
UPDATE_COST = 500_000  # the fixed part of one update, in multiply-adds that take as long
COST_FORMULA = 1  # version: raised by every change to `Spec.cost`


@dataclass(frozen=True)
class Spec:
    """Everything that determines a trial.

    A field that has its default is left out of the digest, so that an option that is added later
    does not change the digests of old studies.
    """

    hyperparameters: Hyperparameters
    seed: int  # of the study
    number: int  # of the trial; its random streams are children of the seed: (number, replicate)
    data: str  # digest of the data as they were loaded
    split: str  # digest of the indices of train, dev and test
    arrays: str  # digest of the prepared arrays: what a worker opens
    features: int  # n[0]
    outputs: int  # n[L]
    train_examples: int
    output: str  # a name in dnnsearch.nn.OUTPUTS
    objective: str  # the metric whose last value is the value of the trial
    initialization: str
    dtype: str
    curve_every: int  # updates between two points of a curve
    numerics: str
    arithmetic: int
    replicates: int = 1
    max_cost: int | None = None  # the training ends before it costs more
    pruner: str = "none"
    thresholds: tuple[tuple[int, float], ...] = ()  # (iteration, the worst value that goes on)
    metrics: tuple[str, ...] = ()  # measured in addition to the objective
    numbers: int = 0  # features that are numbers, the first ones; 0 if no input piece needs it
    stop: int | None = None  # updates after which a training ends whose plan is longer
    keep: bool = False  # the record has the final parameters, even if they are large
    streams: int | None = None  # the number whose random streams it has; None is its own

    @property
    def maximize(self) -> bool:
        """Whether a larger objective is a better one."""
        return METRICS[self.objective].direction.maximize

    @property
    def measured(self) -> tuple[str, ...]:
        """The metrics to measure in addition to cost and accuracy, the objective first."""
        wanted = dict.fromkeys((self.objective, *self.metrics))
        return tuple(name for name in wanted if not METRICS[name].is_always_measured)

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """n[0], n[1], ..., n[L]."""
        return (self.input_shape.n_0, *self.hyperparameters.units, self.outputs)

    @property
    def operations(self) -> Arithmetic:
        """How the training computes: NumPy's way, or exactly."""
        return arithmetic_of(self.numerics == numerics.EXACT)

    @property
    def input_shape(self) -> InputShape:
        """The sizes of the input layer, which is plain unless a hyperparameter makes it."""
        return input_shape(self.hyperparameters, self.features, self.numbers)

    def parameters(self, flat: np.ndarray) -> Parameters:
        """Return the parameters of all parts of the network as views of a vector (..., P).

        Raise ShapeError if the vector does not have as many numbers as they need.
        """
        return Parameters.from_flat(self.layer_sizes, flat, self.input_shape.learnt)

    @property
    def size(self) -> int:
        """The number of parameters of one network."""
        return number_of_parameters(self.layer_sizes, self.input_shape.learnt)

    @property
    def batch_examples(self) -> int:
        """Examples in a mini-batch; the last one of an epoch may have fewer."""
        batch = self.hyperparameters.batch_size
        return self.train_examples if batch == "full" else int(batch)

    def next_point(self, iterations: int) -> int:
        """Return the updates that are made at the next point of the curves, or at the last one."""
        return min(iterations + self.curve_every, self.updates)

    def multiply_adds(self, iterations: int) -> int:
        """Return the multiply-adds of this number of updates, each with a full mini-batch.

        The forward pass, the gradient of the weights and the backward pass each take one
        multiply-add for each weight and example.
        """
        weights = sum(n * m for n, m in pairwise(self.layer_sizes)) + self.input_shape.multiply_adds
        return iterations * 3 * weights * self.batch_examples * self.replicates

    def cost(self, iterations: int) -> int:
        """Return what updates cost on the virtual clock: multiply-adds plus a constant for each.

        An optional hyperparameter adds its own cost, unless it has its neutral value.
        """
        given = self.hyperparameters.optional.items()
        more = sum(HYPERPARAMETERS[name].cost(self, value) for name, value in given)
        return self.multiply_adds(iterations) + iterations * (UPDATE_COST + more)

    def passes(self, count: int) -> int:
        """Return what passes over all parameters cost, in multiply-adds that take as long."""
        return count * (CALL_COST + PASS_COST * self.size * self.replicates)

    def hidden_passes(self, count: int) -> int:
        """Return what passes over the hidden units of a mini-batch cost, in the same unit."""
        units = sum(self.hyperparameters.units)
        numbers = units * self.batch_examples * self.replicates
        return count * PASS_COST * numbers + 4 * CALL_COST * self.hyperparameters.hidden_layers

    @property
    def planned(self) -> int:
        """Number of updates over which the learning rate's schedule goes."""
        wanted = self.hyperparameters.iterations
        return wanted if self.max_cost is None else min(wanted, self.max_cost // self.cost(1))

    @property
    def updates(self) -> int:
        """Number of updates that will be made, unless the training ends early."""
        return self.planned if self.stop is None else min(self.planned, self.stop)

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dict without the fields that have their default."""
        return {**_stated(self), "hyperparameters": _stated(self.hyperparameters)}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Spec":
        """Return the spec that `as_dict` was made of."""
        values = dict(document)
        hyper = dict(values.pop("hyperparameters"))
        hyper["units"] = tuple(hyper["units"])
        pairs = values.pop("thresholds", ())
        values["thresholds"] = tuple((step, value) for step, value in pairs)
        values["metrics"] = tuple(values.pop("metrics", ()))
        return cls(hyperparameters=Hyperparameters(**hyper), **values)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the spec's canonical JSON, in hex."""
        return hashlib.sha256(canonical(self.as_dict()).encode()).hexdigest()


def _stated(self: Any) -> dict[str, Any]:
    """Return the fields of a dataclass that have no default, or a value other than it."""
    values = {field.name: getattr(self, field.name) for field in fields(self)}
    neutral = {field.name: field.default for field in fields(self)}
    return {name: value for name, value in values.items() if value != neutral[name]}


def generator(seed: int, *key: int) -> np.random.Generator:
    """Return the random stream of one use: the child `key` of the study's seed."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
