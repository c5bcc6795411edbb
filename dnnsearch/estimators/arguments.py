"""The arguments of an estimator, checked when it is fitted, by the rules that a config has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from dnnsearch.config.dimensions import HYPERPARAMETERS, MAX_ITERATIONS
from dnnsearch.nn import INITIALIZATIONS
from dnnsearch.trials.spec import Hyperparameters
from dnnsearch.validators import Rule, one_of, or_word, real, show, whole

MAX_CURVE_POINTS = 30  # of a curve, where the estimator is to choose
LAYERS = 2  # hidden ones, where `units` is one number and nobody says how many layers there are


@dataclass(frozen=True)
class Settings:
    """What else a training needs to know."""

    initialization: str
    dtype: Literal["float32", "float64"]
    dev_fraction: float
    patience: int | None  # points of the curve; None never stops early
    curve_every: int


def _dtype(value: object) -> str:
    """Also NumPy's own objects."""
    try:
        name = np.dtype(value).name  # type: ignore[call-overload]
    except TypeError:
        name = value
    return str(one_of(["float32", "float64"])(name))


def _none(rule: Rule) -> Rule:
    return lambda value: None if value is None else rule(value)


SETTINGS: dict[str, Rule] = {
    "initialization": one_of(INITIALIZATIONS),
    "dtype": _dtype,
    "dev_fraction": real(low=0, below=1),
    "patience": _none(whole(1, MAX_ITERATIONS)),
    "curve_every": or_word("auto", whole(1, MAX_ITERATIONS), "auto"),
}


def hyperparameters(given: Mapping[str, Any]) -> Hyperparameters:
    """Those among an estimator's arguments; raises ValueError with name, rule and value."""
    names = ("learning_rate", "iterations", "activation", "momentum", "batch_size")
    values = {name: _checked(name, HYPERPARAMETERS[name].value, given[name]) for name in names}
    weights = _none(HYPERPARAMETERS["class_weights"].value)
    return Hyperparameters(
        **values,
        units=_units(given["hidden_layers"], given["units"]),
        class_weights=_checked("class_weights", weights, given.get("class_weights")),
    )


def settings(given: Mapping[str, Any]) -> Settings:
    """The others; raises ValueError with name, rule and value."""
    values = {name: _checked(name, rule, given[name]) for name, rule in SETTINGS.items()}
    if values["curve_every"] == "auto":
        values["curve_every"] = max(int(given["iterations"]) // MAX_CURVE_POINTS, 1)
    return Settings(**values)


def _checked(name: str, rule: Rule, value: object) -> Any:
    try:
        return rule(value)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None


def _units(hidden_layers: object, units: object) -> tuple[int, ...]:
    """The units of each hidden layer, from one number for all or from one for each."""
    layers = _checked("hidden_layers", _none(HYPERPARAMETERS["hidden_layers"].value), hidden_layers)
    rule = HYPERPARAMETERS["units"].value
    if not isinstance(units, list | tuple | np.ndarray):
        return (_checked("units", rule, units),) * (LAYERS if layers is None else layers)
    if layers not in (None, len(units)):
        got = f"hidden_layers={layers}, units={show(list(units))}"
        raise ValueError(f"units must be one number, or one for each hidden layer, but got {got}")
    return tuple(_checked("units", rule, one) for one in units)
