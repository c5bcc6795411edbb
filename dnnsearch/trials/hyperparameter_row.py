"""A row of the table of hyperparameters, and the rules and limits that rows name.

It does not know which hyperparameters there are.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field
from typing import Any, TypeVar, dataclass_transform

from dnnsearch.nn.number_scaling import DIVIDE, NUMBERS, STANDARD
from dnnsearch.validators import Rule, one_of, real, whole

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
T = TypeVar("T")
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


def scale_of_numbers(value: object) -> str:
    """Return the scale of numbers as one text, such as `robust` or `divide 255`."""
    if isinstance(value, Mapping) and set(value) == {DIVIDE}:
        value = f"{DIVIDE} {value[DIVIDE]}"
    if isinstance(value, str) and value.startswith(f"{DIVIDE} "):
        try:
            return f"{DIVIDE} {real(low=1e-6, high=1e12)(float(value.split(' ', 1)[1])):g}"
        except ValueError as error:
            raise ValueError(f"{DIVIDE} {error}") from None
    return str(one_of([STANDARD, *NUMBERS])(value))


def row(rule: Rule, example: str, about: str, *, default: Any = MISSING, **options: Any) -> Any:
    """Return a field of the table, whose values have no order."""
    metadata = {"row": Hyperparameter(rule, example, about, **options)}
    return field(default=default, metadata=metadata)


def ordered(rule: Rule, example: str, about: str, *, default: Any = MISSING, **options: Any) -> Any:
    """Return a field of the table, whose values can be given as a range."""
    return row(rule, example, about, default=default, bound=rule, **options)


@dataclass_transform(frozen_default=True, field_specifiers=(row, ordered))
def table(cls: type[T]) -> type[T]:
    """Make a frozen dataclass of a class whose fields are rows."""
    return dataclass(frozen=True)(cls)


HIDDEN_LAYERS: Hyperparameter = ordered(
    whole(0, MAX_LAYERS), "[1, 2, 3]", "0 is logistic or linear regression", limits=(0, None)
).metadata["row"]


# One number for all hidden layers; a config gives it in place of `units`.
WIDTH: Hyperparameter = ordered(
    whole(1, MAX_UNITS),
    "{low: 16, high: 512, log: true}",
    "units of every hidden layer, in place of `units`: one number for the sampler",
    acts="units",
    limits=(1, None),
).metadata["row"]
