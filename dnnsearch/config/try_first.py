"""The user's own configurations (`try_first`): trials that run before the sampler chooses.

A guess names some of the hyperparameters: `units: [64, 32]` gives a number for each hidden layer,
`units_2: 32` one for the second. `search_space` takes the others from the default trial.
"""

import re
from collections.abc import Mapping
from typing import Any

from dnnsearch.config.dimensions import (
    Architectures,
    ByDescent,
    Fixed,
    architecture_name,
)
from dnnsearch.trials.descent import DESCENTS
from dnnsearch.trials.flat_params import key_of
from dnnsearch.trials.hyperparameter_row import MAX_LAYERS, Value
from dnnsearch.trials.hyperparameters import HYPERPARAMETERS
from dnnsearch.validators import nearest, show

Guess = dict[str, Value]  # the names are those of Optuna's parameters; searched ones only

_UNITS = re.compile(r"units_([1-9]\d{0,2})", re.ASCII)
_FLAT = [name for name in HYPERPARAMETERS if name != "units"]
_FLAT += [f"learning_rate_{rule}" for rule in DESCENTS]


def guess(given: object, hyper: Mapping[str, Any]) -> Guess:
    """Return the guess in its normal form.

    `hyper` holds the config's dimensions. Raise ValueError if the guess lies outside of the space.
    """
    if not isinstance(given, Mapping) or not given:
        example = "{learning_rate: 0.1, units: [64, 32]}"
        raise ValueError(f"must be a mapping such as {example}, but got {show(given)}")
    if hyper.get("width") is not None and any(key_of(str(name)) == "units" for name in given):
        raise ValueError("width must be given in place of units, as in the config")
    if isinstance(hyper["units"], Architectures) and "units" in given:
        return _of_a_whole_network(given, hyper, hyper["units"])
    by_name = _of_the_rule(_by_parameter_name(given), hyper["learning_rate"])
    rank = {key: place for place, key in enumerate(HYPERPARAMETERS)}
    order = sorted(by_name, key=lambda name: (rank[key_of(name)], _layer(name)))
    values = {name: _inside(name, by_name[name], hyper) for name in order}
    _check_layers(values)
    return {n: v for n, v in values.items() if not isinstance(_space(n, hyper), Fixed)}


def _of_the_rule(by_name: dict[str, Any], rates: Any) -> dict[str, Any]:
    """Return the values with the learning rate named as that of the guess's rule of descent."""
    if not isinstance(rates, ByDescent) or "learning_rate" not in by_name:
        return by_name
    rule = by_name.get("descent", next(iter(rates.by_rule)) if len(rates.values) == 1 else None)
    if rule not in rates.by_rule:
        rules = ", ".join(rates.by_rule)
        raise ValueError(f"learning_rate needs a descent of {rules} beside it, got {show(rule)}")
    return {
        f"learning_rate_{rule}" if name == "learning_rate" else name: value
        for name, value in by_name.items()
    }


def _of_a_whole_network(
    given: Mapping[Any, Any], hyper: Mapping[str, Any], networks: Architectures
) -> Guess:
    """Return the guess if its units, a list or a name such as `20-7-5`, are one of the networks."""
    units = given["units"]
    name = architecture_name(units) if isinstance(units, list | tuple) else units
    if name not in networks.by_name:
        raise ValueError(f"units must be {networks}, but got {show(units)}")
    others = {k: v for k, v in given.items() if k not in ("units", "hidden_layers")}
    rest = guess(others, hyper) if others else {}
    return rest if isinstance(networks.dimension, Fixed) else {**rest, "units": name}


def _by_parameter_name(given: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the values by the names of Optuna's parameters; units also give `hidden_layers`."""
    by_name = {name: value for name, value in given.items() if name != "units"}
    for name in by_name:
        if name not in _FLAT and not (isinstance(name, str) and _UNITS.fullmatch(name)):
            known = ", ".join([*HYPERPARAMETERS, "units_1, units_2, ..."])
            raise ValueError(f"{show(name)} is unknown{nearest(name, HYPERPARAMETERS)}: {known}")
    units = given.get("units", [])
    if not isinstance(units, list | tuple) or len(units) > MAX_LAYERS:
        raise ValueError(f"units must be a list, one for each hidden layer, but got {show(units)}")
    listed = {f"units_{layer}": n for layer, n in enumerate(units, start=1)}
    if listed.keys() & by_name.keys():
        raise ValueError("must give either units or units_1, units_2, ..., but got both")
    layers = max((_layer(name) for name in (by_name | listed)), default=0)
    inferred = {"hidden_layers": layers} if layers or "units" in given else {}
    return {**inferred, **by_name, **listed}


def _inside(name: str, value: object, hyper: Mapping[str, Any]) -> Value:
    """Return the value in its normal form. Raise ValueError if its dimension does not have it."""
    key, space = key_of(name), _space(name, hyper)
    if space is None:
        raise ValueError(f"{name} must be in the config before it can be guessed")
    try:
        result: Value = HYPERPARAMETERS[key].value(value)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None
    if result not in space:
        raise ValueError(
            f"{name} must lie in the space, but got {show(result)} and {key} is {space}"
        )
    return result


def _check_layers(values: Guess) -> None:
    """Raise ValueError if there are units for a layer that the guess does not have."""
    layers = values.get("hidden_layers")
    for name in values:
        if layers is not None and _layer(name) > int(layers):
            raise ValueError(f"{name} needs hidden_layers of at least {_layer(name)}, not {layers}")


def _layer(name: str) -> int:
    """Return 3 for units_3, 0 for every other name."""
    found = _UNITS.fullmatch(name)
    return int(found[1]) if found else 0


def _space(name: str, hyper: Mapping[str, Any]) -> Any:
    """Return the dimension of a parameter; None if the config does not have it."""
    found = hyper.get(key_of(name))
    if isinstance(found, ByDescent):
        return found.by_rule.get(name.removeprefix("learning_rate_"))
    return found if name == key_of(name) or key_of(name) == "units" else None


def numbered_guess(number: int, given: object, hyper: Mapping[str, Any]) -> Guess:
    """Return the guess; an error names its number, counted from 1."""
    try:
        return guess(given, hyper)
    except ValueError as error:
        raise ValueError(f"guess {number}: {error}") from None
