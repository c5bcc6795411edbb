"""Are the networks of an exact study as good as those of a portable one?

Question:    does the accuracy on dev of a configuration depend on the numerics, by more than on the
             seed?
Scientific:  the numerics (portable, exact); the configuration: activation, learning rate, depth
Nuisance:    seeds of the weights and of the mini-batches: 8 of each; the same seed draws other
             weights under the other numerics
Fixed:       digits; 32 units in each hidden layer, He's initialisation, 300 updates of 64 examples
             with momentum 0.9, float32
Command:     python experiments/exact_agreement.py [--tiny]
Result:      experiments/exact_agreement.md, written by this program
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from dnnsearch.cli.startup import pin
from dnnsearch.config.config import parse_config
from dnnsearch.statistics.interval import student
from dnnsearch.trials.record import Record
from experiments import grid, report

GRID = {
    "data": "digits",
    "replicates": 8,
    "curve_every": 300,
    "learning_rate": [0.03, 0.3],
    "iterations": 300,
    "hidden_layers": [1, 2],
    "units": 32,
    "activation": ["relu", "leaky_relu", "tanh", "gelu", "silu"],
    "momentum": 0.9,
    "batch_size": 64,
}
TINY = {"data": "iris", "replicates": 2, "iterations": 20, "curve_every": 20, "batch_size": 16}
NAMES = ("portable", "exact")
NOISE = 2.0  # standard errors; one of twenty differences of pure noise is larger


def trained(numerics: str, changes: dict[str, object]) -> list[Record]:
    config = parse_config({**GRID, **changes, "numerics": numerics}, "GRID", "agreement")
    return grid.train(config)


def accuracies(record: Record) -> np.ndarray:
    """Return the accuracy on dev of each seed, (R,)."""
    reached: np.ndarray = record.final["dev_accuracy"]
    return reached


def standard_error(both: Sequence[np.ndarray]) -> float:
    """Return that of the difference of two means of independent seeds."""
    return math.sqrt(sum(float(one.var(ddof=1)) / len(one) for one in both))


def rows(pairs: Sequence[tuple[Record, Record]]) -> Iterator[list[str]]:
    for pair in pairs:
        hyper = pair[0].spec.hyperparameters
        both = [accuracies(record) for record in pair]
        means = [float(one.mean()) for one in both]
        yield [
            f"{hyper.activation}, {hyper.hidden_layers} hidden, rate {hyper.learning_rate:g}",
            *(f"{mean:.4f}" for mean in means),
            f"{means[1] - means[0]:+.4f}",
            f"{standard_error(both):.4f}",
        ]


def summary(pairs: Sequence[tuple[Record, Record]]) -> str:
    both = [[accuracies(record) for record in pair] for pair in pairs]
    differences = [float(exact.mean() - portable.mean()) for portable, exact in both]
    errors = [standard_error(pair) for pair in both]
    within = sum(abs(d) <= NOISE * e for d, e in zip(differences, errors, strict=True))
    interval = student(differences)
    return (
        f"{within} of {len(pairs)} differences are at most {NOISE:g} standard errors. Their mean "
        f"is {sum(differences) / len(differences):+.4f}, with a 95 % interval from "
        f"{interval.low:+.4f} to {interval.high:+.4f}."
    )


def main(given: Sequence[str] | None = None) -> None:
    asked = report.arguments(__file__, __doc__, given)
    portable, exact = (trained(name, TINY if asked.tiny else {}) for name in NAMES)
    pairs = list(zip(portable, exact, strict=True))
    head = ["configuration", *NAMES, "difference", "standard error"]
    about = (
        f"Accuracy on dev, the mean of {portable[0].spec.replicates} seeds. The standard error of "
        "a difference comes from the spread of the seeds."
    )
    report.write(asked.out, __doc__, about, report.table(head, list(rows(pairs))), summary(pairs))


if __name__ == "__main__":
    pin("portable")
    main()
