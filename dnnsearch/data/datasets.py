"""The data sets with a name: scikit-learn's bundled sets, and generated ones.

DATASETS is the table; a new set is one row in it. A set has options with rules and defaults, so
that everything that determines its rows is in the config.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from dnnsearch.data.number_table import NumberTable
from dnnsearch.nn.arithmetic import FAST, Arithmetic
from dnnsearch.validators import Rule, one_of, options, or_word, real, show, whole


@dataclass(frozen=True)
class Option:
    """One option of a data set."""

    rule: Rule
    default: float | int | str


@dataclass(frozen=True)
class Dataset:
    """How to load a data set, and the options that a config can give."""

    load: Callable[..., NumberTable]
    options: Mapping[str, Option] = field(default_factory=dict)
    is_computed: bool = False  # by sines and normal numbers, whose last bits machines choose


def source(given: object) -> dict[str, Any]:
    """Return the config's `data` with every option: {"name": ..., option: value, ...}.

    Raise ValueError for an unknown name, an unknown option or a value against its rule.
    """
    mapping = {"name": given} if isinstance(given, str) else given
    if not isinstance(mapping, Mapping) or "name" not in mapping:
        example = "a name such as digits, or {name: moons, examples: 1000}"
        raise ValueError(f"must be {example}, but got {show(given)}")
    name = one_of(DATASETS)(mapping["name"])
    known = DATASETS[name].options
    options(mapping, dict.fromkeys(["name", *known]), f"the keys of {name}")
    return {"name": name, **{key: _value(key, known[key], mapping) for key in known}}


def _value(key: str, option: Option, given: Mapping[str, Any]) -> Any:
    try:
        return option.rule(given.get(key, option.default))
    except ValueError as error:
        raise ValueError(f"{key} {error}") from None


def load(source: Mapping[str, Any], arithmetic: Arithmetic = FAST) -> NumberTable:
    """Return the table that `source` describes; raise ValueError if its options do not fit.

    For an exact study, computed numbers are rounded, so that their last bits do not matter.
    """
    arguments = {key: value for key, value in source.items() if key != "name"}
    kind = DATASETS[source["name"]]
    table = kind.load(**arguments)
    if arithmetic is FAST or not kind.is_computed:
        return table
    return replace(table, X=np.rint(table.X * PARTS_OF_ONE) / PARTS_OF_ONE)


def _bundled(name: str) -> Callable[[], NumberTable]:
    """Return the loader of one of scikit-learn's own sets; nothing is downloaded."""

    def load_bundled() -> NumberTable:
        from sklearn import datasets

        bunch = getattr(datasets, f"load_{name}")()
        X, y = np.asarray(bunch.data, np.float64), np.asarray(bunch.target, np.int64)
        return NumberTable(X, y, _names(bunch.target_names), _names(bunch.feature_names))

    return load_bundled


def _names(values: Any) -> tuple[str, ...]:
    return tuple(str(value) for value in values)


def _moons(examples: int, noise: float, seed: int) -> NumberTable:
    """Return two interleaved half circles, by scikit-learn's `make_moons`."""
    from sklearn.datasets import make_moons

    return _plane(*make_moons(examples, noise=noise, random_state=seed))


def _circles(examples: int, noise: float, factor: float, seed: int) -> NumberTable:
    """Return a circle in a circle, `factor` times as large, by scikit-learn's `make_circles`."""
    from sklearn.datasets import make_circles

    return _plane(*make_circles(examples, noise=noise, factor=factor, random_state=seed))


def _spirals(examples: int, arms: int, turns: float, noise: float, seed: int) -> NumberTable:
    """Return arms that wind around each other: the radius grows with the angle, plus noise."""
    rng = np.random.default_rng(seed)
    y = np.arange(examples) % arms
    radius = np.sqrt(
        rng.uniform(0, 1, examples)
    )  # evenly over the plane, not crowded at the centre
    angle = 2 * np.pi * (turns * radius + y / arms)
    X = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _plane(X + noise * rng.standard_normal(X.shape), y, arms)


def _plane(X: np.ndarray, y: np.ndarray, classes: int = 2) -> NumberTable:
    """Return points (m, 2) in the plane; the classes are named by their numbers."""
    X, y = np.asarray(X, np.float64), np.asarray(y, np.int64)
    return NumberTable(X, y, _names(range(classes)), ("x", "y"))


def _parity(bits: int, examples: int | str, seed: int) -> NumberTable:
    """Return rows of bits, and whether their number of ones is odd.

    All 2^bits rows in order, or `examples` different ones drawn from the seed.
    """
    if examples == "all":
        numbers = _all_numbers(bits)
    else:
        numbers = _different_numbers(bits, int(examples), seed)
    X = (numbers[:, None] >> np.arange(bits)) & 1
    names = tuple(f"bit_{i}" for i in range(bits))
    return NumberTable(X.astype(np.float64), X.sum(axis=1) % 2, ("even", "odd"), names)


def _all_numbers(bits: int) -> np.ndarray:
    if bits > MAX_BITS_FOR_ALL_ROWS:
        raise ValueError(
            f"examples: all needs bits <= {MAX_BITS_FOR_ALL_ROWS}, but got bits={bits}"
        )
    return np.arange(2**bits)


def _different_numbers(bits: int, examples: int, seed: int) -> np.ndarray:
    if examples > 2**bits:
        raise ValueError(f"examples <= 2^bits must hold, but got examples={examples}, bits={bits}")
    return np.random.default_rng(seed).choice(2**bits, examples, replace=False)


PARTS_OF_ONE = 2**20  # to which computed numbers are rounded
MAX_BITS_FOR_ALL_ROWS = 20  # a million rows
_EXAMPLES = Option(whole(6, 10**7), 1000)
_SEED = Option(whole(0, 2**32 - 1), 0)


def _noise(default: float) -> Option:
    return Option(real(low=0, high=10), default)


DATASETS = {
    "digits": Dataset(_bundled("digits")),
    "breast_cancer": Dataset(_bundled("breast_cancer")),
    "wine": Dataset(_bundled("wine")),
    "iris": Dataset(_bundled("iris")),
    "moons": Dataset(
        _moons, {"examples": _EXAMPLES, "noise": _noise(0.2), "seed": _SEED}, is_computed=True
    ),
    "circles": Dataset(
        _circles,
        {
            "examples": _EXAMPLES,
            "noise": _noise(0.1),
            "factor": Option(real(low=0, below=1), 0.5),
            "seed": _SEED,
        },
        is_computed=True,
    ),
    "spirals": Dataset(
        _spirals,
        {
            "examples": _EXAMPLES,
            "arms": Option(whole(2, 100), 2),
            "turns": Option(real(low=0, high=100), 1.5),
            "noise": _noise(0.02),
            "seed": _SEED,
        },
        is_computed=True,
    ),
    "parity": Dataset(
        _parity,
        {
            "bits": Option(whole(2, 40), 8),
            "examples": Option(or_word("all", whole(4, 10**7), "all"), "all"),
            "seed": _SEED,
        },
    ),
}
