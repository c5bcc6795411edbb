"""The arguments of an estimator, checked when it is fitted, by the rules of a config."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from dnnsearch.config.dimensions import HYPERPARAMETERS, MAX_ITERATIONS
from dnnsearch.nn import INITIALIZATIONS
from dnnsearch.trials.spec import Hyperparameters
from dnnsearch.validators import Rule, one_of, or_word, real, show, whole

DEFAULT_CURVE_POINTS = 30
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
    weights = _or_none(HYPERPARAMETERS["class_weights"].value)
    return Hyperparameters(
        **values,
        units=_units(given["hidden_layers"], given["units"]),
        class_weights=_checked("class_weights", weights, given.get("class_weights")),
    )


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
