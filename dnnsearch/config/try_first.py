"""The user's own guesses (`try_first`): trials that are run before the sampler chooses.

A guess names some of the hyperparameters; `units: [64, 32]` gives one number for each hidden layer,
`units_2: 32` that of one layer. What it leaves out is taken from the default trial, by `space`.
"""

import re
from collections.abc import Mapping
from typing import Any

from dnnsearch.config.dimensions import (
    HYPERPARAMETERS,
    MOST_LAYERS,
    Architectures,
    Dimension,
    Fixed,
    architecture_name,
)
from dnnsearch.trials.spec import Value
from dnnsearch.validators import nearest, show

Guess = dict[str, Value]  # by the names of Optuna's parameters, searched ones only

_UNITS = re.compile(r"units_([1-9]\d{0,2})", re.ASCII)
_FLAT = [name for name in HYPERPARAMETERS if name != "units"]


def guess(given: object, hyper: Mapping[str, Any]) -> Guess:
    """The guess in its normal form; raises ValueError for what lies outside of the space."""
    if not isinstance(given, Mapping) or not given:
        example = "{learning_rate: 0.1, units: [64, 32]}"
        raise ValueError(f"must be a mapping such as {example}, but got {show(given)}")
    if isinstance(hyper["units"], Architectures) and "units" in given:
        return _of_a_whole_network(given, hyper, hyper["units"])
    named = _named(given)
    values = {name: _inside(name, named[name], hyper) for name in sorted(named, key=_asked)}
    searched = {n: v for n, v in values.items() if not isinstance(hyper[_family(n)], Fixed)}
    _check_layers(values, hyper)
    return searched


def _of_a_whole_network(
    given: Mapping[Any, Any], hyper: Mapping[str, Any], networks: Architectures
) -> Guess:
    """Return the guess if its units, a list or a name such as `20-7-5`, are those of a network."""
    units = given["units"]
    name = architecture_name(units) if isinstance(units, list | tuple) else units
    if name not in networks.by_name:
        raise ValueError(f"units must be {networks}, but got {show(units)}")
    others = {k: v for k, v in given.items() if k not in ("units", "hidden_layers")}
    rest = guess(others, hyper) if others else {}
    return rest if isinstance(networks.dimension, Fixed) else {**rest, "units": name}


def _named(given: Mapping[Any, Any]) -> dict[str, Any]:
    """By the names of Optuna's parameters; the list of units gives the number of layers, too."""
    named = {name: value for name, value in given.items() if name != "units"}
    for name in named:
        if name not in _FLAT and not (isinstance(name, str) and _UNITS.fullmatch(name)):
            known = ", ".join([*HYPERPARAMETERS, "units_1, units_2, ..."])
            raise ValueError(f"{show(name)} is unknown{nearest(name, HYPERPARAMETERS)}: {known}")
    units = given.get("units", [])
    if not isinstance(units, list | tuple) or len(units) > MOST_LAYERS:
        raise ValueError(f"units must be a list, one for each hidden layer, but got {show(units)}")
    listed = {f"units_{layer}": n for layer, n in enumerate(units, start=1)}
    if listed.keys() & named.keys():
        raise ValueError("must give either units or units_1, units_2, ..., but got both")
    layers = max((_layer(name) for name in (named | listed)), default=0)
    inferred = {"hidden_layers": layers} if layers or "units" in given else {}
    return {**inferred, **named, **listed}


def _inside(name: str, value: object, hyper: Mapping[str, Dimension]) -> Value:
    """The value in its normal form, if the dimension has it."""
    family = _family(name)
    if hyper.get(family) is None:
        raise ValueError(f"{name} must be in the config before it can be guessed")
    try:
        result: Value = HYPERPARAMETERS[family].value(value)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None
    if result not in hyper[family]:
        space = f"{family} is {hyper[family]}"
        raise ValueError(f"{name} must lie in the space, but got {show(result)} where {space}")
    return result


def _check_layers(values: Guess, hyper: Mapping[str, Dimension]) -> None:
    """No units for a layer that the guess does not have."""
    layers = values.get("hidden_layers")
    for name in values:
        if layers is not None and _layer(name) > int(layers):
            raise ValueError(f"{name} needs hidden_layers of at least {_layer(name)}, not {layers}")


def _layer(name: str) -> int:
    """3 for units_3, 0 for every other name."""
    found = _UNITS.fullmatch(name)
    return int(found[1]) if found else 0


def _family(name: str) -> str:
    return "units" if _layer(name) else name


def _asked(name: str) -> tuple[int, int]:
    """The place in the order of asking."""
    return list(HYPERPARAMETERS).index(_family(name)), _layer(name)
