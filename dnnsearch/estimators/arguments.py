"""The arguments of an estimator, checked when it is fitted, by the rules of a config."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, Literal

import numpy as np

from dnnsearch.nn import INITIALIZATIONS
from dnnsearch.trials.hyperparameter_row import MAX_ITERATIONS
from dnnsearch.trials.hyperparameters import HYPERPARAMETERS, NEUTRAL, OPTIONAL, Hyperparameters
from dnnsearch.validators import Rule, one_of, or_word, real, show, whole

DEFAULT_CURVE_POINTS = 30
# `patience` and `dev_fraction` of an estimator end its training.
OPTIONAL_IN_CLASSIFIERS = [name for name in OPTIONAL if HYPERPARAMETERS[name].acts != "end"]
OPTIONAL_IN_REGRESSIONS = [
    name for name in OPTIONAL_IN_CLASSIFIERS if not HYPERPARAMETERS[name].for_classes
]
Init = Callable[..., None]
DEFAULT_HIDDEN_LAYERS = 2  # if `units` is one number and `hidden_layers` is None


@dataclass(frozen=True)
class Settings:
    """The arguments of a training that are not hyperparameters."""

    initialization: str
    dtype: Literal["float32", "float64"]
    dev_fraction: float
    patience: int | None  # points of the curve; None never stops early
    curve_every: int


def _dtype(value: object) -> str:
    """Return the name of a dtype, given by its name or as an object of NumPy."""
    try:
        name = np.dtype(value).name  # type: ignore[call-overload]
    except TypeError:
        name = value
    return str(one_of(["float32", "float64"])(name))


def _or_none(rule: Rule) -> Rule:
    return lambda value: None if value is None else rule(value)


SETTINGS: dict[str, Rule] = {
    "initialization": one_of(INITIALIZATIONS),
    "dtype": _dtype,
    "dev_fraction": real(low=0, below=1),
    "patience": _or_none(whole(1, MAX_ITERATIONS)),
    "curve_every": or_word("auto", whole(1, MAX_ITERATIONS), "auto"),
}


def hyperparameters(given: Mapping[str, Any]) -> Hyperparameters:
    """Return the hyperparameters among an estimator's arguments.

    Raise ValueError with name, rule and value if one is wrong.
    """
    names = ("learning_rate", "iterations", "activation", "momentum", "batch_size")
    values = {name: _checked(name, HYPERPARAMETERS[name].value, given[name]) for name in names}
    optional = {
        name: _optional(name, given[name]) for name in OPTIONAL_IN_CLASSIFIERS if name in given
    }
    return Hyperparameters(
        **values, units=_units(given["hidden_layers"], given["units"]), **optional
    )


def _optional(name: str, value: object) -> Any:
    neutral = NEUTRAL[name]
    is_neutral = value is None or value is neutral
    return neutral if is_neutral else _checked(name, HYPERPARAMETERS[name].value, value)


def with_optional(names: Sequence[str], parent: type) -> Callable[[Init], Init]:
    """Give `__init__` the arguments of the parent's, and the optional hyperparameters by name.

    scikit-learn reads an estimator's parameters from the signature that is set here.
    """

    def decorate(init: Init) -> Init:
        inherited = list(signature(parent.__init__).parameters.values())[:-1]  # type: ignore[misc]
        added = [Parameter(n, Parameter.KEYWORD_ONLY, default=NEUTRAL[n]) for n in names]
        whole = Signature([*inherited, *added])

        @wraps(init)
        def checked(self: Any, *given: Any, **named: Any) -> None:
            bound = whole.bind(self, *given, **named)
            bound.apply_defaults()
            init(**bound.arguments)

        checked.__signature__ = whole  # type: ignore[attr-defined]
        return checked

    return decorate


def described(names: Iterable[str]) -> str:
    """Return the lines of a docstring about optional hyperparameters."""
    lines = [
        f"    {n}\n        {HYPERPARAMETERS[n].about}; {NEUTRAL[n]} is neutral." for n in names
    ]
    return "\n".join(lines)


def settings(given: Mapping[str, Any]) -> Settings:
    """Return the other arguments; raise ValueError with name, rule and value if one is wrong."""
    values = {name: _checked(name, rule, given[name]) for name, rule in SETTINGS.items()}
    if values["curve_every"] == "auto":
        values["curve_every"] = max(int(given["iterations"]) // DEFAULT_CURVE_POINTS, 1)
    return Settings(**values)


def _checked(name: str, rule: Rule, value: object) -> Any:
    try:
        return rule(value)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None


def _units(hidden_layers: object, units: object) -> tuple[int, ...]:
    """Return the units of each hidden layer, from one number for all or one for each."""
    layers = _checked(
        "hidden_layers", _or_none(HYPERPARAMETERS["hidden_layers"].value), hidden_layers
    )
    rule = HYPERPARAMETERS["units"].value
    if not isinstance(units, list | tuple | np.ndarray):
        return (_checked("units", rule, units),) * (
            DEFAULT_HIDDEN_LAYERS if layers is None else layers
        )
    if layers not in (None, len(units)):
        got = f"hidden_layers={layers}, units={show(list(units))}"
        raise ValueError(f"units must be one number, or one for each hidden layer, but got {got}")
    return tuple(_checked("units", rule, one) for one in units)
