"""Does the coordinator's memory stay small in a study of thousands of trials?

Question:    by how much does the coordinator's memory grow with each trial, and does a study of
             5,000 trials finish?
Scientific:  the sampler and the pruner, which decide what the coordinator has to remember
Nuisance:    when the memory is sampled: a line is fitted through the samples after the first fifth
             of the trials
Fixed:       trials of a few updates each, three points on each curve; SQLite for Optuna and MLflow
Command:     python experiments/many_trials.py [--tiny]
Result:      many_trials.md, written by this program

Memory is the proportional set size in /proc/PID/smaps_rollup: the private pages of the process, and
its share of the shared ones. The limit is 50 KB a trial.
"""

import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments import report
from experiments.machine import measured_on
from experiments.processes import finish, start, write_config

MAX_KB_PER_TRIAL = 50.0
WARM_UP_SHARE = 0.2  # of the trials; after it, imports and first caches are in memory
SAMPLE_SECONDS = 1.0
CONFIG: dict[str, Any] = {
    "data": {"name": "moons", "examples": 100, "noise": 0.2},
    "learning_rate": {"low": 0.01, "high": 1.0, "log": True},
    "iterations": {"low": 2, "high": 6},
    "curve_every": 2,
    "hidden_layers": [1, 2],
    "units": {"low": 4, "high": 8},
    "activation": ["relu", "tanh"],
    "momentum": 0.9,
    "batch_size": 32,
}
STUDIES = [("random", "none", 5000), ("random", "median", 1000), ("tpe", "none", 500)]
TINY = [("random", "none", 40)]


@dataclass(frozen=True)
class Sample:
    """The coordinator's memory in KB, and the number of ended trials, at one moment."""

    trials: int
    kilobytes: float


@dataclass(frozen=True)
class Measurement:
    """One study and the samples of its coordinator's memory."""

    sampler: str
    pruner: str
    trials: int
    seconds: float
    samples: list[Sample]

    @property
    def growth(self) -> float:
        """Return the KB per trial: the slope of a line through the samples after the warm-up."""
        late = [s for s in self.samples if s.trials >= WARM_UP_SHARE * self.trials]
        if len({s.trials for s in late}) < 2:
            return float("nan")
        return float(np.polyfit([s.trials for s in late], [s.kilobytes for s in late], 1)[0])

    def row(self) -> list[object]:
        first, last = self.samples[0], self.samples[-1]
        return [
            self.sampler,
            self.pruner,
            self.trials,
            f"{self.seconds:.0f}",
            f"{first.kilobytes / 1000:.0f}",
            f"{last.kilobytes / 1000:.0f}",
            f"{self.growth:.1f}",
        ]


HEADER = ["sampler", "pruner", "trials", "seconds", "first MB", "last MB", "KB per trial"]


def measure(sampler: str, pruner: str, trials: int) -> Measurement:
    """Run the study to its end and sample the coordinator's memory."""
    with tempfile.TemporaryDirectory(prefix="dnnsearch-many-") as root:
        folder, name = Path(root), "many"
        config = {**CONFIG, "sampler": sampler, "pruner": pruner, "trials": trials}
        started = time.monotonic()
        process = start(write_config(folder, name, config))
        samples = watch(process, folder / "records" / name)
        finish(process)
        return Measurement(sampler, pruner, trials, time.monotonic() - started, samples)


def watch(process: "subprocess.Popen[str]", records: Path) -> list[Sample]:
    """Return the samples, from the first record to the end of the process."""
    samples = []
    while process.poll() is None:
        trials = len(list(records.glob("0*.npz")))
        kilobytes = proportional(process.pid)
        if trials and kilobytes:
            samples.append(Sample(trials, kilobytes))
        wait(process)
    return samples


def wait(process: "subprocess.Popen[str]") -> None:
    """Wait for the time of the next sample, or for the end of the process."""
    until = time.monotonic() + SAMPLE_SECONDS
    while process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)


def proportional(pid: int) -> float:
    """Return the proportional set size of a process in KB; 0 if it has just ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(float(line.split()[1]) * 1.024 for line in lines if line.startswith("Pss:"))


def conclusion(done: Sequence[Measurement]) -> str:
    """Return a sentence that compares the largest growth with the limit."""
    most = max(one.growth for one in done)
    verdict = "below" if most < MAX_KB_PER_TRIAL else "NOT below"
    return (
        f"Every study finished. The coordinator grew by at most {most:.1f} KB per trial, "
        f"{verdict} the limit of {MAX_KB_PER_TRIAL:.0f} KB."
    )


def main(given: Sequence[str] | None = None) -> list[Measurement]:
    asked = report.arguments(__file__, __doc__, given)
    done = []
    for study in TINY if asked.tiny else STUDIES:
        done.append(measure(*study))
        print(*done[-1].row(), flush=True)
    table = report.table(HEADER, [one.row() for one in done])
    report.write(asked.out, __doc__, table, conclusion(done), measured_on())
    return done


if __name__ == "__main__":
    raise SystemExit(any(one.growth >= MAX_KB_PER_TRIAL for one in main()))
