"""A searched hyperparameter as an axis, on which a trial has a place between 0 and 1."""

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from dnnsearch.config.config import Config
from dnnsearch.config.dimensions import Choices, Range
from dnnsearch.trials.hyperparameter_row import Value
from dnnsearch.trials.hyperparameters import HYPERPARAMETERS, value_of


@dataclass(frozen=True)
class Axis:
    """One searched hyperparameter; the axis `units` stands for the units of all layers."""

    name: str
    dimension: Range | Choices

    @property
    def is_ordered(self) -> bool:
        """Whether the values are numbers; a full batch counts as the largest."""
        if isinstance(self.dimension, Range):
            return True
        return all(not isinstance(v, str) or v == "full" for v in self.dimension.values)

    @property
    def values(self) -> list[Value]:
        """The choices (sorted if they are ordered), or the two bounds of a range."""
        if isinstance(self.dimension, Range):
            return [self.dimension.low, self.dimension.high]
        given = self.dimension.values
        return sorted(given, key=rank) if self.is_ordered else [*given]

    @property
    def is_log(self) -> bool:
        return isinstance(self.dimension, Range) and self.dimension.log

    def place(self, params: Mapping[str, Value]) -> float | None:
        """Return the position of a trial, from 0 to 1; None if the trial has no hidden layer.

        The position on the axis `units` is the mean over the layers.
        """
        if self.name != "units":
            return self._place(value_of(params, self.name))
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
        """Return the trial's value; for `units`, the mean over its layers."""
        if self.name != "units":
            found: Value = value_of(params, self.name)
            return found
        return statistics.fmean(float(v) for k, v in params.items() if k.startswith("units_"))

    def is_natural_limit(self, upper: bool) -> bool:
        """Return whether no space could go beyond this bound, such as 1 iteration."""
        natural = HYPERPARAMETERS[self.name].limits[upper]
        return self.values[-1 if upper else 0] == natural


def rank(value: Value) -> float:
    """Return a sort key of a value; a word, such as a full batch, is larger than all numbers."""
    return math.inf if isinstance(value, str) else float(value)


def axes(config: Config) -> list[Axis]:
    """Return the hyperparameters for which the config gives more than one value."""
    found = []
    for name, dimension in config.hyper.items():
        if isinstance(dimension, Range) or (
            isinstance(dimension, Choices) and len(dimension.values) > 1
        ):
            found.append(Axis(name, dimension))
    return found
