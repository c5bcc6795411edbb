"""How much worse the networks are if a column of the data is shuffled: permutation importance.

    importance(c) = objective(f(X), y) - mean of objective(f(X with column c shuffled), y)

with the sign changed if a smaller objective is better (Breiman 2001; for any model: Fisher, Rudin
and Dominici 2019). All inputs that a column becomes are shuffled together. Of two columns that say
the same, each can do without the other, so both get little.

The interval is that of differences on the same rows: it covers other rows, other seeds and, because
each row gets other values of its own, other shuffles.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dnnsearch.reporting.analysis.dev_networks import SEED, DevNetworks
from dnnsearch.statistics.interval import Interval
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.trials.metrics import METRICS

SHUFFLES = 5
MAX_COLUMNS = 100  # that are measured; of more columns, a glance chooses
GLANCE_ROWS = 50


@dataclass(frozen=True)
class ColumnImportance:
    """By how much the objective is worse without the order of a column; 95 % interval."""

    name: str
    worse_by: float
    interval: Interval

    @property
    def is_clear(self) -> bool:
        """Whether the whole interval is above zero."""
        return self.interval.low > 0


def column_importance(
    networks: DevNetworks, places: Mapping[str, np.ndarray]
) -> list[ColumnImportance]:
    """Return the importance of the columns, the largest first.

    `places` are the inputs of each column. Of more than MAX_COLUMNS columns only those that change
    the outputs of a few rows most are measured.
    """
    sign = METRICS[networks.spec.objective].direction.sign
    base = networks.scores(networks.X)
    found = []
    for number, name in _chosen(networks, places):
        shuffled = [networks.scores(X) for X in _shuffled(networks.X, places[name], number)]
        sample = ScoreSample(sign * (base - np.mean(shuffled, axis=0)))
        found.append(ColumnImportance(name, sample.mean, sample.interval))
    return sorted(found, key=lambda one: -one.worse_by)


def _chosen(networks: DevNetworks, places: Mapping[str, np.ndarray]) -> list[tuple[int, str]]:
    """Return the columns to measure with their numbers, in the order of the file."""
    numbered = list(enumerate(places))
    if len(numbered) <= MAX_COLUMNS:
        return numbered
    few = networks.few(GLANCE_ROWS)
    before = few.logits(few.X)[0]
    moved = {}
    for number, name in numbered:
        X = next(iter(_shuffled(few.X, places[name], number, 1)))
        moved[number] = float(np.abs(few.logits(X)[0] - before).mean())
    most = sorted(moved, key=lambda number: -moved[number])[:MAX_COLUMNS]
    return [numbered[number] for number in sorted(most)]


def _shuffled(
    X: np.ndarray, inputs: np.ndarray, number: int, count: int = SHUFFLES
) -> list[np.ndarray]:
    """Return copies of X (..., m, n_x) in which these inputs come from other rows."""
    copies = []
    for shuffle in range(count):
        rng = np.random.default_rng(np.random.SeedSequence(SEED, spawn_key=(number, shuffle)))
        order = rng.permutation(X.shape[-2])
        copy = X.copy()
        copy[..., inputs] = X[..., order[:, np.newaxis], inputs]
        copies.append(copy)
    return copies
