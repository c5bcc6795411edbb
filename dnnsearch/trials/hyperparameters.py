"""The table of hyperparameters: each field of `Hyperparameters` is one row of it.

A row has the rule for a value, where the hyperparameter acts, and one line about it. The keys of a
config, Optuna's and MLflow's parameters, the columns of tables, the arguments of estimators and the
page docs/search-space.md follow from it. The first seven must be given. To add one, add a field
with a neutral default, and use it where it acts; trials that have the neutral value keep their
specs, digests, bits and costs. This module does not know how anything is trained.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Literal

from dnnsearch import nn
from dnnsearch.nn.number_scaling import DIVIDE, NONE, NUMBERS, STANDARD
from dnnsearch.trials.descent import DESCENTS
from dnnsearch.trials.schedules import SCHEDULES
from dnnsearch.validators import Rule, one_of, or_word, real, whole

# Limits beyond which a number is a slip of the pen rather than a wish.
MAX_ITERATIONS = 10**8  # weeks, even for the smallest network
MAX_LAYERS = 100  # each is a hyperparameter of its own for the sampler
MAX_UNITS = 10**5  # the weights between two such layers take 40 GB
MAX_BATCH_SIZE = 10**9
MIN_LEARNING_RATE, MAX_LEARNING_RATE = 1e-10, 1e4  # smaller steps vanish in float32

MAX_CODES = 256  # bins for each number
MAX_EMBEDDING = 256  # outputs for each number
CALL_COST = 13_000  # one operation of an optional piece, in multiply-adds that take as long
PASS_COST = 4  # of each number that it goes over

Value = float | int | str
LAST, BEST = "last", "best"  # checkpoints
PARAMETRIZATIONS = ("standard", "ntk")


def _nothing(spec: Any, value: Any) -> int:
    return 0


@dataclass(frozen=True)
class Hyperparameter:
    """One row; `acts` says where it acts, and `about` is its line in the docs."""

    value: Rule
    example: str  # of a config
    about: str
    acts: str = "network"  # or units, inputs, targets, descent, cost or end
    bound: Rule | None = None  # the rule for the bounds of a range; None if values have no order
    limits: tuple[Value | None, Value | None] = (None, None)  # that no space can pass
    start: Value | None = None  # what trial 0 wishes of an optional one; None is its neutral value
    for_classes: bool = False  # a regression has none
    takes_mapping: bool = False  # as a value, so that a mapping is no range
    # (spec, value) -> what an update costs more, in multiply-adds that take as long
    cost: Callable[[Any, Any], int] = _nothing


def _numbers(value: object) -> str:
    """Return the scale of numbers as one text, such as `robust` or `divide 255`."""
    if isinstance(value, Mapping) and set(value) == {DIVIDE}:
        value = f"{DIVIDE} {value[DIVIDE]}"
    if isinstance(value, str) and value.startswith(f"{DIVIDE} "):
        try:
            return f"{DIVIDE} {real(low=1e-6, high=1e12)(float(value.split(' ', 1)[1])):g}"
        except ValueError as error:
            raise ValueError(f"{DIVIDE} {error}") from None
    return str(one_of([STANDARD, *NUMBERS])(value))


def _row(value: Rule, example: str, about: str, **options: Any) -> dict[str, Hyperparameter]:
    return {"row": Hyperparameter(value, example, about, **options)}


def _ordered(rule: Rule, example: str, about: str, **options: Any) -> dict[str, Hyperparameter]:
    return _row(rule, example, about, bound=rule, **options)


_HIDDEN_LAYERS = _ordered(
    whole(0, MAX_LAYERS), "[1, 2, 3]", "0 is logistic or linear regression", limits=(0, None)
)["row"]


# One number for all hidden layers; a config gives it in place of `units`.
_WIDTH = _ordered(
    whole(1, MAX_UNITS),
    "{low: 16, high: 512, log: true}",
    "units of every hidden layer, in place of `units`: one number for the sampler",
    acts="units",
    limits=(1, None),
)["row"]


@dataclass(frozen=True)
class Hyperparameters:
    """The hyperparameters of one trial, in the order in which Optuna is asked for them.

    `units` has one entry for each hidden layer. A field with a default is optional: the default is
    neutral, and it is left out of digests, params and tables.
    """

    learning_rate: float = field(
        metadata=_ordered(
            real(low=MIN_LEARNING_RATE, high=MAX_LEARNING_RATE),
            "{low: 0.01, high: 1}",
            "the step size, alpha",
            acts="descent",
        )
    )
    iterations: int = field(
        metadata=_ordered(
            whole(1, MAX_ITERATIONS),
            "1000",
            "parameter updates, not epochs",
            acts="descent",
            limits=(1, None),
        )
    )
    units: tuple[int, ...] = field(
        metadata=_ordered(
            whole(1, MAX_UNITS),
            "{low: 16, high: 128, log: true}",
            "units of a hidden layer; asked once for each layer that exists",
            limits=(1, None),
        )
    )
    activation: str = field(
        metadata=_row(one_of(nn.ACTIVATIONS), "[relu, tanh]", "of the hidden layers")
    )
    momentum: float = field(
        metadata=_ordered(
            real(low=0, below=1),
            "0.9",
            "beta in v = beta v + (1 - beta) dW",
            acts="descent",
            limits=(0, None),
        )
    )
    batch_size: int | Literal["full"] = field(
        metadata=_row(
            or_word("full", whole(1, MAX_BATCH_SIZE), "full"),
            "[32, 64]",
            "examples of a mini-batch",
            acts="descent",
            bound=whole(1, MAX_BATCH_SIZE),
            limits=(1, "full"),
        )
    )
    scaling: float = field(
        default=0.0,
        metadata=_ordered(
            real(low=0, high=1000),
            "[0, 6]",
            "a learnt factor for each input; the number is how many times the learning rate it has",
            limits=(0, None),
            start=6.0,
            cost=lambda spec, value: spec.passes(6),
        ),
    )
    dropout: float = field(
        default=0.0,
        metadata=_ordered(
            real(low=0, below=1),
            "{low: 0, high: 0.5}",
            "the share of the hidden units that are 0 in an update",
            limits=(0, None),
            start=0.1,
            cost=lambda spec, value: spec.hidden_passes(20),
        ),
    )
    parametrization: str = field(
        default="standard",
        metadata=_row(
            one_of(PARAMETRIZATIONS),
            "[standard, ntk]",
            "ntk divides the learning rate of W[l] by the width of layer l-1, or by its root",
            acts="descent",
            cost=lambda spec, value: spec.passes(2),
        ),
    )
    descent: str = field(
        default="momentum",
        metadata=_row(
            one_of(DESCENTS),
            "[momentum, adamw]",
            "the rule of the update; learning_rate may have a range for each",
            acts="descent",
            cost=lambda spec, name: spec.passes(DESCENTS[name].passes),
        ),
    )
    beta2: float = field(
        default=0.999,
        metadata=_ordered(
            real(low=0, below=1),
            "[0.95, 0.999]",
            "of rmsprop and the Adams: s = beta2 s + (1 - beta2) dW^2",
            acts="descent",
            limits=(0, None),
        ),
    )
    weight_decay: float | None = field(
        default=None,
        metadata=_ordered(
            real(low=0, below=1),
            "{low: 0.001, high: 0.1, log: true}",
            "W = W - alpha weight_decay W; none is 0.01 in adamw and schedule_free, else 0",
            acts="descent",
            limits=(0, None),
            start=0.01,
            cost=lambda spec, value: spec.passes(3),
        ),
    )
    schedule: str = field(
        default="constant",
        metadata=_row(
            one_of(SCHEDULES),
            "[constant, cosine]",
            "the learning rate over the planned updates",
            acts="descent",
            cost=lambda spec, value: spec.passes(2),
        ),
    )
    warmup: float = field(
        default=0.0,
        metadata=_ordered(
            real(low=0, below=1),
            "[0, 0.1]",
            "the share of the updates in which the learning rate rises from 0",
            acts="descent",
            limits=(0, None),
            cost=lambda spec, value: spec.passes(2),
        ),
    )
    clip: float | None = field(
        default=None,
        metadata=_ordered(
            real(above=0, high=1e6),
            "1.0",
            "the largest norm of the gradient of a network; a larger one is scaled down",
            acts="descent",
            start=1.0,
            cost=lambda spec, value: spec.passes(4),
        ),
    )
    l2: float = field(
        default=0.0,
        metadata=_ordered(
            real(low=0, high=1e3),
            "{low: 1e-5, high: 0.01, log: true}",
            "the cost has l2/2 times the sum of the squares of all weights; lambda / m",
            acts="cost",
            limits=(0, None),
            start=1e-4,
            cost=lambda spec, value: spec.passes(4),
        ),
    )
    label_smoothing: float = field(
        default=0.0,
        metadata=_ordered(
            real(low=0, below=1),
            "[0, 0.1]",
            "the targets are (1 - label_smoothing) Y + label_smoothing / classes",
            acts="cost",
            limits=(0, None),
            for_classes=True,
            cost=lambda spec, value: 2 * CALL_COST,
        ),
    )
    checkpoint: str = field(
        default=LAST,
        metadata=_row(
            one_of((LAST, BEST)),
            "best",
            "which point of a training is kept: the last, or the one with the best objective",
            acts="end",
        ),
    )
    patience: int | None = field(
        default=None,
        metadata=_ordered(
            whole(1, MAX_ITERATIONS),
            "10",
            "points of the curves after the best one at which a training ends",
            acts="end",
            limits=(1, None),
            start=10,
        ),
    )
    class_weights: float | None = field(
        default=None,
        metadata=_ordered(
            real(low=0, high=1),
            "[0, 1]",
            "0 weighs all examples alike, 1 weighs all classes alike",
            acts="cost",
            limits=(0, 1),
            start=1.0,
            for_classes=True,
        ),
    )

    numbers: str = field(
        default=STANDARD,
        metadata=_row(
            _numbers,
            "[standard, robust]",
            "the scale of number columns: `standard`, `robust`, `quantile`, `none` (raw values), "
            "or `{divide: 255}`",
            acts="inputs",
            takes_mapping=True,
        ),
    )
    codes: int | str = field(
        default=NONE,
        metadata=_row(
            or_word(NONE, whole(2, MAX_CODES), NONE),
            "[none, 8, 16]",
            "bins of the piecewise-linear code of a number column",
            acts="inputs",
            start=8,
        ),
    )
    edges: str = field(
        default="quantile",
        metadata=_row(
            one_of(["quantile", "tree"]),
            "[quantile, tree]",
            "where the bins of codes end: at quantiles, or where a decision tree splits",
            acts="inputs",
        ),
    )
    embedding: int | str = field(
        default=NONE,
        metadata=_row(
            or_word(NONE, whole(1, MAX_EMBEDDING), NONE),
            "[none, 12]",
            "outputs of a small layer for each number column, in front of the first layer",
            acts="inputs",
            bound=whole(1, MAX_EMBEDDING),
            start=8,
        ),
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
            yield "hidden_layers", _HIDDEN_LAYERS
        yield one.name, one.metadata["row"]


# In the order in which they are asked; `units` once for each hidden layer that exists.
HYPERPARAMETERS = {**dict(_rows()), "width": _WIDTH}
# The neutral value of each optional one: not searched and not logged unless a config gives them.
NEUTRAL: dict[str, Any] = {
    one.name: one.default for one in fields(Hyperparameters) if one.default is not MISSING
}
OPTIONAL = tuple(NEUTRAL)
OPTIONAL_KEYS = ("width", *OPTIONAL)  # of a config


def value_of(params: Mapping[str, Value], name: str) -> Any:
    """Return a hyperparameter of flat params; an optional one that they lack is neutral."""
    return params[name] if name in params else NEUTRAL[name]


def key_of(param: str) -> str:
    """Return the hyperparameter of one of Optuna's parameters.

    That is `units` for units_3, and `learning_rate` for learning_rate_adamw.
    """
    for key in ("units", "learning_rate"):
        if param.startswith(f"{key}_"):
            return key
    return param


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
