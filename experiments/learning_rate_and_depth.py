"""Which learning rates train at all, and how does that depend on depth?

Question:    from which learning rate up is the training done in time, from which one does it break
             down, and what does each further hidden layer change?
Scientific:  learning rate, in half decades; number of hidden layers
Nuisance:    seeds of the weights and of the mini-batches: 8 of each
Fixed:       digits; 32 relu units in each hidden layer, He's initialisation, 500 updates of 64
             examples with momentum 0.9 (v = 0.9 v + 0.1 dW), float32
Command:     python experiments/learning_rate_and_depth.py [--tiny]
Result:      the range of learning rates that train narrows with depth, from above. Half a decade
             below 0.03 the slowest seeds do not get there in time, at any depth; the highest rate
             that trains all seeds falls from 3.2 with one hidden layer to 1 with two, 0.3 with
             four and eight, and below that with sixteen. Above it only half of the networks
             diverge: the others stay finite, most of them at the accuracy of guessing, so a test
             for NaN would miss them. Written to learning_rate_and_depth.md by this program
"""

from collections.abc import Sequence

import numpy as np

from dnnsearch.cli.pin_numerics import pin
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
TRAINED = 0.9  # accuracy on the training set from which on a network counts as trained

Point = tuple[float, int]  # learning rate, hidden layers


def accuracies(record: Record) -> np.ndarray:
    """On the training set at the end, (R,); 0 where the cost was not finite."""
    reached: np.ndarray = np.nan_to_num(record.final["train_accuracy"])
    return reached


def cell(record: Record) -> str:
    """The mean accuracy, then how many seeds trained, then how many diverged."""
    reached = accuracies(record)
    diverged = int(np.isnan(record.final["train_accuracy"]).sum())
    trained = int((reached >= TRAINED).sum())
    return f"{reached.mean():.2f} ({trained})" + f" {diverged}x" * (diverged > 0)


def by_point(records: Sequence[Record]) -> dict[Point, Record]:
    hyper = [record.spec.hyperparameters for record in records]
    points = [(h.learning_rate, h.hidden_layers) for h in hyper]
    return dict(zip(points, records, strict=True))


def cells(found: dict[Point, Record]) -> str:
    """One row for each learning rate, one column for each depth."""
    rates, depths = (sorted({point[axis] for point in found}) for axis in (0, 1))
    rows = [[f"{rate:g}", *(cell(found[rate, int(d)]) for d in depths)] for rate in rates]
    return report.table(["learning rate", *(f"{d} hidden" for d in depths)], rows)


def window(found: dict[Point, Record], depth: int) -> list[float]:
    """The learning rates at which every seed trains a network of this depth."""
    return sorted(
        rate for (rate, d), r in found.items() if d == depth and (accuracies(r) >= TRAINED).all()
    )


def windows(found: dict[Point, Record]) -> str:
    rows = []
    for depth in sorted({depth for _, depth in found}):
        rates = window(found, depth)
        lowest, highest = (f"{min(rates):g}", f"{max(rates):g}") if rates else ("none", "none")
        rows.append([depth, lowest, highest, len(rates)])
    return report.table(["hidden layers", "lowest", "highest", "rates that train"], rows)


def main(given: Sequence[str] | None = None) -> None:
    asked = report.arguments(__file__, __doc__, given)
    config = parse_config({**GRID, **(TINY if asked.tiny else {})}, "GRID", "rates")
    found = by_point(grid.train(config))
    report.write(
        asked.out,
        __doc__,
        "Each cell: mean accuracy on the training set at the end; in parentheses, how many of the "
        f"{config.replicates} seeds reached {TRAINED}; with an x, how many diverged.",
        cells(found),
        "The learning rates at which all seeds train:",
        windows(found),
    )


if __name__ == "__main__":
    pin("portable")
    main()
