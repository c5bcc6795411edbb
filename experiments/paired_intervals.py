"""Do the intervals of `why` and `compare` hold the true difference of two configurations?

Question:    how often does the 95 % interval of the difference of two configurations, trained with
             common fresh seeds and compared row by row on dev, contain the difference that other
             seeds have on other rows, with the same training rows? And if one of the two is the
             best of eight that were tried on the same dev rows, as a champion is?
Scientific:  the kind of the data, and what differs between the two configurations
Nuisance:    rows and seeds, drawn again in each of 40 tables
Fixed:       real networks with the start 32 tanh units, 400 updates; 300 train and 200 dev rows; 8
             networks of each; the interval is the code of `why` and `compare`. The truth is the
             difference of 24 other networks of each on 4,000 other rows
Command:     python experiments/paired_intervals.py [--tiny]
Result:      paired_intervals.md, written by this program

How to read the table. `held` is how many of the intervals contain the truth, `clear` how many leave
out 0. `gap` is the mean true difference, + is better. `width` is the mean width of the interval as
a share of that without pairing.
"""

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

import numpy as np

from dnnsearch.statistics.difference_to_best import Comparison
from dnnsearch.statistics.example_scores import metric_value, sample
from dnnsearch.statistics.interval import Interval
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.metrics import METRICS
from experiments.report import arguments, table, write
from experiments.row_intervals import HYPER, NETWORKS, World, drawn, logits, spec_of

DEV, NEW, TABLES, TRUE_NETWORKS = 200, 4000, 40, 24
Result = tuple[float, Interval, float]  # true difference, interval, its width without pairing
WORLDS = (
    World("regression", DEV),
    World("2 classes", DEV, 2),
    World("5 classes", DEV, 5),
)
CHANGES = {
    "relu": replace(HYPER, activation="relu"),
    "8 units": replace(HYPER, units=(8,)),
    "100 updates": replace(HYPER, iterations=100),
}
TRIED = tuple(
    replace(HYPER, learning_rate=rate, units=units)
    for rate in (0.03, 0.1, 0.2, 0.3)
    for units in ((16,), (32, 16))
)
CHOSEN = "best of 8"


def on_dev(
    world: World,
    data: dict[str, np.ndarray],
    spec_seed: int,
    hyper: Hyperparameters,
    networks: int = NETWORKS,
) -> ScoreSample:
    """Return the dev scores of networks with the seeds that all configurations share."""
    spec = spec_of(world, spec_seed, hyper, networks)
    (Z,) = logits(spec, data, [data["X_dev"]])
    return sample(spec.objective, spec.output, Z, data["y_dev"])


def truth(
    world: World, data: dict[str, np.ndarray], seed: int, hyper: Hyperparameters, networks: int
) -> float:
    """Return the mean score of other networks on other rows."""
    X, y = world.draw(np.random.default_rng([seed, 99]), NEW)
    spec = spec_of(world, 10_000 + seed, hyper, networks)
    (Z,) = logits(spec, data, [X])
    return fmean(metric_value(spec.objective, spec.output, one, y) for one in Z)


def best_tried(world: World, data: dict[str, np.ndarray], seed: int) -> Hyperparameters:
    """Return the configuration with the best dev score of one network each, as in a search."""
    sign = METRICS[spec_of(world, 0).objective].direction.sign
    scores = [on_dev(world, data, 20_000 + seed, hyper, 1).mean for hyper in TRIED]
    return TRIED[int(np.argmax(sign * np.array(scores)))]


def found(world: World, seed: int, networks: int) -> dict[str, Result]:
    """Return what one table says of each change of the first configuration."""
    data = drawn(world, np.random.default_rng([seed, world.classes, 7]), DEV)
    direction = METRICS[spec_of(world, 0).objective].direction
    first, expected = on_dev(world, data, seed, HYPER), truth(world, data, seed, HYPER, networks)
    results = {}
    for name, other in {**CHANGES, CHOSEN: best_tried(world, data, seed)}.items():
        both = [on_dev(world, data, seed, other), first]
        pair = Comparison(both, direction.maximize, paired=True)
        gap = truth(world, data, seed, other, networks) - expected
        apart = replace(pair, paired=False).difference(0, 1)
        results[name] = direction.sign * gap, pair.difference(0, 1), apart.high - apart.low
    return results


def row(world: str, name: str, results: Sequence[Result]) -> list[str]:
    """Return the line of one change."""
    held = sum(gap in interval for gap, interval, _ in results)
    clear = sum(0.0 not in interval for _, interval, _ in results)
    width = fmean((interval.high - interval.low) / apart for _, interval, apart in results)
    cells = [f"{count} of {len(results)}" for count in (held, clear)]
    return [world, name, *cells, f"{fmean(gap for gap, *_ in results):+.4f}", f"{width:.2f}"]


def main(argv: Sequence[str] | None = None) -> None:
    given = arguments(__file__, __doc__, argv)
    tiny = (WORLDS[1:2], 2, 2)
    worlds, tables, networks = tiny if given.tiny else (WORLDS, TABLES, TRUE_NETWORKS)
    rows, every = [], []
    for world in worlds:
        each = [found(world, seed, networks) for seed in range(tables)]
        for name in (*CHANGES, CHOSEN):
            results = [one[name] for one in each]
            rows.append(row(world.name, name, results))
            every += results
    rows.append(row("all", "", every))
    header = ["world", "other configuration", "held", "clear", "gap", "width"]
    write(given.out, __doc__, f"{tables} tables of each world.", table(header, rows))


if __name__ == "__main__":
    main()
