"""Why deep? Parity of n bits, by circuits and by descent.

Question:    how many units does parity need in one hidden layer and in several, and does gradient
             descent find what is possible?
Scientific:  hidden layers; units in all
Nuisance:    learning rate, the best of three for each network (by its training accuracy); 8 seeds
Fixed:       8 bits, all 256 rows: 60 % to train on, 20 % unseen; relu, He's initialisation, 3000
             updates of 32 examples with momentum 0.9, float32. For the circuits: float64, relu
Command:     python experiments/why_deep_parity.py [--tiny]
Result:      by hand, depth pays: a tree of XORs needs 14 units in three layers for 8 bits, one unit
             for each odd pattern 128 in one layer, and 2^(n-1) in general. But that price is the
             pattern matcher's, not the single layer's: relu units can count, and n of them in one
             layer suffice; folding the count needs 2 log2(n). Descent finds none of the deep
             circuits. Unit for unit, one layer fits the training rows at least as well as two or
             four, and it alone gains on unseen rows (0.73); large deep networks fit all training
             rows and are then wrong on most of the others (down to 0.16), because every
             neighbour of a row, one bit away, has the other parity. What a network can hold and
             what descent finds are two questions. Written to why_deep_parity.md and .svg by this
             program
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dnnsearch.cli.pin_numerics import pin
from dnnsearch.config.config import parse_config
from dnnsearch.trials.record import Record
from experiments import grid, report
from experiments.parity_circuits import CIRCUITS, hidden_units, mistakes

GRID = {
    "data": {"name": "parity", "bits": 8},
    "replicates": 8,
    "curve_every": 300,
    "learning_rate": [0.1, 0.3, 1.0],
    "iterations": 3000,
    "hidden_layers": [1, 2, 4],
    "units": [2, 4, 8, 16, 32, 64],
    "activation": "relu",
    "momentum": 0.9,
    "batch_size": 32,
}
TINY = {
    "data": {"name": "parity", "bits": 4},
    "replicates": 2,
    "curve_every": 30,
    "learning_rate": [0.3],
    "iterations": 60,
    "hidden_layers": [1, 2],
    "units": [2, 4],
    "batch_size": 4,
}
LARGEST = {  # bits that are checked on all inputs
    "one unit for each odd pattern": (4, 8, 10),
    "XOR tree": (4, 8, 10, 16),
    "counting": (4, 8, 10, 16),
    "folding": (4, 8, 10, 16),
}
FITTED = 0.99  # accuracy on the training set from which on the rows count as learnt

Size = tuple[int, int]  # hidden layers, units in all


def circuits(tiny: bool) -> str:
    """Each circuit, its size, and how often it is wrong on all inputs."""
    rows: list[list[object]] = []
    for name, build in CIRCUITS.items():
        for bits in LARGEST[name][:1] if tiny else LARGEST[name]:
            built = build(bits)
            layers, units = built.layers - 1, hidden_units(built)
            rows.append([name, bits, layers, units, f"{mistakes(built)} of {2**bits}"])
    return report.table(["circuit", "bits", "hidden layers", "units", "wrong"], rows)


def best_rates(records: Sequence[Record]) -> dict[Size, Record]:
    """For each size of network the record of the learning rate that trains it best."""
    found: dict[Size, Record] = {}
    for record in records:
        units = record.spec.hyperparameters.units
        size = len(units), sum(units)
        if size not in found or accuracy(record, "train") > accuracy(found[size], "train"):
            found[size] = record
    return dict(sorted(found.items()))


def accuracy(record: Record, part: str) -> float:
    """Of the mean seed at the end; a seed that diverged has learnt nothing."""
    return float(np.nan_to_num(record.final[f"{part}_accuracy"]).mean())


def learnt(found: dict[Size, Record]) -> str:
    rows = []
    for (layers, units), record in found.items():
        fitted = int((record.final["train_accuracy"] >= FITTED).sum())
        means = [f"{accuracy(record, part):.2f}" for part in ("train", "dev")]
        rows.append([layers, units, *means, f"{fitted} of {record.spec.replicates}"])
    return report.table(["hidden layers", "units", "trained on", "unseen", "seeds that fit"], rows)


def draw(found: dict[Size, Record], bits: int, out: Path) -> None:
    """Units in all against accuracy, on the rows that were trained on and on the others."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": out.name})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, sharey=True, figsize=(9, 3.6), layout="constrained")
    for axis, part, label in zip(axes, ("train", "dev"), ("trained on", "unseen"), strict=True):
        for layers in sorted({layers for layers, _ in found}):
            line = {units: accuracy(r, part) for (d, units), r in found.items() if d == layers}
            axis.plot(list(line), list(line.values()), marker="o", label=f"{layers} hidden")
        by_hand = [hidden_units(build(bits)) for build in CIRCUITS.values()]
        axis.plot(by_hand, [1.0] * len(by_hand), "*", color="black", markersize=10, label="by hand")
        axis.axhline(0.5, color="grey", linewidth=0.8)
        axis.set(xscale="log", title=f"rows {label}", xlabel="hidden units in all")
        axis.xaxis.set_major_locator(matplotlib.ticker.LogLocator(base=2))
        axis.xaxis.set_major_formatter("{x:g}")
        axis.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())
    axes[0].set_ylabel(f"accuracy on the parity of {bits} bits")
    axes[0].legend()
    figure.savefig(out, metadata={"Date": None})
    pyplot.close(figure)


def main(given: Sequence[str] | None = None) -> None:
    asked = report.arguments(__file__, __doc__, given)
    config = parse_config({**GRID, **(TINY if asked.tiny else {})}, "GRID", "parity")
    found = best_rates(grid.train(config))
    picture = asked.out.with_suffix(".svg")
    draw(found, config.data["bits"], picture)
    report.write(
        asked.out,
        __doc__,
        "By hand, checked on all inputs:",
        circuits(asked.tiny),
        f"By descent, {config.data['bits']} bits; means of the seeds:",
        learnt(found),
        f"![accuracy against units]({picture.name})",
    )


if __name__ == "__main__":
    pin("portable")
    main()
