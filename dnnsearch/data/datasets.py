"""The data that can be asked for by name: scikit-learn's bundled sets, and generated ones.

DATASETS is the table; a new set is one line in it. A set has options with rules and defaults, so
that everything that determines its rows stands in the config.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from dnnsearch.validators import Rule, one_of, options, or_word, real, show, whole

Task = Literal["binary", "multiclass", "regression"]


@dataclass(frozen=True)
class Table:
    """Data as they are loaded: numbers in, a class out, one example per row."""

    X: np.ndarray  # (m, n_x) float64
    y: np.ndarray  # (m,) int64: indices into classes
    classes: tuple[str, ...]
    feature_names: tuple[str, ...]

    @property
    def task(self) -> Task:
        return "binary" if len(self.classes) == 2 else "multiclass"


@dataclass(frozen=True)
class Option:
    """One option of a data set."""

    rule: Rule
    default: float | int | str


@dataclass(frozen=True)
class Dataset:
    """How to load a data set, and what can be said about it."""

    load: Callable[..., Table]
    options: Mapping[str, Option] = field(default_factory=dict)


def source(given: object) -> dict[str, Any]:
    """What the config's `data` means, with every option: {"name": ..., option: value, ...}.

    Raises ValueError for an unknown name, an unknown option or a value against its rule.
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


def load(source: Mapping[str, Any]) -> Table:
    """The table that `source` describes; ValueError where the options do not go together."""
    arguments = {key: value for key, value in source.items() if key != "name"}
    return DATASETS[source["name"]].load(**arguments)


def _bundled(name: str) -> Callable[[], Table]:
    """One of scikit-learn's own sets; nothing is fetched."""

    def load_bundled() -> Table:
        from sklearn import datasets

        bunch = getattr(datasets, f"load_{name}")()
        X, y = np.asarray(bunch.data, np.float64), np.asarray(bunch.target, np.int64)
        return Table(X, y, _names(bunch.target_names), _names(bunch.feature_names))

    return load_bundled


def _names(values: Any) -> tuple[str, ...]:
    return tuple(str(value) for value in values)


def _moons(examples: int, noise: float, seed: int) -> Table:
    """Two interleaved half circles, by scikit-learn's `make_moons`."""
    from sklearn.datasets import make_moons

    return _plane(*make_moons(examples, noise=noise, random_state=seed))


def _circles(examples: int, noise: float, factor: float, seed: int) -> Table:
    """A circle within a circle, `factor` times as large, by scikit-learn's `make_circles`."""
    from sklearn.datasets import make_circles

    return _plane(*make_circles(examples, noise=noise, factor=factor, random_state=seed))


def _spirals(examples: int, arms: int, turns: float, noise: float, seed: int) -> Table:
    """Arms that wind around each other: radius grows with the angle, plus normal noise."""
    rng = np.random.default_rng(seed)
    y = np.arange(examples) % arms
    radius = np.sqrt(rng.uniform(0, 1, examples))  # evenly along the arm, not crowded within
    angle = 2 * np.pi * (turns * radius + y / arms)
    X = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _plane(X + noise * rng.standard_normal(X.shape), y, arms)


def _plane(X: np.ndarray, y: np.ndarray, classes: int = 2) -> Table:
    """Points (m, 2) in the plane, with classes that are named by their numbers."""
    X, y = np.asarray(X, np.float64), np.asarray(y, np.int64)
    return Table(X, y, _names(range(classes)), ("x", "y"))


def _parity(bits: int, examples: int | str, seed: int) -> Table:
    """Whether the number of ones is odd: all 2^bits rows in order, or so many different ones."""
    numbers = _all(bits) if examples == "all" else _some(bits, int(examples), seed)
    X = (numbers[:, None] >> np.arange(bits)) & 1
    names = tuple(f"bit_{i}" for i in range(bits))
    return Table(X.astype(np.float64), X.sum(axis=1) % 2, ("even", "odd"), names)


def _all(bits: int) -> np.ndarray:
    if bits > MOST_BITS_WHOLE:
        raise ValueError(f"examples: all needs bits <= {MOST_BITS_WHOLE}, but got bits={bits}")
    return np.arange(2**bits)


def _some(bits: int, examples: int, seed: int) -> np.ndarray:
    if examples > 2**bits:
        raise ValueError(f"examples <= 2^bits must hold, but got examples={examples}, bits={bits}")
    return np.random.default_rng(seed).choice(2**bits, examples, replace=False)


MOST_BITS_WHOLE = 20  # a million rows
_EXAMPLES = Option(whole(6, 10**7), 1000)
_SEED = Option(whole(0, 2**32 - 1), 0)


def _noise(default: float) -> Option:
    return Option(real(low=0, high=10), default)


DATASETS = {
    "digits": Dataset(_bundled("digits")),
    "breast_cancer": Dataset(_bundled("breast_cancer")),
    "wine": Dataset(_bundled("wine")),
    "iris": Dataset(_bundled("iris")),
    "moons": Dataset(_moons, {"examples": _EXAMPLES, "noise": _noise(0.2), "seed": _SEED}),
    "circles": Dataset(
        _circles,
        {
            "examples": _EXAMPLES,
            "noise": _noise(0.1),
            "factor": Option(real(low=0, below=1), 0.5),
            "seed": _SEED,
        },
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
