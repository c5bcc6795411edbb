"""Do workers stay busy when half of the trials end early?

Question:    what share of their time do workers train, from the start of the first trial to the end
             of the last, if the length of a trial is not known in advance?
Scientific:  pruner (none, median, halving); number of workers
Nuisance:    other load on the machine; the sampler's seed, which is different in each round
Fixed:       digits, parallelism 6, trials whose planned lengths differ by a factor of 50 and more,
             Optuna, MLflow and records as in any search. The training time of a trial is the
             seconds in its record; its end is the time at which the record was written. `order
             allows` is the share in a simulation of the same trials in the same order, in which
             nothing but training takes time. All columns are medians of the rounds
Command:     python experiments/busy_workers.py [--tiny] [--rounds 3]
Result:      busy_workers.md, written by this program
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from dnnsearch.trials import record_file
from dnnsearch.trials.record import Record, decode
from experiments import report
from experiments.machine import measured_on
from experiments.processes import finish, start, write_config
from experiments.simulation import Simulation

NAME = "busy"
MIN_BUSY_SHARE = 0.85
CONFIG: dict[str, Any] = {
    "data": "digits",
    "parallelism": 6,
    "trials": 80,
    "curve_every": 100,
    "learning_rate": {"low": 0.003, "high": 3.0, "log": True},
    "iterations": {"low": 2000, "high": 20_000, "log": True},
    "hidden_layers": [1, 2, 3],
    "units": {"low": 16, "high": 128, "log": True},
    "activation": ["relu", "tanh"],
    "momentum": {"low": 0.0, "high": 0.95},
    "batch_size": [16, 32, 64],
}
TINY = {
    "data": "iris",
    "trials": 12,
    "curve_every": 10,
    "iterations": {"low": 100, "high": 200},
    "batch_size": 16,
}


@dataclass(frozen=True)
class Use:
    """How the workers spent their time in one search."""

    trials: int
    pruned: int
    done_when_pruned: float  # share of its updates that the median pruned trial made
    busy: float  # share of the workers' time in which they trained
    allowed: float  # the same share if nothing but training took time


def measure(config: dict[str, Any], workers: int) -> Use:
    """Run a real search in an empty folder."""
    with tempfile.TemporaryDirectory(prefix="dnnsearch-busy-") as name:
        finish(start(write_config(Path(name), NAME, config), ["--workers", str(workers)]))
        paths = record_file.named(Path(name, "records", NAME))
        ends = [path.stat().st_mtime for path in paths]
        return use([decode(path.read_bytes()) for path in paths], ends, workers)


def use(records: Sequence[Record], ends: Sequence[float], workers: int) -> Use:
    """Return the use of time, from the records and the times (s) at which they were written."""
    seconds = [float(record.document["made"]["seconds"]) for record in records]
    starts = [end - took for end, took in zip(ends, seconds, strict=True)]
    pruned = [
        record.iterations / record.spec.updates for record in records if record.end == "pruned"
    ]
    return Use(
        trials=len(records),
        pruned=len(pruned),
        done_when_pruned=median(pruned) if pruned else 1.0,
        busy=sum(seconds) / workers / (max(ends) - min(starts)),
        allowed=Simulation(
            [record.cost for record in records], CONFIG["parallelism"], workers
        ).busy_share(),
    )


def row(pruner: str, workers: int, uses: Sequence[Use]) -> list[str]:
    """Return a row of the table: the medians of the rounds."""
    pruned = median(use.pruned / use.trials for use in uses)
    done = median(use.done_when_pruned for use in uses)
    busy = median(use.busy for use in uses)
    allowed = median(use.allowed for use in uses)
    shares = [f"{share:.0%}" for share in (pruned, done, allowed, busy)]
    return [pruner, f"{workers}", *shares, "reached" if busy >= MIN_BUSY_SHARE else "missed"]


def main(given: Sequence[str] | None = None) -> None:
    parser = report.parser_of(__file__, __doc__)
    parser.add_argument(
        "--rounds",
        type=int,
        default=3,
        metavar="N",
        help="number of rounds, each with another seed",
    )
    asked = parser.parse_args(given)
    config, rounds = {**CONFIG, **TINY} if asked.tiny else CONFIG, 1 if asked.tiny else asked.rounds
    rows = []
    for pruner in ("halving",) if asked.tiny else ("none", "median", "halving"):
        for workers in (2,) if asked.tiny else (2, 4):
            seeds = range(rounds)
            uses = [measure({**config, "pruner": pruner, "seed": s}, workers) for s in seeds]
            rows.append(row(pruner, workers, uses))
            print(*rows[-1], flush=True)
    header = [
        "pruner",
        "workers",
        "pruned",
        "done when pruned",
        "order allows",
        "busy",
        f"aim {MIN_BUSY_SHARE:.0%}",
    ]
    report.write(asked.out, __doc__, report.table(header, rows), measured_on())


if __name__ == "__main__":
    main()
