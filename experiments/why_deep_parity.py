"""Why deep? Parity of n bits, by circuits and by gradient descent.

Question:    how many units does parity need in one hidden layer and in several, and does gradient
             descent find such networks?
Scientific:  hidden layers and their units; inputs standardised, or raw 0 and 1; training on 60 % of
             the rows, or on all
Nuisance:    the split (seeds 0 to 5) and the seed of weights and mini-batches (4 for each split,
             8 for the circuits' shapes); the learning rate, of three: for each size the one with
             the best training accuracy, for the circuits' shapes all three in the table
Fixed:       8 bits, all 256 rows; relu, He's initialisation, mini-batches of 32 examples, momentum
             0.9, float32; 3000 updates, 6000 for the circuits' shapes. Unseen rows are all that are
             not trained on. For the circuits: float64, relu
Command:     python experiments/why_deep_parity.py [--tiny]
Result:      by hand, 8 bits need 128 units in one layer if each odd pattern has a unit, 14 in three
             layers as a tree of XORs, 8 in one layer if the units count, and 6 in three layers if
             the count is folded: for n bits 2^(n-1), 2(n-1), n, and 2 log2(n).
             Trained on all rows, networks with the shapes of these circuits (8, 8-4-2, 2-2-2) were
             never exact, in 48 trainings at each learning rate and for both kinds of inputs. Other
             shapes were, at their best learning rate: with standardised inputs 14 units in one
             layer in 22 of 48 trainings, 16-8-4 in 8, 7-7 in 3, 5-5-4 in 1; with raw inputs 16-8-4
             in 5 and 7-7 in 1. Trained on 60 % of the rows, no network of these shapes was exact.
             On unseen rows, one layer of 8 to 64 units is right on 0.64 to 0.79 with standardised
             inputs (single splits 0.58 to 0.88), but only on 0.53 to 0.61 with raw ones (0.44 to
             0.67), where two layers of 8 units each reach 0.71 (0.60 to 0.83). Two layers of 32 or
             64 units each, and four of 16 or more, fit all training rows, and on average they are
             right on less than half of the unseen rows; four layers of 64 units on 0.21
             (standardised) and 0.24 (raw). A likely reason, not tested here: each row that differs
             in one bit has the other parity.
             Written to why_deep_parity.md and .svg by this program
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dnnsearch.cli.startup import pin
from dnnsearch.data.datasets import load
from dnnsearch.data.number_table import Standardisation
from dnnsearch.data.stratification import stratified
from dnnsearch.nn import initialize
from dnnsearch.trials import training
from dnnsearch.trials.hyperparameters import Hyperparameters
from experiments import report
from experiments.parity_circuits import CIRCUITS, hidden_units, mistakes

MAX_CHECKED_BITS = {  # circuits of these numbers of bits are checked on all inputs
    "one unit for each odd pattern": (4, 8, 10),
    "XOR tree": (4, 8, 10, 16),
    "counting": (4, 8, 10, 16),
    "folding": (4, 8, 10, 16),
}
CIRCUIT_SHAPES = {  # units of each hidden layer -> why this shape is tried
    (8,): "the counting circuit's",
    (14,): "14 units in one layer",
    (7, 7): "14 units in two layers",
    (8, 4, 2): "the XOR tree's",
    (5, 5, 4): "14 units in three layers",
    (2, 2, 2): "the folding circuit's",
    (16, 8, 4): "twice the XOR tree's",
}
INPUTS = ("standardised", "raw 0 and 1")
FITTED_ACCURACY = 0.99  # on the training rows; from here on they count as learnt
MOMENTUM, BATCH_SIZE = 0.9, 32

Array = np.ndarray[Any, np.dtype[Any]]
Units = tuple[int, ...]  # of each hidden layer


@dataclass(frozen=True)
class Plan:
    """How much is trained."""

    bits: int
    rates: tuple[float, ...]  # learning rates
    splits: int  # seeds of the split: 0, 1, ...
    starts: int  # seeds of weights and mini-batches for each split
    depths: tuple[int, ...]
    widths: tuple[int, ...]  # units in each hidden layer
    updates: int
    shapes: tuple[Units, ...]
    shape_starts: int
    shape_updates: int


PLAN = Plan(
    bits=8,
    rates=(0.1, 0.3, 1.0),
    splits=6,
    starts=4,
    depths=(1, 2, 4),
    widths=(2, 4, 8, 16, 32, 64),
    updates=3000,
    shapes=tuple(CIRCUIT_SHAPES),
    shape_starts=8,
    shape_updates=6000,
)
TINY = Plan(4, (0.3,), 2, 2, (1, 2), (2, 4), 60, ((8,), (2, 2, 2)), 2, 60)


class Accuracies(NamedTuple):
    """Accuracy of trained networks, (splits, starts): on training rows and on unseen rows."""

    trained: Array
    unseen: Array

    @property
    def exact(self) -> int:
        """The number of networks that are right on all rows."""
        return int(((self.trained == 1) & (self.unseen == 1)).sum())


def examples(bits: int, inputs: str, splits: int, all_rows: bool) -> dict[str, Array]:
    """X_train (splits, m, bits), y_train (splits, m), and X_dev and y_dev with the unseen rows.

    60 % of the rows are for training and the others are unseen; with `all_rows`, both parts are
    all rows.
    """
    table = load({"name": "parity", "bits": bits, "examples": "all", "seed": 0})
    parts: dict[str, list[Array]] = {"X_train": [], "y_train": [], "X_dev": [], "y_dev": []}
    for seed in range(splits):
        rows = stratified(table.y, table.classes, dev=0.2, test=0.2, seed=seed)
        train, unseen = rows["train"], np.concatenate([rows["dev"], rows["test"]])
        if all_rows:
            train = unseen = np.arange(len(table.y))
        X = table.X.astype(np.float32)
        if inputs == INPUTS[0]:
            X = Standardisation.fit(table.X[train]).standardise(table.X, np.float32)
        for part, chosen in (("train", train), ("dev", unseen)):
            parts[f"X_{part}"].append(X[chosen])
            parts[f"y_{part}"].append(table.y[chosen])
    return {name: np.stack(arrays) for name, arrays in parts.items()}


def train(
    data: dict[str, Array], units: Units, rate: float, updates: int, starts: int
) -> Accuracies:
    """Train `starts` networks on each split; a network that diverged has the accuracy 0."""
    splits, _, bits = data["X_train"].shape
    rngs = [np.random.default_rng(key) for key in product(range(splits), range(starts))]
    progress = training.train(
        initialize((bits, *units, 1), rngs),
        {name: np.repeat(array, starts, axis=0) for name, array in data.items()},
        Hyperparameters(
            learning_rate=rate,
            iterations=updates,
            units=units,
            activation="relu",
            momentum=MOMENTUM,
            batch_size=BATCH_SIZE,
        ),
        output="sigmoid",
        curve_every=updates,
        rngs=rngs,
    )
    *_, last = progress
    values = (last.train_accuracy, last.dev_accuracy)
    return Accuracies(*(np.nan_to_num(value).reshape(splits, starts) for value in values))


def circuits(tiny: bool) -> str:
    """The table of the circuits: their size, and the rows on which they are wrong."""
    rows: list[list[object]] = []
    for name, build in CIRCUITS.items():
        for bits in MAX_CHECKED_BITS[name][:1] if tiny else MAX_CHECKED_BITS[name]:
            built = build(bits)
            layers, units = built.layers - 1, hidden_units(built)
            rows.append([name, bits, layers, units, f"{mistakes(built)} of {2**bits}"])
    return report.table(["circuit", "bits", "hidden layers", "units", "wrong"], rows)


def best_rate(by_rate: dict[float, Accuracies]) -> float:
    """Return the learning rate with the highest mean accuracy on the training rows."""
    return max(by_rate, key=lambda rate: float(by_rate[rate].trained.mean()))


def sizes(plan: Plan, inputs: str) -> dict[Units, Accuracies]:
    """Train every size on 60 % of the rows; keep each at the learning rate that trains it best."""
    data = examples(plan.bits, inputs, plan.splits, all_rows=False)
    kept = {}
    for depth, width in product(plan.depths, plan.widths):
        units = (width,) * depth
        by_rate = {r: train(data, units, r, plan.updates, plan.starts) for r in plan.rates}
        kept[units] = by_rate[best_rate(by_rate)]
        print(inputs, units, f"{kept[units].unseen.mean():.2f}", flush=True)
    return kept


def size_table(found: dict[Units, Accuracies]) -> str:
    rows = []
    for units, (trained, unseen) in found.items():
        fit, by_split = int((trained >= FITTED_ACCURACY).sum()), unseen.mean(axis=1)
        spread = f"{by_split.min():.2f} to {by_split.max():.2f}"
        means = [f"{part.mean():.2f}" for part in (trained, unseen)]
        rows.append([len(units), sum(units), *means, spread, f"{fit} of {trained.size}"])
    header = ["hidden layers", "units", "training rows", "unseen rows", "splits", "fit"]
    return report.table(header, rows)


def shape_table(plan: Plan) -> str:
    """Number of exact networks for each shape and learning rate."""
    rows = []
    for inputs, all_rows in product(INPUTS, (True, False)):
        data = examples(plan.bits, inputs, plan.splits, all_rows)
        for units in plan.shapes:
            exact = [
                train(data, units, rate, plan.shape_updates, plan.shape_starts).exact
                for rate in plan.rates
            ]
            name = "-".join(map(str, units))
            rows.append(
                [name, CIRCUIT_SHAPES[units], inputs, "all" if all_rows else "60 %", *exact]
            )
            print(*rows[-1], flush=True)
    rates = [f"rate {rate:g}" for rate in plan.rates]
    return report.table(["units", "shape", "inputs", "training rows", *rates], rows)


def draw(found: dict[str, dict[Units, Accuracies]], bits: int, out: Path) -> None:
    """Draw accuracy against units; one row of plots for each kind of inputs."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": out.name})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 2, sharex=True, sharey=True, figsize=(9, 6.6), layout="tight")
    for (inputs, sizes), line in zip(found.items(), axes, strict=True):
        for part, (axis, label) in enumerate(zip(line, ("training", "unseen"), strict=True)):
            for depth in sorted({len(units) for units in sizes}):
                means = {sum(u): a[part].mean() for u, a in sizes.items() if len(u) == depth}
                axis.plot(list(means), list(means.values()), marker="o", label=f"{depth} hidden")
            by_hand = [hidden_units(build(bits)) for build in CIRCUITS.values()]
            axis.plot(by_hand, [1.0] * len(by_hand), "k*", markersize=10, label="by hand")
            axis.axhline(0.5, color="grey", linewidth=0.8)
            axis.set(xscale="log", title=f"{label} rows, inputs {inputs}")
            axis.xaxis.set_major_locator(matplotlib.ticker.LogLocator(base=2))
            axis.xaxis.set_major_formatter("{x:g}")
            axis.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())
        line[0].set_ylabel(f"accuracy, parity of {bits} bits")
    for axis in axes[-1]:
        axis.set_xlabel("hidden units in all")
    axes[0, 0].legend()
    figure.savefig(out, metadata={"Date": None})
    pyplot.close(figure)


def main(given: Sequence[str] | None = None) -> None:
    asked = report.arguments(__file__, __doc__, given)
    plan = TINY if asked.tiny else PLAN
    found = {inputs: sizes(plan, inputs) for inputs in INPUTS}
    picture = asked.out.with_suffix(".svg")
    draw(found, plan.bits, picture)
    note = (
        f"By gradient descent, {plan.bits} bits, 60 % of the rows to train on. Means over "
        f"{plan.splits} splits with {plan.starts} networks each; `splits` is the range of the "
        "splits' means on unseen rows; `fit` counts the networks that reach "
        f"{FITTED_ACCURACY} on the training rows."
    )
    shapes = (
        f"Networks with the circuits' shapes, {plan.shape_updates} updates: how many of "
        f"{plan.splits * plan.shape_starts} are right on all {2**plan.bits} rows, by learning rate."
    )
    tables = [f"Inputs {inputs}:\n\n{size_table(found[inputs])}" for inputs in INPUTS]
    report.write(
        asked.out,
        __doc__,
        "By hand, checked on all inputs:",
        circuits(asked.tiny),
        note,
        *tables,
        f"![accuracy against units]({picture.name})",
        shapes,
        shape_table(plan),
    )


if __name__ == "__main__":
    pin("portable")
    main()
