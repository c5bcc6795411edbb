"""A searched hyperparameter as an axis, on which a trial has a place between 0 and 1."""

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from dnnsearch.config.config import Config
from dnnsearch.config.dimensions import Choices, Range
from dnnsearch.trials.spec import Value

# Beyond these nothing can be searched, so that a best value there is no reason to widen a space.
NATURAL_LOW = {
    "iterations": 1,
    "hidden_layers": 0,
    "units": 1,
    "momentum": 0,
    "batch_size": 1,
    "class_weights": 0,
}
NATURAL_HIGH = {"batch_size": "full", "class_weights": 1}


@dataclass(frozen=True)
class Axis:
    """One hyperparameter of the config; `units` is that of all layers together."""

    name: str
    dimension: Range | Choices

    @property
    def is_ordered(self) -> bool:
        """Whether its values are numbers, a full batch being the largest."""
        if isinstance(self.dimension, Range):
            return True
        return all(not isinstance(v, str) or v == "full" for v in self.dimension.values)

    @property
    def values(self) -> list[Value]:
        """The choices in their order; of a range, its two ends."""
        if isinstance(self.dimension, Range):
            return [self.dimension.low, self.dimension.high]
        given = self.dimension.values
        return sorted(given, key=rank) if self.is_ordered else [*given]

    @property
    def is_log(self) -> bool:
        return isinstance(self.dimension, Range) and self.dimension.log

    def place(self, params: Mapping[str, Value]) -> float | None:
        """Where the trial lies; units on average over its layers; None where it has none."""
        if self.name != "units":
            return self._place(params[self.name])
        units = [self._place(v) for k, v in params.items() if k.startswith("units_")]
        return statistics.fmean(units) if units else None

    def _place(self, value: Value) -> float:
        if isinstance(self.dimension, Choices):
            return self.values.index(value) / max(len(self.values) - 1, 1)
        low, high, at = self.dimension.low, self.dimension.high, float(value)
        if self.dimension.log:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return (at - low) / (high - low)

    def value(self, params: Mapping[str, Value]) -> Value:
        """The trial's; of units the mean over its layers."""
        if self.name != "units":
            return params[self.name]
        return statistics.fmean(float(v) for k, v in params.items() if k.startswith("units_"))

    def ends_here(self, upper: bool) -> bool:
        """Whether the edge is one that no other space could pass."""
        natural = (NATURAL_HIGH if upper else NATURAL_LOW).get(self.name)
        return self.values[-1 if upper else 0] == natural


def rank(value: Value) -> float:
    """Where a value stands among others: a full batch is the largest, other words are equal."""
    return math.inf if isinstance(value, str) else float(value)


def axes(config: Config) -> list[Axis]:
    """Those of the hyperparameters that have several values to choose from."""
    found = []
    for name, dimension in config.hyper.items():
        if isinstance(dimension, Range) or (
            isinstance(dimension, Choices) and len(dimension.values) > 1
        ):
            found.append(Axis(name, dimension))
    return found
