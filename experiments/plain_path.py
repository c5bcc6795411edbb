"""Is a network without optional pieces as fast as it was before there were any?

Question:    how long does an update of the plain network (relu, momentum, a constant rate) take,
             beside an earlier checkout?
Scientific:  the code: this checkout, or the one that --before names
Nuisance:    other load on the machine: the two alternate in rounds, each in its own process;
             processor time is measured, and the table has medians and, for the ratio, the 95 %
             interval of its median over rounds
Fixed:       the sizes, hyperparameters and stacks of speed_training.py; portable numerics
Command:     python experiments/plain_path.py --before FOLDER [--rounds 15] [--tiny]
             FOLDER is another checkout of this project
Result:      experiments/plain_path.md, written by this program
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from experiments import report
from experiments.machine import processor, versions
from experiments.speed_training import JOBS, LONGER, STACK, Runner, with_curves
from experiments.training_timers import Job

PROGRAM = Path("experiments", "training_timers.py")  # in each of the two checkouts
HERE = Path(__file__).parents[1]
RESAMPLES = 10_000


@dataclass(frozen=True)
class PlainJob:
    """What the timers of both checkouts know of a job."""

    examples: int
    layers: tuple[int, ...]
    batch: int
    epochs: int
    replicates: int
    every: int


def plain(job: Job) -> PlainJob:
    return PlainJob(job.examples, job.layers, job.batch, job.epochs, job.replicates, job.every)


def trainings() -> dict[str, Job]:
    """Return what is timed, by name: each size alone, with curves, and small ones in a stack."""
    found: dict[str, Job] = {}
    for job, curves in zip(JOBS, map(with_curves, LONGER), strict=True):
        found |= {job.name: job, f"{job.name}, with curves": curves}
        if job.layers[0] < 100:
            stack = replace(job, replicates=STACK, epochs=-(-job.epochs // 4))
            found[f"{job.name}, {STACK} in a stack"] = stack
    return found


def measured(job: PlainJob, rounds: int, before: Runner, now: Runner) -> np.ndarray:
    """Return the seconds of an update, before and now, in each round: (rounds, 2)."""
    found = []
    for number in range(rounds):  # each is the first in every other round
        pair = [(runner, runner.time(job)) for runner in (before, now)[:: (-1) ** number]]
        found.append([dict(pair)[runner] for runner in (before, now)])
    return np.array(found)


def row(name: str, seconds: np.ndarray) -> list[str]:
    ratios = seconds[:, 1] / seconds[:, 0]
    drawn = np.random.default_rng(0).choice(ratios, (RESAMPLES, len(ratios)))
    low, high = np.percentile(np.median(drawn, axis=1), [2.5, 97.5])
    before, now = np.median(seconds, axis=0) * 1e6
    interval = f"{low:.3f} to {high:.3f}"
    return [name, f"{before:.1f}", f"{now:.1f}", f"{np.median(ratios):.3f}", interval]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = report.parser_of(__file__, __doc__)
    parser.add_argument("--before", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args(arguments)
    jobs, rounds = trainings(), options.rounds
    if options.tiny:
        jobs, rounds = {name: replace(job, epochs=1) for name, job in jobs.items()}, 2
    with contextlib.ExitStack() as stack:
        before, now = (
            stack.enter_context(contextlib.closing(Runner("dnnsearch", str(checkout / PROGRAM))))
            for checkout in (options.before.resolve(), HERE)
        )
        rows = [row(name, measured(plain(job), rounds, before, now)) for name, job in jobs.items()]
    told = f"""\
Microseconds of processor time for an update, shuffling included, medians of {rounds} rounds, one
thread, on {processor()}. {versions("numpy")}. A ratio above 1: slower now."""
    header = ["training", "before", "now", "now / before", "95 %"]
    report.write(options.out, __doc__, told, report.table(header, rows))


if __name__ == "__main__":
    main()
