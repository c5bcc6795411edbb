"""The spec of a trial: everything that determines a training, and its digest.

Equal specs train to equal bits. A spec is plain data; it knows neither where it came from nor who
will train it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from dnnsearch.storage.array_store import canonical
from dnnsearch.trials.metrics import METRICS

ARITHMETIC = 1  # raised whenever a change of ours changes the bits of a training
UPDATE_COST = 500_000  # multiply-adds that take as long as the fixed part of one update
COST_FORMULA = 1  # raised whenever `planned_cost` changes

Value = float | int | str


@dataclass(frozen=True)
class Hyperparameters:
    """The seven hyperparameters; `units` has one entry for each hidden layer.

    `class_weights` is an eighth where the config has it: from 0, all examples weigh alike, to 1,
    all classes do. None, its neutral value, is left out of all digests.
    """

    learning_rate: float
    iterations: int  # parameter updates
    units: tuple[int, ...]
    activation: str
    momentum: float
    batch_size: int | Literal["full"]  # examples
    class_weights: float | None = None

    @property
    def hidden_layers(self) -> int:
        return len(self.units)

    def as_params(self) -> dict[str, Value]:
        """The flat names under which Optuna, MLflow and the tables show them."""
        units = {f"units_{layer}": n for layer, n in enumerate(self.units, start=1)}
        return {
            "learning_rate": self.learning_rate,
            "iterations": self.iterations,
            "hidden_layers": self.hidden_layers,
            **units,
            "activation": self.activation,
            "momentum": self.momentum,
            "batch_size": self.batch_size,
            **({} if self.class_weights is None else {"class_weights": self.class_weights}),
        }

    def describe(self) -> str:
        """Return the network and its learning rate, such as `relu 64-32, learning rate 0.03`."""
        return describe(self.as_params())


def join_units(params: Mapping[str, Value]) -> str:
    """Return the units of the hidden layers, such as `64-32`; empty for logistic regression."""
    layers = range(1, int(params["hidden_layers"]) + 1)
    return "-".join(str(params[f"units_{layer}"]) for layer in layers)


def describe(params: Mapping[str, Value], short: bool = False) -> str:
    """Return `relu 64-32, learning rate 0.03` of flat params; `relu 64-32 lr 0.03` if short."""
    units, rate = join_units(params), params["learning_rate"]
    if short:
        network = f"{params['activation']} {units}" if units else "logistic"
        return f"{network} lr {rate:.2g}"
    network = f"{params['activation']} {units}" if units else "logistic regression"
    return f"{network}, learning rate {rate:.4g}"


@dataclass(frozen=True)
class Spec:
    """Everything that determines a trial.

    Fields with a default are left out of the digest while they have it, so that an option that is
    added later does not change the digests of old studies.
    """

    hyperparameters: Hyperparameters
    seed: int  # of the study
    number: int  # of the trial: its random streams are the children (number, replicate) of the seed
    data: str  # digest of the data as they were loaded
    split: str  # digest of the indices of train, dev and test
    arrays: str  # digest of the prepared arrays: what a worker opens
    features: int  # n[0]
    outputs: int  # n[L]
    train_examples: int
    output: str  # a name in dnnsearch.nn.OUTPUTS
    objective: str  # the final value that is the trial's value
    initialization: str
    dtype: str
    curve_every: int  # updates between two points of a curve
    numerics: str
    arithmetic: int
    replicates: int = 1
    max_cost: int | None = None  # what the training may cost; it is cut off there
    pruner: str = "none"
    thresholds: tuple[tuple[int, float], ...] = ()  # (iteration, what it must at least reach)
    metrics: tuple[str, ...] = ()  # scores that are measured beside the objective
    keep: bool = False  # the final parameters stay in the record, however large they are

    @property
    def maximize(self) -> bool:
        """Whether a larger objective is a better one."""
        return METRICS[self.objective].direction.maximize

    @property
    def measured(self) -> tuple[str, ...]:
        """The scores beside cost and accuracy: those asked for, and the objective if it is one."""
        wanted = dict.fromkeys((self.objective, *self.metrics))
        return tuple(name for name in wanted if not METRICS[name].is_always_measured)

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """n[0], n[1], ..., n[L]."""
        return (self.features, *self.hyperparameters.units, self.outputs)

    @property
    def batch_examples(self) -> int:
        """Examples in a mini-batch, the short last one apart."""
        batch = self.hyperparameters.batch_size
        return self.train_examples if batch == "full" else int(batch)

    def multiply_adds(self, iterations: int) -> int:
        """The arithmetic of so many updates; the short last mini-batch counts as a whole one.

        Forward, the weights' gradient and the backward pass each take one multiply-add for each
        weight and example.
        """
        weights = sum(n * m for n, m in pairwise(self.layer_sizes))
        return iterations * 3 * weights * self.batch_examples * self.replicates

    def cost(self, iterations: int) -> int:
        """What so many updates cost on the virtual clock: arithmetic plus a constant for each."""
        return self.multiply_adds(iterations) + iterations * UPDATE_COST

    @property
    def updates(self) -> int:
        """The updates that will be made, unless the training ends early."""
        wanted = self.hyperparameters.iterations
        return wanted if self.max_cost is None else min(wanted, self.max_cost // self.cost(1))

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, without the fields that have their default."""
        document = _without_neutral(self, asdict(self))
        hyper = _without_neutral(self.hyperparameters, document["hyperparameters"])
        return {**document, "hyperparameters": hyper}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Spec":
        values = dict(document)
        hyper = dict(values.pop("hyperparameters"))
        hyper["units"] = tuple(hyper["units"])
        pairs = values.pop("thresholds", ())
        values["thresholds"] = tuple((step, value) for step, value in pairs)
        values["metrics"] = tuple(values.pop("metrics", ()))
        return cls(hyperparameters=Hyperparameters(**hyper), **values)

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hex, of the spec's canonical JSON."""
        return hashlib.sha256(canonical(self.as_dict()).encode()).hexdigest()


def _without_neutral(self: Any, document: dict[str, Any]) -> dict[str, Any]:
    """The fields of a dataclass that have no default, or another value."""
    neutral = {f.name: f.default for f in fields(self) if f.default is not MISSING}
    return {k: v for k, v in document.items() if k not in neutral or v != neutral[k]}


def generator(seed: int, *key: int) -> np.random.Generator:
    """The random stream of one use: the child `key` of the study's seed."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
