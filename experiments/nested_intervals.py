"""Does the interval of `promote --outer` hold the score of the procedure?

Question:    on tables of a known distribution: how often does the 95 % interval over the outer
             folds contain the score that the procedure reaches on new rows, on average over tables
             of the size that a fold trains on?
Scientific:  the number of rows, the task and the number of outer folds
Nuisance:    the rows, drawn again for each table; the procedure's own choices
Fixed:       the procedure is a small search in closed form: of 8 strengths of a ridge it takes the
             best on dev (a quarter of its rows), fits it on train and dev, and is scored on the
             fold. A network instead of the ridge would change the scores, not what the interval is
             made of: scores and rows of the folds. The interval is the code of `promote --outer`
Command:     python experiments/nested_intervals.py [--tiny]
Result:      nested_intervals.md, written by this program

How to read the table. `nested` is how often the interval contains the truth, over all tables;
`20 tables` is the smallest and the largest number that it held among 20 tables in a row. `naive` is
the same for mean +- t s / sqrt(K), which takes the folds as independent, and `width` the mean width
of the interval in multiples of that of the naive one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import numpy as np

from dnnsearch.data.splitting import outer_folds
from dnnsearch.statistics.fold_interval import fold_interval, pooled
from dnnsearch.statistics.interval import Interval, t_interval
from experiments.report import arguments, table, write

STRENGTHS = np.logspace(-2, 5, 8)
NEW_ROWS = 20_000


@dataclass(frozen=True)
class World:
    """A distribution of tables: numbers, of which a few matter, and noise."""

    name: str
    rows: int
    folds: int
    is_share: bool  # two classes and their accuracy, else a regression and its r2
    inputs: int = 30
    noise: float = 1.0

    def draw(self, rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
        """Return inputs (rows, inputs) and targets (rows,)."""
        X = rng.standard_normal((rows, self.inputs))
        drive = X[:, :5] @ np.array([0.6, -0.5, 0.4, 0.3, -0.2])
        y = drive + self.noise * rng.standard_normal(rows)
        return X, np.where(y > 0, 1.0, -1.0) if self.is_share else y

    def score(self, y: np.ndarray, answer: np.ndarray) -> float:
        """Return the accuracy or r2."""
        if self.is_share:
            return float((np.sign(answer) == y).mean())
        return float(1 - ((y - answer) ** 2).mean() / y.var())


WORLDS = (
    World("classes, 200 rows", 200, 5, True),
    World("classes, 1200 rows", 1200, 5, True),
    World("classes, 1200 rows, 10 folds", 1200, 10, True),
    World("easy, 300 rows", 300, 5, True, noise=0.05),
    World("regression, 200 rows", 200, 5, False),
    World("regression, 1200 rows", 1200, 5, False),
)


def ridge(X: np.ndarray, y: np.ndarray, strength: float) -> np.ndarray:
    return np.asarray(np.linalg.solve(X.T @ X + strength * np.eye(X.shape[1]), X.T @ y))


def procedure(world: World, X: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the weights that a search on dev and a refit on all of these rows give."""
    order = rng.permutation(len(y))
    dev, train = order[: len(y) // 4], order[len(y) // 4 :]
    scores = [world.score(y[dev], X[dev] @ ridge(X[train], y[train], s)) for s in STRENGTHS]
    return ridge(X, y, STRENGTHS[int(np.argmax(scores))])


def nested(world: World, rng: np.random.Generator) -> tuple[list[float], list[int]]:
    """Return the score and the rows of each outer fold of one table."""
    X, y = world.draw(rng, world.rows)
    classes = ("no", "yes") if world.is_share else ()
    targets = (y > 0).astype(np.int64) if world.is_share else y
    scores, sizes = [], []
    for test in outer_folds(targets, classes, world.folds, int(rng.integers(2**31))):
        rest = np.setdiff1d(np.arange(world.rows), test)
        weights = procedure(world, X[rest], y[rest], rng)
        scores.append(world.score(y[test], X[test] @ weights))
        sizes.append(len(test))
    return scores, sizes


def truth(world: World, rng: np.random.Generator, draws: int) -> float:
    """Return the mean score on new rows, over tables of the size that a fold trains on."""
    rows = world.rows - world.rows // world.folds
    found = []
    for _ in range(draws):
        weights = procedure(world, *world.draw(rng, rows), rng)
        X, y = world.draw(rng, NEW_ROWS)
        found.append(world.score(y, X @ weights))
    return fmean(found)


def naive(scores: Sequence[float], sizes: Sequence[int]) -> Interval:
    error = stdev(scores) / math.sqrt(len(scores))
    return t_interval(pooled(scores, sizes), error, len(scores) - 1)


def row(world: World, tables: int) -> list[str]:
    """Return the line of one world."""
    rng = np.random.default_rng([world.rows, world.folds, world.is_share])
    target = truth(world, rng, max(tables // 2, 20))
    held, held_naive, widths = [], [], []
    for _ in range(tables):
        scores, sizes = nested(world, rng)
        ours, other = fold_interval(scores, sizes, world.is_share), naive(scores, sizes)
        held.append(target in ours)
        held_naive.append(target in other)
        widths.append(((ours.high - ours.low), (other.high - other.low)))
    of_20 = [sum(held[i : i + 20]) for i in range(0, len(held) - 19, 20)]
    ours_mean, naive_mean = (fmean(column) for column in zip(*widths, strict=True))
    return [
        world.name,
        f"{target:.3f}",
        f"{fmean(held):.1%}",
        f"{min(of_20)} to {max(of_20)}",
        f"{fmean(held_naive):.1%}",
        f"{ours_mean / naive_mean:.2f}",
    ]


def main(argv: Sequence[str] | None = None) -> None:
    given = arguments(__file__, __doc__, argv)
    tables = 20 if given.tiny else 400
    header = ["world", "truth", "nested", "20 tables", "naive", "width"]
    rows = [row(world, tables) for world in (WORLDS[:1] if given.tiny else WORLDS)]
    write(given.out, __doc__, f"{tables} tables of each world.", table(header, rows))


if __name__ == "__main__":
    main()
