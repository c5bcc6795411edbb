"""A search space on data of one shape: whether it fits, and what follows from both."""

import math
from itertools import product
from typing import TYPE_CHECKING

from dnnsearch.config.config import Config
from dnnsearch.config.dimensions import (
    Architectures,
    Choices,
    Dimension,
    Fixed,
    Range,
    plain,
    values,
)
from dnnsearch.data.prepare import DataShape
from dnnsearch.errors import UserError
from dnnsearch.nn import multiply_adds
from dnnsearch.nn.input_layer import InputShape
from dnnsearch.nn.number_scaling import NONE
from dnnsearch.trials.hyperparameter_row import Value
from dnnsearch.trials.hyperparameters import HYPERPARAMETERS
from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.pruning import PRUNERS
from dnnsearch.trials.spec import UPDATE_COST

if TYPE_CHECKING:  # importing Optuna takes a second, which reading a config need not pay
    pass

MAX_CURVE_POINTS = 30
MAX_CURVE_COST_SHARE = 0.09  # cost of all points, as a share of the updates' cost
POINT_COST = 4 * UPDATE_COST  # multiply-adds that take as long as the fixed part of a point
MAX_WEIGHTS = 10**9  # 4 GB in float32; training takes several times as much


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
        advice = "--set batch_size=full, or more rows"
        raise UserError(f"{config.place}: batch_size: {rule}, but got {largest}: {advice}")
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
            numbers = [number_of(value, shape) for value in values]
            return min(numbers), max(numbers)
        case Fixed(value):
            return number_of(value, shape), number_of(value, shape)


def number_of(value: Value, shape: DataShape) -> float:
    """Return a value of a hyperparameter as a number; `full` is all training examples."""
    if value == NONE:
        return 0.0
    return shape.train if value == "full" else float(value)
