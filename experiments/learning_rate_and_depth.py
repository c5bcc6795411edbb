"""Which learning rates train at all, and how does that depend on depth?

Question:    from which learning rate on is a training fast enough, from which one on does it fail,
             and how does this change with the number of hidden layers?
Scientific:  learning rate, in half decades; number of hidden layers
Nuisance:    seeds of the weights and of the mini-batches: 8 of each
Fixed:       digits; 32 relu units in each hidden layer, He's initialisation, 500 updates of 64
             examples with momentum 0.9 (v = 0.9 v + 0.1 dW), float32
Command:     python experiments/learning_rate_and_depth.py [--tiny]
Result:      the range of learning rates that train narrows with depth, from above. The lowest rate
             that trains all 8 seeds is 0.03 at every depth. The highest is 3.2 with one hidden
             layer, 1 with two, 0.3 with four and eight, and 0.03 with sixteen. Of the 152 networks
             above the highest rate, 64 diverge, 12 train, and 76 fail with a finite cost, 64 of
             them at an accuracy of at most 0.2 (guessing gives about 0.1); a test for NaN misses
             these 76. Written to learning_rate_and_depth.md by this program
"""

from collections.abc import Sequence

import numpy as np

from dnnsearch.cli.startup import pin
from dnnsearch.config.config import parse_config
from dnnsearch.trials.record import Record
from experiments import grid, report

GRID = {
    "data": "digits",
    "replicates": 8,
    "curve_every": 50,
    "learning_rate": [round(10 ** (half / 2), 4) for half in range(-6, 4)],  # 0.001 ... 31.6
    "iterations": 500,
    "hidden_layers": [1, 2, 4, 8, 16],
    "units": 32,
    "activation": "relu",
    "momentum": 0.9,
    "batch_size": 64,
}
TINY = {
    "data": "iris",
    "replicates": 2,
    "curve_every": 10,
    "iterations": 40,
    "learning_rate": [0.1, 10_000.0],
    "hidden_layers": [1, 2],
    "batch_size": 16,
}
TRAINED_ACCURACY = 0.9  # on the training set; from here on a network counts as trained
GUESSING_ACCURACY = 0.2  # up to here it counts as guessing

Point = tuple[float, int]  # learning rate, hidden layers


def accuracies(record: Record) -> np.ndarray:
    """Return the final accuracy on the training set, (R,); 0 if the cost was not finite."""
    reached: np.ndarray = np.nan_to_num(record.final["train_accuracy"])
    return reached


def cell(record: Record) -> str:
    """Return the mean accuracy, how many seeds trained, and how many diverged."""
    reached = accuracies(record)
    diverged = int(np.isnan(record.final["train_accuracy"]).sum())
    trained = int((reached >= TRAINED_ACCURACY).sum())
    return f"{reached.mean():.2f} ({trained})" + f" {diverged}x" * (diverged > 0)


def by_point(records: Sequence[Record]) -> dict[Point, Record]:
    hyper = [record.spec.hyperparameters for record in records]
    points = [(h.learning_rate, h.hidden_layers) for h in hyper]
    return dict(zip(points, records, strict=True))


def cells(found: dict[Point, Record]) -> str:
    """Return a table with a row for each learning rate and a column for each depth."""
    rates, depths = (sorted({point[axis] for point in found}) for axis in (0, 1))
    rows = [[f"{rate:g}", *(cell(found[rate, int(d)]) for d in depths)] for rate in rates]
    return report.table(["learning rate", *(f"{d} hidden" for d in depths)], rows)


def window(found: dict[Point, Record], depth: int) -> list[float]:
    """Return the learning rates at which all seeds train at this depth."""
    return sorted(
        rate
        for (rate, d), r in found.items()
        if d == depth and (accuracies(r) >= TRAINED_ACCURACY).all()
    )


def windows(found: dict[Point, Record]) -> str:
    rows = []
    for depth in sorted({depth for _, depth in found}):
        rates = window(found, depth)
        lowest, highest = (f"{min(rates):g}", f"{max(rates):g}") if rates else ("none", "none")
        rows.append([depth, lowest, highest, len(rates)])
    return report.table(["hidden layers", "lowest", "highest", "rates that train"], rows)


def above_window(found: dict[Point, Record], depth: int) -> list[int]:
    """Count the networks of this depth above the highest rate at which all seeds train.

    Returns how many there are, how many diverged, how many guess, and how many trained.
    """
    highest = max(window(found, depth), default=0.0)
    records = [r for (rate, d), r in found.items() if d == depth and rate > highest]
    reached = np.concatenate([r.final["train_accuracy"] for r in records] or [np.empty(0)])
    counts = (
        np.isnan(reached),
        reached <= GUESSING_ACCURACY,
        reached >= TRAINED_ACCURACY,
    )
    return [len(reached), *(int(count.sum()) for count in counts)]


def failures(found: dict[Point, Record]) -> str:
    counts = {depth: above_window(found, depth) for depth in sorted({d for _, d in found})}
    total = [sum(column) for column in zip(*counts.values(), strict=True)]
    rows = [[depth, *count] for depth, count in counts.items()]
    header = ["hidden layers", "networks", "diverged", "guess", "trained"]
    return report.table(header, [*rows, ["all", *total]])


def main(given: Sequence[str] | None = None) -> None:
    asked = report.arguments(__file__, __doc__, given)
    config = parse_config({**GRID, **(TINY if asked.tiny else {})}, "GRID", "rates")
    found = by_point(grid.train(config))
    report.write(
        asked.out,
        __doc__,
        "Each cell: mean accuracy on the training set at the end; in parentheses, how many of the "
        f"{config.replicates} seeds reached {TRAINED_ACCURACY}; with an x, how many diverged.",
        cells(found),
        "The learning rates at which all seeds train:",
        windows(found),
        "The networks at higher learning rates; they guess if they are finite and their accuracy "
        f"is at most {GUESSING_ACCURACY}:",
        failures(found),
    )


if __name__ == "__main__":
    pin("portable")
    main()
