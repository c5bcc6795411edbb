"""What does it cost that a training has the same bits on every machine?

Question:    how long does a parameter update take with each of the numerics?
Scientific:  the numerics (portable, avx512, exact); the sizes of network and mini-batch; one
             network or 16 replicates in one stack
Nuisance:    other load on the machine: the numerics alternate in rounds, each in its own process;
             processor time is measured, and the table has the medians of the rounds
Fixed:       relu, softmax, momentum 0.9, one thread each; exact with the kernels of portable
Command:     python experiments/exact_speed.py [--tiny]
Result:      experiments/exact_speed.md, written by this program
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from dnnsearch.runtime import numerics
from experiments import report
from experiments.speed_training import JOBS, STACK, Seconds, processor, ratio, runners, versions
from experiments.training_timers import Job

REPORT = Path(__file__).with_suffix(".md")
LIMIT = 3.0  # times portable's update, which is aimed at


def measured(job: Job, rounds: int, names: Sequence[str]) -> list[Seconds]:
    """Return the seconds of an update in each round, alone and in a stack."""
    stack = replace(job, replicates=STACK, epochs=-(-job.epochs // 4))
    found = []
    with runners(names) as started:
        for _ in range(rounds):
            seconds = {name: runner.time(job) for name, runner in started.items()}
            if job.layers[0] < 100:
                for name, runner in started.items():
                    seconds[f"{name} stack"] = runner.time(stack) / STACK
            found.append(seconds)
    return found


def row(name: str, rounds: list[Seconds], names: Sequence[str], ending: str = "") -> list[str]:
    times = [median(r[one + ending] for r in rounds) * 1e6 for one in names]
    cost = ratio(rounds, f"exact{ending}", f"portable{ending}")
    return [name, *(f"{time:.1f}" for time in times), f"{cost:.2f}", f"{LIMIT:.0f}"]


def paragraphs(all_rounds: dict[Job, list[Seconds]], names: Sequence[str]) -> Iterator[str]:
    yield f"""\
Microseconds of processor time for a parameter update, shuffling included; medians of
{len(next(iter(all_rounds.values())))} rounds, one thread each, on {processor()} with \
{os.cpu_count()} cores. {versions()}."""
    head = ["training", *names, "exact / portable", "aimed at"]
    yield report.table(head, [row(job.name, rounds, names) for job, rounds in all_rounds.items()])
    yield f"{STACK} replicates in one stack, microseconds for each of them:"
    stacked = {job: rounds for job, rounds in all_rounds.items() if job.layers[0] < 100}
    rows = [row(job.name, rounds, names, " stack") for job, rounds in stacked.items()]
    yield report.table(head, rows)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = report.parser_of(__file__, __doc__)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args(arguments)
    jobs = [replace(job, epochs=1) for job in JOBS[:1]] if options.tiny else JOBS
    names = ["portable", "exact"]
    if numerics.supported_pins("avx512") == "avx512":
        names.insert(1, "avx512")
    found = {job: measured(job, 1 if options.tiny else options.rounds, names) for job in jobs}
    report.write(options.out, __doc__, *paragraphs(found, names))


if __name__ == "__main__":
    main()
