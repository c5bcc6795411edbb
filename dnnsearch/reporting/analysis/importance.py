"""How much of the differences between trials each hyperparameter explains, by two methods.

- fANOVA (Hutter et al. 2014; Optuna's): the share of a random forest's variance that a
  hyperparameter explains by itself.
- Permutation: how much worse a forest foretells trials that it has not seen when the hyperparameter
  is shuffled, interactions included. What a forest makes of noise does not count here.

Both are shares of what is explained, and sum to one; `explained` is how much that is.

Optuna's default, PED-ANOVA, asks something else (what makes the best trials differ from the
others), and gave 0.09 to a hyperparameter that decided everything. Each method is run on several
draws of the trials, and the interval is what nine in ten of the draws gave. Layers that only some
trials have can be compared only among trials of one depth.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.search_space import intersection_search_space
from optuna.trial import FrozenTrial, TrialState

from dnnsearch.statistics.interval import Interval

DRAWS = 10
SHARE = 0.8  # of the trials are in a draw
FEWEST = 20  # trials, below which nothing is said
MOST = 150  # trials in a draw of Optuna's fANOVA, whose time grows with the square
TREES = {"fANOVA": 16, "permutation": 25}
FOLDS, SHUFFLES = 4, 5
EXPLAINED = 0.2  # of the variance; where a forest foretells less, importance is not spoken of


@dataclass(frozen=True)
class Share:
    """What a hyperparameter explains by one method."""

    mean: float
    interval: Interval


@dataclass(frozen=True)
class Importance:
    """Name of the hyperparameter -> share, by both methods; and how good the forest is."""

    trials: int
    fanova: Mapping[str, Share]
    permutation: Mapping[str, Share]
    explained: float  # R² of the forest on trials that it has not seen
    missing: list[str]  # hyperparameters that only some of the trials have

    @property
    def names(self) -> list[str]:
        """The most important first."""
        total = {n: self.fanova[n].mean + self.permutation[n].mean for n in self.fanova}
        return sorted(total, key=lambda name: -total[name])


def importance(trials: Sequence[FrozenTrial], draws: int = DRAWS) -> Importance | None:
    """Of the finished trials among these; None for too few, or all alike, or without draws."""
    finished = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    if not draws or len(finished) < FEWEST or len({trial.value for trial in finished}) == 1:
        return None
    shared = intersection_search_space(finished)
    space = {n: d for n, d in shared.items() if len({t.params[n] for t in finished}) > 1}
    rngs = [np.random.default_rng(np.random.SeedSequence(0, spawn_key=(d,))) for d in range(draws)]
    fanova = [_fanova(finished, space, rng) for rng in rngs]
    explained, permuted = zip(*(_permutation(finished, space, rng) for rng in rngs), strict=True)
    return Importance(
        trials=len(finished),
        fanova=_shares(space, fanova),
        permutation=_shares(space, permuted),
        explained=float(np.mean(explained)),
        missing=sorted({name for trial in finished for name in trial.params} - shared.keys()),
    )


def by_depth(
    trials: Sequence[FrozenTrial], depth: Callable[[FrozenTrial], int], draws: int = DRAWS
) -> dict[int, Importance]:
    """Depth -> importance among the trials of that depth, where there are enough."""
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
    order = rng.permutation(len(trials))[: round(SHARE * len(trials))]
    return [trials[i] for i in order]


def _fanova(
    trials: Sequence[FrozenTrial],
    space: Mapping[str, BaseDistribution],
    rng: np.random.Generator,
) -> dict[str, float]:
    study = optuna.create_study()  # the direction does not matter to a variance
    study.add_trials(_draw(trials, rng)[:MOST])
    seed = int(rng.integers(2**31))
    evaluator = optuna.importance.FanovaImportanceEvaluator(
        n_trees=TREES["fANOVA"], max_depth=8, seed=seed
    )
    found = optuna.importance.get_param_importances(
        study, evaluator=evaluator, params=[*space], normalize=True
    )
    return {name: float(found[name]) for name in space}


def _permutation(
    trials: Sequence[FrozenTrial],
    space: Mapping[str, BaseDistribution],
    rng: np.random.Generator,
) -> tuple[float, dict[str, float]]:
    """R² on trials that the forest has not seen, and each hyperparameter's share."""
    X, y = _table(_draw(trials, rng), space)
    whole, shuffled = np.empty(len(y)), np.empty((len(space), SHUFFLES, len(y)))
    for part in np.array_split(np.arange(len(y)), FOLDS):
        forest = _forest(np.delete(X, part, axis=0), np.delete(y, part), rng)
        rows = np.concatenate([X[part], *_shuffled(X, part, rng)])
        foretold = forest.predict(rows).reshape(-1, len(part))
        whole[part] = foretold[0]
        shuffled[:, :, part] = foretold[1:].reshape(len(space), SHUFFLES, len(part))
    variance = float(y.var()) or 1.0
    error = float(((whole - y) ** 2).mean())
    worse = ((shuffled - y) ** 2).mean(axis=(1, 2))
    rise = np.maximum(worse - error, 0.0)
    shares = rise / (rise.sum() or 1.0)  # a forest is too cautious, for all of them alike
    return 1 - error / variance, dict(zip(space, shares.tolist(), strict=True))


def _forest(X: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> Any:
    from sklearn.ensemble import RandomForestRegressor

    seed = int(rng.integers(2**31))
    forest = RandomForestRegressor(TREES["permutation"], random_state=seed)
    return forest.fit(X, y)


def _shuffled(X: np.ndarray, part: np.ndarray, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """The rows of a part with one column from other trials, several times for each column."""
    for column in range(X.shape[1]):
        for _ in range(SHUFFLES):
            rows = X[part].copy()
            rows[:, column] = rng.choice(X[:, column], len(part))
            yield rows


def _table(
    trials: Sequence[FrozenTrial], space: Mapping[str, BaseDistribution]
) -> tuple[np.ndarray, np.ndarray]:
    """X (n, k), choices by their places in the list, and y (n,)."""
    columns = [[_number(d, trial.params[name]) for trial in trials] for name, d in space.items()]
    return np.array(columns, float).T, np.array([trial.value for trial in trials], float)


def _number(distribution: BaseDistribution, value: object) -> float:
    if isinstance(distribution, CategoricalDistribution):
        return float(distribution.choices.index(value))
    return float(value)  # type: ignore[arg-type]
