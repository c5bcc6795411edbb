"""The hyperparameters as a config gives them: each is fixed, a list of choices, or a range.

Or `units` gives whole networks: `[[20, 7, 5]]` has three hidden layers, of 20, 7 and 5 units.

`dnnsearch.trials.hyperparameters` has the table of their names and rules. This module knows nothing
of Optuna: `search_space` turns a dimension into a distribution.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dnnsearch.trials.descent import DESCENTS
from dnnsearch.trials.hyperparameter_row import MAX_LAYERS, Hyperparameter, Value
from dnnsearch.trials.hyperparameters import HYPERPARAMETERS, NEUTRAL
from dnnsearch.validators import Rule, cut, options, shortened, show, yes_or_no

MAX_CHOICES = 1000
MAX_CHOICES_SHOWN = 12  # of a text that should be a list


@dataclass(frozen=True)
class Fixed:
    """Not searched: always this value."""

    value: Value

    def __contains__(self, value: object) -> bool:
        return value == self.value

    def __str__(self) -> str:
        return f"fixed to {show(self.value)}"


@dataclass(frozen=True)
class Choices:
    """Searched among these values, which have no order for the sampler."""

    values: tuple[Value, ...]

    def __contains__(self, value: object) -> bool:
        return value in self.values

    def __str__(self) -> str:
        return f"one of {', '.join(map(str, self.values))}"


@dataclass(frozen=True)
class Range:
    """Searched from low to high, both included; evenly in the logarithm if `log` is true."""

    low: float
    high: float
    log: bool = False

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high

    def __str__(self) -> str:
        return f"from {show(self.low)} to {show(self.high)}"


Dimension = Fixed | Choices | Range


@dataclass(frozen=True)
class ByDescent:
    """A learning rate of its own for each rule of descent that is searched."""

    values: tuple[tuple[str, Dimension], ...]  # (rule, its learning rate)

    @property
    def by_rule(self) -> dict[str, Dimension]:
        """Return the learning rate by the name of its rule."""
        return dict(self.values)

    def __str__(self) -> str:
        return "; ".join(f"with {rule} {one}" for rule, one in self.values)


@dataclass(frozen=True)
class Architectures:
    """Whole networks: the units of each hidden layer. It fixes `hidden_layers` and `units`."""

    values: tuple[tuple[int, ...], ...]

    @property
    def dimension(self) -> Fixed | Choices:
        """What Optuna is asked for: names such as `20-7-5`; the first of them is the default."""
        names = tuple(self.by_name)
        return Fixed(names[0]) if len(names) == 1 else Choices(names)

    @property
    def by_name(self) -> dict[str, tuple[int, ...]]:
        """Return the units of the layers by a name such as `20-7-5`; `-` has no hidden layer."""
        return {architecture_name(units): units for units in self.values}

    @property
    def depths(self) -> int | list[int]:
        """Return the number of hidden layers as a config would give it."""
        depths = sorted({len(units) for units in self.values})
        return depths[0] if len(depths) == 1 else depths

    def __contains__(self, value: object) -> bool:
        return value in self.values

    def __str__(self) -> str:
        return f"one of {', '.join(self.by_name)}"


def architecture_name(units: Sequence[object]) -> str:
    """Return a name such as `20-7-5` for the units of the hidden layers; `-` if there are none."""
    return "-".join(map(str, units)) or "-"


def dimension(name: str, value: object) -> Dimension:
    """Return the dimension that a config gives the hyperparameter `name`.

    Raise ValueError with rule and value if it is not one.
    """
    hyper = HYPERPARAMETERS[name]
    if isinstance(value, Mapping) and not hyper.takes_mapping:
        return _range(hyper, value)
    if isinstance(value, list | tuple):
        return Choices(_distinct([hyper.value(one) for one in value]))
    if isinstance(value, str) and not hyper.takes_mapping and _words(value) > 1:
        choices = shortened(map(cut, value.replace(",", " ").split()), MAX_CHOICES_SHOWN)
        raise ValueError(f"choices are a list [{choices}], but got one text, {show(value)}")
    return Fixed(hyper.value(value))


def _words(text: str) -> int:
    return len(text.replace(",", " ").split())


def values(dimension: Dimension | None, neutral: Value) -> tuple[Value, ...]:
    """Return the values of a dimension that is no range; None has its neutral value."""
    match dimension:
        case Choices(found):
            return found
        case Fixed(value):
            return (value,)
    return (neutral,)


def optional_dimension(name: str, value: object) -> Dimension | None:
    """Return the dimension of an optional hyperparameter; None if it is fixed to its neutral value.

    `none` stands for the neutral value, unless it is a value itself. Raise ValueError as
    `dimension` does.
    """
    if value is None or (value == "none" and not _is_value(name, value)):
        return None
    found = dimension(name, value)
    is_neutral = isinstance(found, Fixed) and found.value == NEUTRAL.get(name)
    return None if is_neutral else found


def _is_value(name: str, value: object) -> bool:
    try:
        HYPERPARAMETERS[name].value(value)
    except ValueError:
        return False
    return True


def architectures(value: object) -> Architectures | None:
    """Return the whole networks if `units` is a list of lists, else None.

    Raise ValueError with rule and value if it is a list of lists that are not whole networks.
    """
    if not isinstance(value, list | tuple) or not any(isinstance(v, list | tuple) for v in value):
        return None
    if not all(isinstance(one, list | tuple) and len(one) <= MAX_LAYERS for one in value):
        rule = f"must have a list of at most {MAX_LAYERS} layers for each network"
        raise ValueError(f"{rule}, such as [[20, 7, 5], [64, 32]], but got {show(value)}")
    rule_of_units = HYPERPARAMETERS["units"].value
    networks = [tuple(rule_of_units(units) for units in one) for one in value]
    return Architectures(_distinct(networks))


def with_depths(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the config's document with the `hidden_layers` that its whole networks have, if any.

    Raise ValueError if it also gives another `hidden_layers`.
    """
    try:
        networks = architectures(document.get("units"))
    except ValueError:  # raised again when `units` is read; that alone is the message then
        return {"hidden_layers": 1, **document}
    if networks is None:
        return document
    if document.get("hidden_layers", networks.depths) != networks.depths:
        rule = "hidden_layers must be left out if units gives whole networks"
        raise ValueError(f"{rule}, but got {show(document['hidden_layers'])}")
    return {**document, "hidden_layers": networks.depths}


def with_units(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the config's document with the `units` that `width` gives all hidden layers, if any.

    Raise ValueError if it also gives other `units`.
    """
    width = document.get("width")
    if width in (None, "none"):
        return document
    if document.get("units", width) != width:
        rule = "units must be left out if width gives the units of all layers"
        raise ValueError(f"{rule}, but got {show(document['units'])}")
    return {**document, "units": width}


def _distinct(choices: list[Any]) -> tuple[Any, ...]:
    if not 1 <= len(choices) <= MAX_CHOICES:
        raise ValueError(f"a list must have 1 to {MAX_CHOICES} choices, but got {len(choices)}")
    repeated = [value for i, value in enumerate(choices) if value in choices[:i]]
    if repeated:
        raise ValueError(f"choices must differ, but got {show(repeated[0])} twice")
    return tuple(choices)


def _range(hyper: Hyperparameter, given: Mapping[Any, Any]) -> Range:
    options(given, dict.fromkeys(["low", "high", "log"]), "a range's keys")
    if hyper.bound is None:
        raise ValueError(f"has no order, so give a list such as {hyper.example}, but got a range")
    if "low" not in given or "high" not in given:
        raise ValueError(f"a range needs low and high, but got {', '.join(given) or 'neither'}")
    low, high = _bound(hyper.bound, given, "low"), _bound(hyper.bound, given, "high")
    log = yes_or_no(given.get("log", False))
    if not low < high:
        raise ValueError(f"low < high must hold, but got low={show(low)}, high={show(high)}")
    if log and low <= 0:
        raise ValueError(f"low > 0 must hold in a log range, but got low={show(low)}")
    return Range(low, high, log)


def _bound(rule: Rule, given: Mapping[Any, Any], name: str) -> Any:
    try:
        return rule(given[name])
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None


def learning_rate(value: object) -> Dimension | ByDescent:
    """Return the learning rate: a dimension, or a mapping from rules of descent to dimensions.

    Raise ValueError as `dimension` does.
    """
    if not isinstance(value, Mapping) or not any(key in DESCENTS for key in value):
        return dimension("learning_rate", value)
    options(value, DESCENTS, "the rules of descent")
    return ByDescent(tuple((rule, _of_rule(rule, value[rule])) for rule in sorted(value)))


def _of_rule(rule: str, value: object) -> Dimension:
    try:
        return dimension("learning_rate", value)
    except ValueError as error:
        raise ValueError(f"{rule}: {error}") from None


def plain(dimension: Dimension | Architectures | ByDescent) -> Any:
    """Return the dimension as a config writes it: JSON-able, the same for equal dimensions."""
    match dimension:
        case Fixed(value):
            return value
        case Choices(values):
            return list(values)
        case ByDescent(values):
            return {rule: plain(one) for rule, one in values}
        case Architectures(values):
            return [list(units) for units in values]
        case Range(low, high, log):
            return {"low": low, "high": high, "log": log}
