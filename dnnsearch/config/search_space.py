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
from itertools import product
from typing import TYPE_CHECKING, Any

from dnnsearch.config.config import Config
from dnnsearch.config.dimensions import (
    Architectures,
    ByDescent,
    Choices,
    Dimension,
    Fixed,
    Range,
    architecture_name,
    plain,
    values,
)
from dnnsearch.data.prepare import DataShape
from dnnsearch.errors import UserError
from dnnsearch.nn import multiply_adds
from dnnsearch.nn.input_layer import InputShape
from dnnsearch.nn.number_scaling import NONE
from dnnsearch.trials.descent import DESCENTS
from dnnsearch.trials.hyperparameters import (
    HYPERPARAMETERS,
    NEUTRAL,
    OPTIONAL,
    Hyperparameters,
    Value,
)
from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.pruning import PRUNERS
from dnnsearch.trials.spec import UPDATE_COST

if TYPE_CHECKING:  # importing Optuna takes a second, which reading a config need not pay
    from optuna.trial import BaseTrial

MAX_CURVE_POINTS = 30
MAX_CURVE_COST_SHARE = 0.09  # cost of all points, as a share of the updates' cost
POINT_COST = 4 * UPDATE_COST  # multiply-adds that take as long as the fixed part of a point
MAX_WEIGHTS = 10**9  # 4 GB in float32; training takes several times as much


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

    Keys and values are Optuna's parameters, only the searched ones.
    """
    return _with_defaults({}, config, shape)


def first_params(config: Config, shape: DataShape) -> list[dict[str, Value]]:
    """Return the trials that run before the sampler chooses: the default, then `try_first`.

    Each has every parameter, so the sampler chooses none of them.
    """
    return [default_params(config, shape)] + [
        _with_defaults(g, config, shape) for g in config.try_first
    ]


def _with_defaults(guess: dict[str, Value], config: Config, shape: DataShape) -> dict[str, Value]:
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
    return min(dimension.values, key=lambda value: _ratio(_number(value, shape), wish))


def _ratio(a: float, b: float) -> float:
    """Return the distance of two numbers in the logarithm: 16 and 64 are equally far from 32."""
    return abs(math.log(max(a, 1e-12) / max(b, 1e-12)))


def resolve_curve_every(config: Config, shape: DataShape) -> int:
    """Return the number of updates between two points of a learning curve; resolves `auto`.

    `auto` gives about 30 points over the longest training. It gives fewer if the dev set is large
    compared with a mini-batch, so that all points and the final values on train cost less than a
    tenth of the updates, but at least 4, and at least 10 for a pruner. The result depends on config
    and data alone, never on the machine.
    """
    if config.curve_every != "auto":
        return config.curve_every
    longest = int(_bounds(config.hyper["iterations"], shape)[1])
    smallest, weights = _bounds(config.hyper["batch_size"], shape)[0], _most_weights(config, shape)
    update = 3 * weights * smallest + UPDATE_COST / config.stacked
    point = weights * shape.dev + POINT_COST / config.stacked
    affordable = (MAX_CURVE_COST_SHARE * longest * update - weights * shape.train) / point
    fewest = PRUNERS[config.pruner].min_points
    points = min(max(affordable - 1, fewest), MAX_CURVE_POINTS)  # and one before the first update
    return max(min(_round_up(longest / points), int(longest / fewest)), 1)


def _round_up(number: float) -> int:
    """Return the smallest of 1, 2, 3, 5, 10, 20, 30, 50, 100 ... that is not below the number."""
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
    """Raise UserError if the space has values that are impossible for these data or any machine."""
    batch = config.hyper["batch_size"]
    largest = int(_bounds(batch, shape)[1])
    if largest > shape.train:
        rule = f"must be at most the {shape.train} examples for training, or full"
        raise UserError(f"{config.place}: batch_size: {rule}, but got {largest}")
    _check_task(config, shape)
    weights = _most_weights(config, shape)
    if weights > MAX_WEIGHTS:
        rule = f"the largest network must have at most {MAX_WEIGHTS} weights"
        raise UserError(f"{config.place}: units, hidden_layers: {rule}, but it has {weights}")


def _check_task(config: Config, shape: DataShape) -> None:
    """Raise UserError if the config has a metric or a key that the task does not have."""
    is_regression = shape.task == "regression"
    fitting = [name for name, metric in METRICS.items() if shape.output in metric.outputs]
    for key, names in (("objective", [config.objective]), ("metrics", config.metrics)):
        for name in names:
            if name not in fitting:
                rule = f"must be one of {', '.join(fitting)} for a {shape.task} task"
                raise UserError(f"{config.place}: {key}: {rule}, but got {name}")
    for name in config.hyper:
        if is_regression and HYPERPARAMETERS[name].for_classes:
            raise UserError(f"{config.place}: {name}: a regression has no classes")


def _most_weights(config: Config, shape: DataShape) -> int:
    """Return the number of weights of the largest network in the space."""
    if isinstance(config.units, Architectures):
        networks = [[*units] for units in config.units.values]
    else:
        layers = int(_bounds(config.hyper["hidden_layers"], shape)[1])
        networks = [[int(_bounds(config.units, shape)[1])] * layers]
    n_0 = max(_input_sizes(config, shape))
    return max(multiply_adds([n_0, *units, shape.outputs]) for units in networks)


def _input_sizes(config: Config, shape: DataShape) -> list[int]:
    """Return n[0] for each pair of codes and embedding; of a range, for its largest."""
    pairs = product(*(_sizes(getattr(config, name)) for name in ("codes", "embedding")))
    return [InputShape(shape.features, shape.numbers, K, k).n_0 for K, k in pairs]


def _sizes(dimension: Dimension | None) -> list[int]:
    if isinstance(dimension, Range):
        return [int(dimension.high)]
    return [0 if value == NONE else int(value) for value in values(dimension, NONE)]


def _bounds(dimension: Dimension, shape: DataShape) -> tuple[float, float]:
    """Return the smallest and the largest number of the dimension; `full` is shape.train."""
    match dimension:
        case Range(low, high):
            return low, high
        case Choices(values):
            numbers = [_number(value, shape) for value in values]
            return min(numbers), max(numbers)
        case Fixed(value):
            return _number(value, shape), _number(value, shape)


def _number(value: Value, shape: DataShape) -> float:
    if value == NONE:
        return 0.0
    return shape.train if value == "full" else float(value)
