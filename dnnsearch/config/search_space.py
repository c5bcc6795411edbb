"""The search space: how Optuna is asked for a trial, and the trials that run before the sampler.

This is the only module that turns a config into Optuna's distributions. A trial is asked for
learning_rate, iterations, hidden_layers, units_1 ... units_h (one for each of the h hidden layers),
activation, momentum, batch_size, and what the config gives of the optional ones, in the order of
their table; it is not asked for what is fixed. If the config
gives whole networks, it is asked for `units` instead, a name such as `20-7-5`.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dnnsearch.config.config import Config
from dnnsearch.config.data_fit import number_of
from dnnsearch.config.dimensions import (
    Architectures,
    ByDescent,
    Choices,
    Dimension,
    Fixed,
    Range,
    architecture_name,
)
from dnnsearch.config.portfolio import starts
from dnnsearch.data.prepare import DataShape
from dnnsearch.trials.descent import DESCENTS
from dnnsearch.trials.hyperparameter_row import Value
from dnnsearch.trials.hyperparameters import HYPERPARAMETERS, NEUTRAL, OPTIONAL, Hyperparameters

if TYPE_CHECKING:  # importing Optuna takes a second, which reading a config need not pay
    from optuna.trial import BaseTrial


def suggest(trial: "BaseTrial", config: Config) -> Hyperparameters:
    """Return the hyperparameters: ask the trial for the searched ones, take the fixed ones."""
    return _hyperparameters(config, lambda name, dimension: _ask(trial, name, dimension))


def complete(params: Mapping[str, Any], config: Config) -> Hyperparameters:
    """Return a trial's hyperparameters: `params` as Optuna stores them, and what the config fixes.

    Raises KeyError if `params` lacks a hyperparameter that the config searches.
    """

    def answer(name: str, dimension: Dimension) -> Any:
        return dimension.value if isinstance(dimension, Fixed) else params[name]

    return _hyperparameters(config, answer)


def _hyperparameters(config: Config, answer: Callable[[str, Dimension], Any]) -> Hyperparameters:
    """Return the hyperparameters; `answer` is called for each of them in Optuna's order."""
    hyper = config.hyper
    optional: dict[str, Any] = {}
    if isinstance(config.learning_rate, ByDescent):
        rule = answer("descent", hyper["descent"]) if "descent" in hyper else NEUTRAL["descent"]
        learning_rate = answer(f"learning_rate_{rule}", config.learning_rate.by_rule[rule])
        optional["descent"] = rule
    else:
        learning_rate = answer("learning_rate", hyper["learning_rate"])
    iterations = answer("iterations", hyper["iterations"])
    if isinstance(config.units, Architectures):
        units = config.units.by_name[answer("units", config.units.dimension)]
    else:
        layers = answer("hidden_layers", hyper["hidden_layers"])
        units = tuple(_units(layers, hyper, answer))
    chosen = Hyperparameters(
        learning_rate=learning_rate,
        iterations=iterations,
        units=units,
        activation=answer("activation", hyper["activation"]),
        momentum=answer("momentum", hyper["momentum"]),
        batch_size=answer("batch_size", hyper["batch_size"]),
    )
    for name in OPTIONAL:
        if name in hyper and name not in optional:
            optional[name] = answer(name, hyper[name])
    return replace(chosen, **optional)


def _units(
    layers: int, hyper: Mapping[str, Dimension], answer: Callable[[str, Dimension], Any]
) -> Iterable[int]:
    """Return the units of each hidden layer: its own, or the width that all of them have."""
    if "units" in hyper:
        return [answer(f"units_{layer}", hyper["units"]) for layer in range(1, layers + 1)]
    return [answer("width", hyper["width"])] * layers if layers else []


def _ask(trial: "BaseTrial", name: str, dimension: Dimension) -> Any:
    match dimension:
        case Fixed(value):
            return value
        case Choices(values):
            return trial.suggest_categorical(name, values)
        case Range(int(low), int(high), log):
            return trial.suggest_int(name, low, high, log=log)
        case Range(low, high, log):
            return trial.suggest_float(name, low, high, log=log)


def default_params(config: Config, shape: DataShape) -> dict[str, Value]:
    """Return trial 0: a sensible network for data of this shape, moved into the config's space.

    It is the first one of the config's portfolio (`start`) if there is one. Keys and values are
    Optuna's parameters, only the searched ones.
    """
    return _portfolio(config, shape)[0]


def first_params(config: Config, shape: DataShape) -> list[dict[str, Value]]:
    """Return the trials that run before the sampler chooses, each once.

    The default is first, then `try_first`, then the others of the portfolio. Each has every
    parameter, so the sampler chooses none of them.
    """
    default, *others = _portfolio(config, shape)
    own = [completed(guess, config, shape) for guess in config.try_first]
    return [default, *own, *(one for one in others if one not in (default, *own))]


def _portfolio(config: Config, shape: DataShape) -> list[dict[str, Value]]:
    guesses = [into_space(one, config, shape) for one in starts(config.start, shape)]
    each = [completed(guess, config, shape) for guess in guesses or [{}]]
    return [one for i, one in enumerate(each) if one not in each[:i]]


def completed(guess: dict[str, Value], config: Config, shape: DataShape) -> dict[str, Value]:
    """Return the guess, with the default values of the parameters that it leaves out."""
    params: dict[str, Value] = {}
    rule = str(guess.get("descent", _default_descent(config)))

    def answer(name: str, dimension: Dimension) -> Value:
        if isinstance(dimension, Fixed):
            return dimension.value
        params[name] = guess[name] if name in guess else _default(name, dimension, shape, rule)
        return params[name]

    _hyperparameters(config, answer)
    return params


def into_space(params: Mapping[str, Value], config: Config, shape: DataShape) -> dict[str, Value]:
    """Return a guess for `try_first`: each of the params, or the nearest value in this space.

    The params may come from another space. The guess has the searched ones only, with units only
    for the layers that it has in this space.
    """
    found: dict[str, Value] = {}
    layers = range(1, int(params.get("hidden_layers", 0)) + 1)
    units = [params[f"units_{layer}"] for layer in layers if f"units_{layer}" in params]
    rule = str(params.get("descent", _default_descent(config)))
    params = {"units": architecture_name(units), **params}
    if units:
        params["width"] = units[0]
    if "learning_rate" in params:
        params[f"learning_rate_{rule}"] = params["learning_rate"]

    def answer(name: str, dimension: Dimension) -> Value:
        if isinstance(dimension, Fixed):
            return dimension.value
        if name not in params:
            return _default(name, dimension, shape, rule)
        near = _nearest(params[name], dimension, shape)
        is_whole = isinstance(dimension, Range) and isinstance(dimension.low, int)
        found[name] = round(float(near)) if is_whole else near
        return found[name]

    _hyperparameters(config, answer)
    return found


def _default_descent(config: Config) -> str:
    names = config.descents
    return NEUTRAL["descent"] if NEUTRAL["descent"] in names else names[0]


def _default(name: str, dimension: Choices | Range, shape: DataShape, rule: str) -> Value:
    """Return what usually trains well: two layers, the second half as wide, about 30 epochs.

    `rule` is the trial's rule of descent.
    """
    batch = 32 if shape.train < 10_000 else 128
    first = 2 ** round(math.log2(min(max(shape.features, 32), 128)))
    wish: dict[str, Value] = {
        "learning_rate": DESCENTS[rule].rate,
        **{f"learning_rate_{rule}": one.rate for rule, one in DESCENTS.items()},
        "iterations": max(30 * math.ceil(shape.train / batch), 300),
        "hidden_layers": 2,
        "units": "the first",  # of whole networks
        "activation": "relu",
        "momentum": 0.9,
        "batch_size": batch,
        **{name: _start(name) for name in OPTIONAL},
    }
    layer = int(name.removeprefix("units_")) if name.startswith("units_") else 1
    return _nearest(wish.get(name, max(first >> (layer - 1), 8)), dimension, shape)


def _start(name: str) -> Value:
    """Return what trial 0 wishes of a searched optional hyperparameter."""
    wish: Value | None = HYPERPARAMETERS[name].start
    return NEUTRAL[name] if wish is None else wish


def _nearest(wish: Value, dimension: Choices | Range, shape: DataShape) -> Value:
    """Return the wish itself if the dimension has it, else the nearest value that it has."""
    if wish == "full" and wish not in dimension:
        wish = shape.train
    if isinstance(dimension, Range):
        return min(max(wish, dimension.low), dimension.high)
    if isinstance(wish, str):
        return wish if wish in dimension.values else dimension.values[0]
    return min(dimension.values, key=lambda value: _ratio(number_of(value, shape), wish))


def _ratio(a: float, b: float) -> float:
    """Return the distance of two numbers in the logarithm: 16 and 64 are equally far from 32."""
    return abs(math.log(max(a, 1e-12) / max(b, 1e-12)))
