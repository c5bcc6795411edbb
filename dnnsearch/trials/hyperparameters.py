"""The table of hyperparameters: each field of `Hyperparameters` is one row of it.

A row has the rule for a value, where the hyperparameter acts, and one line about it. The keys of a
config, Optuna's and MLflow's parameters, the columns of tables, the arguments of estimators and the
page docs/search-space.md follow from it. The first seven must be given. To add one, add a field
with a neutral default, and use it where it acts; trials that have the neutral value keep their
specs, digests, bits and costs. This module does not know how anything is trained.
"""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from typing import Any, Literal

from dnnsearch import nn
from dnnsearch.nn.number_scaling import NONE, STANDARD
from dnnsearch.trials.descent import DESCENTS
from dnnsearch.trials.flat_params import describe
from dnnsearch.trials.hyperparameter_row import (
    BEST,
    CALL_COST,
    HIDDEN_LAYERS,
    LAST,
    MAX_BATCH_SIZE,
    MAX_CODES,
    MAX_EMBEDDING,
    MAX_ITERATIONS,
    MAX_LEARNING_RATE,
    MAX_UNITS,
    MIN_LEARNING_RATE,
    PARAMETRIZATIONS,
    WIDTH,
    Hyperparameter,
    Value,
    ordered,
    row,
    scale_of_numbers,
    table,
)
from dnnsearch.trials.schedules import SCHEDULES
from dnnsearch.validators import one_of, or_word, real, whole


@table
class Hyperparameters:
    """The hyperparameters of one trial, in the order in which Optuna is asked for them.

    `units` has one entry for each hidden layer. A field with a default is optional: the default is
    neutral, and it is left out of digests, params and tables.
    """

    learning_rate: float = ordered(
        real(low=MIN_LEARNING_RATE, high=MAX_LEARNING_RATE),
        "{low: 0.01, high: 1}",
        "the step size, alpha",
        acts="descent",
    )
    iterations: int = ordered(
        whole(1, MAX_ITERATIONS),
        "1000",
        "parameter updates, not epochs",
        acts="descent",
        limits=(1, None),
    )
    units: tuple[int, ...] = ordered(
        whole(1, MAX_UNITS),
        "{low: 16, high: 128, log: true}",
        "units of a hidden layer; asked once for each layer that exists",
        limits=(1, None),
    )
    activation: str = row(one_of(nn.ACTIVATIONS), "[relu, tanh]", "of the hidden layers")
    momentum: float = ordered(
        real(low=0, below=1),
        "0.9",
        "beta in v = beta v + (1 - beta) dW",
        acts="descent",
        limits=(0, None),
    )
    batch_size: int | Literal["full"] = row(
        or_word("full", whole(1, MAX_BATCH_SIZE), "full"),
        "[32, 64]",
        "examples of a mini-batch",
        acts="descent",
        bound=whole(1, MAX_BATCH_SIZE),
        limits=(1, "full"),
    )
    scaling: float = ordered(
        real(low=0, high=1000),
        "[0, 6]",
        "a learnt factor for each input; the number is how many times the learning rate it has",
        default=0.0,
        limits=(0, None),
        start=6.0,
        cost=lambda spec, value: spec.passes(6),
    )
    dropout: float = ordered(
        real(low=0, below=1),
        "{low: 0, high: 0.5}",
        "the share of the hidden units that are 0 in an update",
        default=0.0,
        limits=(0, None),
        start=0.1,
        cost=lambda spec, value: spec.hidden_passes(20),
    )
    parametrization: str = row(
        one_of(PARAMETRIZATIONS),
        "[standard, ntk]",
        "ntk divides the learning rate of W[l] by the width of layer l-1, or by its root",
        default="standard",
        acts="descent",
        cost=lambda spec, value: spec.passes(2),
    )
    descent: str = row(
        one_of(DESCENTS),
        "[momentum, adamw]",
        "the rule of the update; learning_rate may have a range for each",
        default="momentum",
        acts="descent",
        cost=lambda spec, name: spec.passes(DESCENTS[name].passes),
    )
    beta2: float = ordered(
        real(low=0, below=1),
        "[0.95, 0.999]",
        "of rmsprop and the Adams: s = beta2 s + (1 - beta2) dW^2",
        default=0.999,
        acts="descent",
        limits=(0, None),
    )
    weight_decay: float | None = ordered(
        real(low=0, below=1),
        "{low: 0.001, high: 0.1, log: true}",
        "W = W - alpha weight_decay W; none is 0.01 in adamw and schedule_free, else 0",
        default=None,
        acts="descent",
        limits=(0, None),
        start=0.01,
        cost=lambda spec, value: spec.passes(3),
    )
    schedule: str = row(
        one_of(SCHEDULES),
        "[constant, cosine]",
        "the learning rate over the planned updates",
        default="constant",
        acts="descent",
        cost=lambda spec, value: spec.passes(2),
    )
    warmup: float = ordered(
        real(low=0, below=1),
        "[0, 0.1]",
        "the share of the updates in which the learning rate rises from 0",
        default=0.0,
        acts="descent",
        limits=(0, None),
        cost=lambda spec, value: spec.passes(2),
    )
    clip: float | None = ordered(
        real(above=0, high=1e6),
        "1.0",
        "the largest norm of the gradient of a network; a larger one is scaled down",
        default=None,
        acts="descent",
        start=1.0,
        cost=lambda spec, value: spec.passes(4),
    )
    l2: float = ordered(
        real(low=0, high=1e3),
        "{low: 1e-5, high: 0.01, log: true}",
        "the cost has l2/2 times the sum of the squares of all weights; lambda / m",
        default=0.0,
        acts="cost",
        limits=(0, None),
        start=1e-4,
        cost=lambda spec, value: spec.passes(4),
    )
    label_smoothing: float = ordered(
        real(low=0, below=1),
        "[0, 0.1]",
        "the targets are (1 - label_smoothing) Y + label_smoothing / classes",
        default=0.0,
        acts="cost",
        limits=(0, None),
        for_classes=True,
        cost=lambda spec, value: 2 * CALL_COST,
    )
    checkpoint: str = row(
        one_of((LAST, BEST)),
        "best",
        "which point of a training is kept: the last, or the one with the best objective",
        default=LAST,
        acts="end",
    )
    patience: int | None = ordered(
        whole(1, MAX_ITERATIONS),
        "10",
        "points of the curves after the best one at which a training ends",
        default=None,
        acts="end",
        limits=(1, None),
        start=10,
    )
    class_weights: float | None = ordered(
        real(low=0, high=1),
        "[0, 1]",
        "0 weighs all examples alike, 1 weighs all classes alike",
        default=None,
        acts="cost",
        limits=(0, 1),
        start=1.0,
        for_classes=True,
    )

    numbers: str = row(
        scale_of_numbers,
        "[standard, robust]",
        "the scale of number columns: `standard`, `robust`, `quantile`, `none` (raw values), "
        "or `{divide: 255}`",
        default=STANDARD,
        acts="inputs",
        takes_mapping=True,
    )
    codes: int | str = row(
        or_word(NONE, whole(2, MAX_CODES), NONE),
        "[none, 8, 16]",
        "bins of the piecewise-linear code of a number column",
        default=NONE,
        acts="inputs",
        start=8,
    )
    edges: str = row(
        one_of(["quantile", "tree"]),
        "[quantile, tree]",
        "where the bins of codes end: at quantiles, or where a decision tree splits",
        default="quantile",
        acts="inputs",
    )
    embedding: int | str = row(
        or_word(NONE, whole(1, MAX_EMBEDDING), NONE),
        "[none, 12]",
        "outputs of a small layer for each number column, in front of the first layer",
        default=NONE,
        acts="inputs",
        bound=whole(1, MAX_EMBEDDING),
        start=8,
    )

    @property
    def hidden_layers(self) -> int:
        """The number of hidden layers."""
        return len(self.units)

    @property
    def optional(self) -> dict[str, Value]:
        """Return the optional ones that do not have their neutral value."""
        given = {name: getattr(self, name) for name in NEUTRAL}
        return {name: value for name, value in given.items() if value != NEUTRAL[name]}

    def as_params(self) -> dict[str, Value]:
        """Return them by the flat names that Optuna, MLflow and the tables use."""
        units = {f"units_{layer}": n for layer, n in enumerate(self.units, start=1)}
        return {
            "learning_rate": self.learning_rate,
            "iterations": self.iterations,
            "hidden_layers": self.hidden_layers,
            **units,
            "activation": self.activation,
            "momentum": self.momentum,
            "batch_size": self.batch_size,
            **self.optional,
        }

    def as_asked(self) -> dict[str, Value | None]:
        """Return them by all names that Optuna may have been asked for, neutral ones too."""
        by_rule = {f"learning_rate_{self.descent}": self.learning_rate}
        width = {"width": self.units[0]} if self.units else {}
        return {**NEUTRAL, **self.as_params(), **by_rule, **width}

    def describe(self) -> str:
        """Return the network and its learning rate, such as `relu 64-32, learning rate 0.03`."""
        return describe(self.as_params())


def _rows() -> Iterator[tuple[str, Hyperparameter]]:
    for one in fields(Hyperparameters):
        if one.name == "units":
            yield "hidden_layers", HIDDEN_LAYERS
        yield one.name, one.metadata["row"]


# In the order in which they are asked; `units` once for each hidden layer that exists.
HYPERPARAMETERS = {**dict(_rows()), "width": WIDTH}
# The neutral value of each optional one: not searched and not logged unless a config gives them.
NEUTRAL: dict[str, Any] = {
    one.name: one.default for one in fields(Hyperparameters) if one.default is not MISSING
}
OPTIONAL = tuple(NEUTRAL)
OPTIONAL_KEYS = ("width", *OPTIONAL)  # of a config


def value_of(params: Mapping[str, Value], name: str) -> Any:
    """Return a hyperparameter of flat params; an optional one that they lack is neutral."""
    return params[name] if name in params else NEUTRAL[name]
