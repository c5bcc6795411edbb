"""How much of the differences between trials each hyperparameter explains, by two methods.

- fANOVA (Hutter et al. 2014): the share of a random forest's variance that a hyperparameter
  explains by itself.
- Permutation: how much worse a random forest predicts unseen trials if the hyperparameter is
  shuffled. Interactions are included; what a forest learns from noise does not count.

Both are shares of the explained variance and sum to one; `explained` is the R2 of the forest.

Optuna's default, PED-ANOVA, answers another question (in what do the best trials differ from the
others?), and gave 0.09 to a hyperparameter that decided everything. Each method is run on several
random subsets of the trials, and the interval covers nine in ten of the results. The units of a
layer that only some trials have can be compared only among trials of one depth.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.search_space import intersection_search_space
from optuna.trial import FrozenTrial, TrialState

from dnnsearch.reporting.analysis.fanova import fanova
from dnnsearch.reporting.analysis.random_forest import forest, predicted
from dnnsearch.statistics.interval import Interval

DRAWS = 10  # random subsets of the trials
SHARE_PER_DRAW = 0.8
MIN_TRIALS = 20
MAX_FANOVA_TRIALS = 150  # in a draw: so that reports stay comparable
TREES = {"fANOVA": 16, "permutation": 25}
FOLDS, SHUFFLES = 4, 5
MIN_EXPLAINED = 0.2  # R2 of the forest; below it no hyperparameter is called important


@dataclass(frozen=True)
class Share:
    """The share that one method gives to a hyperparameter."""

    mean: float
    interval: Interval


@dataclass(frozen=True)
class Importance:
    """The shares of all hyperparameters (by name) by both methods."""

    trials: int
    fanova: Mapping[str, Share]
    permutation: Mapping[str, Share]
    explained: float  # R2 of the forest on unseen trials
    missing: list[str]  # hyperparameters that only some of the trials have

    @property
    def names(self) -> list[str]:
        """The hyperparameters, the most important first."""
        total = {n: self.fanova[n].mean + self.permutation[n].mean for n in self.fanova}
        return sorted(total, key=lambda name: -total[name])


def importance(trials: Sequence[FrozenTrial], draws: int = DRAWS) -> Importance | None:
    """Return the importance among the finished trials.

    None if they are too few, have equal values or equal hyperparameters, or if `draws` is 0.
    """
    finished = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    if not draws or len(finished) < MIN_TRIALS or len({trial.value for trial in finished}) == 1:
        return None
    shared = intersection_search_space(finished)
    space = {n: d for n, d in shared.items() if len({t.params[n] for t in finished}) > 1}
    if not space:
        return None
    rngs = [np.random.default_rng(np.random.SeedSequence(0, spawn_key=(d,))) for d in range(draws)]
    by_variance = [_fanova(finished, space, rng) for rng in rngs]
    explained, permuted = zip(*(_permutation(finished, space, rng) for rng in rngs), strict=True)
    return Importance(
        trials=len(finished),
        fanova=_shares(space, by_variance),
        permutation=_shares(space, permuted),
        explained=float(np.mean(explained)),
        missing=sorted({name for trial in finished for name in trial.params} - shared.keys()),
    )


def by_depth(
    trials: Sequence[FrozenTrial], depth: Callable[[FrozenTrial], int], draws: int = DRAWS
) -> dict[int, Importance]:
    """Return depth -> importance among the trials of that depth, if they are enough."""
    found = {}
    for layers in sorted({depth(trial) for trial in trials}):
        alike = importance([trial for trial in trials if depth(trial) == layers], draws)
        if alike:
            found[layers] = alike
    return found


def _shares(names: Mapping[str, object], drawn: Sequence[Mapping[str, float]]) -> dict[str, Share]:
    values = {name: np.array([one[name] for one in drawn]) for name in names}
    ends = {name: np.quantile(value, [0.05, 0.95]).tolist() for name, value in values.items()}
    return {name: Share(float(v.mean()), Interval(*ends[name])) for name, v in values.items()}


def _draw(trials: Sequence[FrozenTrial], rng: np.random.Generator) -> list[FrozenTrial]:
    order = rng.permutation(len(trials))[: round(SHARE_PER_DRAW * len(trials))]
    return [trials[i] for i in order]


def _fanova(
    trials: Sequence[FrozenTrial],
    space: Mapping[str, BaseDistribution],
    rng: np.random.Generator,
) -> dict[str, float]:
    """Return the share of each hyperparameter; equal shares if the values are equal."""
    X, y = _table(_draw(trials, rng)[:MAX_FANOVA_TRIALS], space)
    columns, bounds, inputs = list[np.ndarray](), [], []
    for number, distribution in zip(X.T, space.values(), strict=True):
        parts, ends = _fanova_columns(number, distribution)
        inputs.append(range(len(columns), len(columns) + len(parts)))
        columns += parts
        bounds += [ends] * len(parts)
    seed = int(rng.integers(2**31))
    found = fanova(np.array(columns).T, y, np.array(bounds), inputs, TREES["fANOVA"], seed)
    total = sum(found)
    shares = [share / total for share in found] if total else [1 / len(space)] * len(space)
    return dict(zip(space, shares, strict=True))


def _fanova_columns(
    values: np.ndarray, distribution: BaseDistribution
) -> tuple[list[np.ndarray], tuple[float, float]]:
    """Return a column of numbers, or one for each choice (0 or 1), and the ends of each."""
    if isinstance(distribution, CategoricalDistribution):
        return [(values == at) * 1.0 for at in range(len(distribution.choices))], (0.0, 1.0)
    return [values], (distribution.low, distribution.high)  # type: ignore[attr-defined]


def _permutation(
    trials: Sequence[FrozenTrial],
    space: Mapping[str, BaseDistribution],
    rng: np.random.Generator,
) -> tuple[float, dict[str, float]]:
    """R2 of the forest on unseen trials, and the share of each hyperparameter."""
    X, y = _table(_draw(trials, rng), space)
    whole, shuffled = np.empty(len(y)), np.empty((len(space), SHUFFLES, len(y)))
    for part in np.array_split(np.arange(len(y)), FOLDS):
        others, seed = np.delete(X, part, axis=0), int(rng.integers(2**31))
        trees = forest(others, np.delete(y, part), TREES["permutation"], seed)
        rows = np.concatenate([X[part], *_shuffled(X, part, rng)])
        found = predicted(trees, rows).reshape(-1, len(part))
        whole[part] = found[0]
        shuffled[:, :, part] = found[1:].reshape(len(space), SHUFFLES, len(part))
    variance = float(y.var()) or 1.0
    error = float(((whole - y) ** 2).mean())
    worse = ((shuffled - y) ** 2).mean(axis=(1, 2))
    rise = np.maximum(worse - error, 0.0)
    shares = rise / (rise.sum() or 1.0)  # a forest shrinks all of them alike
    return 1 - error / variance, dict(zip(space, shares.tolist(), strict=True))


def _shuffled(X: np.ndarray, part: np.ndarray, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield X[part] with one column drawn from all trials, SHUFFLES times for each column."""
    for column in range(X.shape[1]):
        for _ in range(SHUFFLES):
            rows = X[part].copy()
            rows[:, column] = rng.choice(X[:, column], len(part))
            yield rows


def _table(
    trials: Sequence[FrozenTrial], space: Mapping[str, BaseDistribution]
) -> tuple[np.ndarray, np.ndarray]:
    """X (n, k), in which a choice is its index in the list, and y (n,)."""
    columns = [[_number(d, trial.params[name]) for trial in trials] for name, d in space.items()]
    return np.array(columns, float).T, np.array([trial.value for trial in trials], float)


def _number(distribution: BaseDistribution, value: object) -> float:
    if isinstance(distribution, CategoricalDistribution):
        return float(distribution.choices.index(value))
    return float(value)  # type: ignore[arg-type]
