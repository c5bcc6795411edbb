"""The search space: how trials are asked for, and those that nobody needs to ask for.

This is the only place that turns a config into Optuna's distributions. A trial is asked for
learning_rate, iterations, hidden_layers, units_1 ... units_h (one for each hidden layer that the
answer before has), activation, momentum, batch_size, in this order; what is fixed is not asked. If
the config gives whole networks, it is asked for `units` instead, a name such as `20-7-5`.
"""

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dnnsearch.config.config import Config
from dnnsearch.config.dimensions import (
    OPTIONAL,
    Architectures,
    Choices,
    Dimension,
    Fixed,
    Range,
    architecture_name,
    plain,
)
from dnnsearch.data.prepare import DataShape
from dnnsearch.errors import UserError
from dnnsearch.nn import multiply_adds
from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.pruning import PRUNERS
from dnnsearch.trials.spec import UPDATE_COST, Hyperparameters, Value

if TYPE_CHECKING:  # a second that only those pay who ask for a trial
    from optuna.trial import BaseTrial

POINTS = 30  # of a curve, where they come cheap
POINTS_SHARE = 0.09  # of the updates' cost, for all points of the longest training
POINT_COST = 4 * UPDATE_COST  # multiply-adds that take as long as the fixed part of a point
MOST_WEIGHTS = 10**9  # 4 GB in float32, and several times that while training


def suggest(trial: "BaseTrial", config: Config) -> Hyperparameters:
    """Ask the trial for what is searched, and take what is fixed."""
    return _hyperparameters(config, lambda name, dimension: _ask(trial, name, dimension))


def complete(params: Mapping[str, Any], config: Config) -> Hyperparameters:
    """Return a trial's hyperparameters: `params` as Optuna stores them, and what the config fixes.

    Raises KeyError if `params` lacks a hyperparameter that the config searches.
    """

    def answer(name: str, dimension: Dimension) -> Any:
        return dimension.value if isinstance(dimension, Fixed) else params[name]

    return _hyperparameters(config, answer)


def _hyperparameters(config: Config, answer: Callable[[str, Dimension], Any]) -> Hyperparameters:
    """The order of asking."""
    hyper = config.hyper
    learning_rate = answer("learning_rate", hyper["learning_rate"])
    iterations = answer("iterations", hyper["iterations"])
    if isinstance(config.units, Architectures):
        units = config.units.by_name[answer("units", config.units.dimension)]
    else:
        layers = range(1, answer("hidden_layers", hyper["hidden_layers"]) + 1)
        units = tuple(answer(f"units_{layer}", hyper["units"]) for layer in layers)
    return Hyperparameters(
        learning_rate=learning_rate,
        iterations=iterations,
        units=units,
        activation=answer("activation", hyper["activation"]),
        momentum=answer("momentum", hyper["momentum"]),
        batch_size=answer("batch_size", hyper["batch_size"]),
        **{name: answer(name, hyper[name]) for name in OPTIONAL if name in hyper},
    )


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
    """Trial 0: a sensible network for data of this shape, in the config's space or nearest to it.

    Keys and values are Optuna's parameters, those that are searched only.
    """
    return _with_defaults({}, config, shape)


def first_params(config: Config, shape: DataShape) -> list[dict[str, Value]]:
    """What is run before the sampler chooses: the default, then the user's own guesses.

    Each is complete, so that nothing in it is left to the sampler.
    """
    return [default_params(config, shape)] + [
        _with_defaults(g, config, shape) for g in config.try_first
    ]


def _with_defaults(guess: dict[str, Value], config: Config, shape: DataShape) -> dict[str, Value]:
    """The guess, with the default for what it leaves out."""
    params: dict[str, Value] = {}

    def answer(name: str, dimension: Dimension) -> Value:
        if isinstance(dimension, Fixed):
            return dimension.value
        params[name] = guess[name] if name in guess else _default(name, dimension, shape)
        return params[name]

    _hyperparameters(config, answer)
    return params


def into_space(params: Mapping[str, Value], config: Config, shape: DataShape) -> dict[str, Value]:
    """Hyperparameters from another space, each where it is or what is nearest to it in this one.

    As a guess of `try_first`: searched ones only, and units of the layers that there are here.
    """
    found: dict[str, Value] = {}
    layers = range(1, int(params.get("hidden_layers", 0)) + 1)
    units = [params[f"units_{layer}"] for layer in layers if f"units_{layer}" in params]
    params = {"units": architecture_name(units), **params}

    def answer(name: str, dimension: Dimension) -> Value:
        if isinstance(dimension, Fixed):
            return dimension.value
        if name not in params:
            return _default(name, dimension, shape)
        near = _nearest(params[name], dimension, shape)
        is_whole = isinstance(dimension, Range) and isinstance(dimension.low, int)
        found[name] = round(float(near)) if is_whole else near
        return found[name]

    _hyperparameters(config, answer)
    return found


def _default(name: str, dimension: Choices | Range, shape: DataShape) -> Value:
    """What usually trains well: two layers, the second half as wide, and some thirty epochs."""
    batch = 32 if shape.train < 10_000 else 128
    first = 2 ** round(math.log2(min(max(shape.features, 32), 128)))
    wish: dict[str, Value] = {
        "learning_rate": 0.2,
        "iterations": max(30 * math.ceil(shape.train / batch), 300),
        "hidden_layers": 2,
        "units": "the first",  # of whole networks
        "activation": "relu",
        "momentum": 0.9,
        "batch_size": batch,
        "class_weights": 1.0,
    }
    layer = int(name.removeprefix("units_")) if name.startswith("units_") else 1
    return _nearest(wish.get(name, max(first >> (layer - 1), 8)), dimension, shape)


def _nearest(wish: Value, dimension: Choices | Range, shape: DataShape) -> Value:
    """The wish itself where it is in the space, else what is nearest to it there."""
    if wish == "full" and wish not in dimension:
        wish = shape.train
    if isinstance(dimension, Range):
        return min(max(wish, dimension.low), dimension.high)
    if isinstance(wish, str):
        return wish if wish in dimension.values else dimension.values[0]
    return min(dimension.values, key=lambda value: _ratio(_number(value, shape), wish))


def _ratio(a: float, b: float) -> float:
    """How far apart two numbers are, such that 16 and 64 are equally far from 32."""
    return abs(math.log(max(a, 1e-12) / max(b, 1e-12)))


def resolve_curve_every(config: Config, shape: DataShape) -> int:
    """How many updates lie between two points of a curve, where the config says `auto`.

    Some 30 points over the longest training; fewer where the dev set is large beside a mini-batch,
    so that all points and the exact values of train at the end cost less than a tenth of the
    updates, but not fewer than 4, or 10 for a pruner to look at. A function of config and data
    alone, never of the machine.
    """
    if config.curve_every != "auto":
        return config.curve_every
    longest = int(_bounds(config.hyper["iterations"], shape)[1])
    smallest, weights = _bounds(config.hyper["batch_size"], shape)[0], _most_weights(config, shape)
    update = 3 * weights * smallest + UPDATE_COST / config.stacked
    point = weights * shape.dev + POINT_COST / config.stacked
    affordable = (POINTS_SHARE * longest * update - weights * shape.train) / point
    fewest = PRUNERS[config.pruner].min_points
    points = min(max(affordable - 1, fewest), POINTS)  # the first, before any update, is one more
    return max(min(_round_up(longest / points), int(longest / fewest)), 1)


def _round_up(number: float) -> int:
    """The smallest of 1, 2, 3, 5, 10, 20, 30, 50, 100 ... that is not below the number."""
    power = int(10 ** math.floor(math.log10(max(number, 1))))
    return next(step * power for step in (1, 2, 3, 5, 10) if step * power >= number)


def note_on_units(config: Config) -> str | None:
    """Return a note if `units` looks like one network but has choices for each layer, else None."""
    units, layers = config.units, config.hidden_layers
    if not isinstance(units, Choices) or layers != Fixed(len(units.values)) or layers == Fixed(1):
        return None
    given, count = plain(units), len(units.values)
    return (
        f"{config.place}: units: {given} are {count} choices for each of the {count} hidden "
        f"layers; for one network of these layers, write units: [{given}], without hidden_layers"
    )


def check_fits(config: Config, shape: DataShape) -> None:
    """UserError where the space asks for what the data, or any machine, cannot give."""
    batch = config.hyper["batch_size"]
    largest = int(_bounds(batch, shape)[1])
    if largest > shape.train:
        rule = f"must be at most the {shape.train} examples for training, or full"
        raise UserError(f"{config.place}: batch_size: {rule}, but got {largest}")
    _check_task(config, shape)
    weights = _most_weights(config, shape)
    if weights > MOST_WEIGHTS:
        rule = f"the largest network must have at most {MOST_WEIGHTS} weights"
        raise UserError(f"{config.place}: units, hidden_layers: {rule}, but it has {weights}")


def _check_task(config: Config, shape: DataShape) -> None:
    """UserError where something is asked that the task does not have."""
    is_regression = shape.task == "regression"
    fitting = [name for name, metric in METRICS.items() if shape.output in metric.outputs]
    for key, names in (("objective", [config.objective]), ("metrics", config.metrics)):
        for name in names:
            if name not in fitting:
                rule = f"must be one of {', '.join(fitting)} for a {shape.task} task"
                raise UserError(f"{config.place}: {key}: {rule}, but got {name}")
    if is_regression and config.class_weights is not None:
        raise UserError(f"{config.place}: class_weights: a regression has no classes")


def _most_weights(config: Config, shape: DataShape) -> int:
    """Of the largest network in the space."""
    if isinstance(config.units, Architectures):
        networks = [[*units] for units in config.units.values]
    else:
        layers = int(_bounds(config.hyper["hidden_layers"], shape)[1])
        networks = [[int(_bounds(config.units, shape)[1])] * layers]
    return max(multiply_adds([shape.features, *units, shape.outputs]) for units in networks)


def _bounds(dimension: Dimension, shape: DataShape) -> tuple[float, float]:
    """The smallest and the largest number that the dimension has; a full batch is a number, too."""
    match dimension:
        case Range(low, high):
            return low, high
        case Choices(values):
            numbers = [_number(value, shape) for value in values]
            return min(numbers), max(numbers)
        case Fixed(value):
            return _number(value, shape), _number(value, shape)


def _number(value: Value, shape: DataShape) -> float:
    return shape.train if value == "full" else float(value)
