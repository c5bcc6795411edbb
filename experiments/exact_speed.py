"""What does it cost that a training has the same bits on every machine?

Question:    how long does a parameter update take with each of the numerics?
Scientific:  the numerics (portable, avx512, exact), and two libraries that promise no bits, as in
             speed_training.py; the sizes of network and mini-batch; one network or 16 replicates in
             one stack
Nuisance:    other load on the machine: all alternate in rounds, each in its own process; processor
             time is measured, and the table has the medians of the rounds
Fixed:       relu, softmax, momentum 0.9, one thread each; exact with the kernels of portable
Command:     python experiments/exact_speed.py [--bench-python PATH] [--tiny]; PATH is an
             interpreter that has PyTorch and scikit-learn
Result:      experiments/exact_speed.md, written by this program
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from dnnsearch.runtime import numerics
from experiments import bench_python, report
from experiments.machine import processor, versions
from experiments.speed_training import (
    EXACT_PARTS,
    JOBS,
    MODULE_OF,
    STACK,
    Seconds,
    ratio,
    runners,
)
from experiments.training_timers import Job

REPORT = Path(__file__).with_suffix(".md")
LIMIT = 3.0  # times portable's update, which is aimed at
PEERS = ("scikit-learn", "PyTorch")


def measured(job: Job, rounds: int, names: Sequence[str], python: Path) -> list[Seconds]:
    """Return the seconds of an update in each round, alone and in a stack."""
    stack = replace(job, replicates=STACK, epochs=-(-job.epochs // 4))
    found = []
    with runners(names, python) as started:
        for _ in range(rounds):
            seconds = {name: runner.time(job) for name, runner in started.items()}
            if job.layers[0] < 100:
                for name, runner in started.items():
                    if name not in PEERS:
                        seconds[f"{name} stack"] = runner.time(stack) / STACK
            found.append(seconds)
    return found


def row(name: str, rounds: list[Seconds], names: Sequence[str], ending: str = "") -> list[str]:
    times = [median(r[one + ending] for r in rounds) * 1e6 for one in names]
    cost = ratio(rounds, f"exact{ending}", f"portable{ending}")
    to_peers = [ratio(rounds, "exact", name) for name in names if name in PEERS]
    cells = [f"{cost:.2f}", f"{LIMIT:.0f}", *(f"{one:.2f}" for one in to_peers)]
    return [name, *(f"{time:.1f}" for time in times), *cells]


def paragraphs(
    all_rounds: dict[Job, list[Seconds]], names: Sequence[str], peer_versions: str
) -> Iterator[str]:
    yield f"""\
Microseconds of processor time for a parameter update, shuffling included; medians of
{len(next(iter(all_rounds.values())))} rounds, one thread each, on {processor()} with \
{os.cpu_count()} cores. {versions("numpy")}{peer_versions}."""
    head = ["exact / portable", "aimed at"]
    to_peers = [f"exact / {name}" for name in names if name in PEERS]
    rows = [row(job.name, rounds, names) for job, rounds in all_rounds.items()]
    yield report.table(["training", *names, *head, *to_peers], rows)
    yield f"{STACK} replicates in one stack, microseconds for each of them:"
    ours = [name for name in names if name not in PEERS]
    stacked = {job: rounds for job, rounds in all_rounds.items() if job.layers[0] < 100}
    rows = [row(job.name, rounds, ours, " stack") for job, rounds in stacked.items()]
    yield report.table(["training", *ours, *head], rows)
    yield "Where the time goes: the products of matrices alone, and the rounding of their factors:"
    rows = [part_row(job.name, rounds) for job, rounds in all_rounds.items()]
    rows += [part_row(f"{job.name}, stack", r, " stack") for job, r in stacked.items()]
    yield report.table(["training", *PART_COLUMNS], rows)


PART_COLUMNS = ("portable", "products", "others", "exact", "products", "rounding", "others")


def part_row(name: str, rounds: list[Seconds], ending: str = "") -> list[str]:
    """Return the medians of what an update is made of, in microseconds for each replicate."""
    whole, of_it, exact, of_exact, rounding = (
        median(r[one + ending] for r in rounds) * 1e6
        for one in ("portable", EXACT_PARTS[0], "exact", *EXACT_PARTS[1:])
    )
    parts = (whole, of_it, whole - of_it, exact, of_exact, rounding, exact - of_exact - rounding)
    return [name, *(f"{part:.1f}" for part in parts)]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = report.parser_of(__file__, __doc__)
    parser.add_argument("--rounds", type=int, default=9)
    bench_python.add_option(parser)
    options = parser.parse_args(arguments)
    jobs = [replace(job, epochs=1) for job in JOBS[:1]] if options.tiny else JOBS
    names = ["portable", "avx512", "exact"]
    if numerics.supported_pins("avx512") != "avx512":
        names.remove("avx512")
    python, rounds = options.bench_python, 1 if options.tiny else options.rounds
    names += [name for name in PEERS if bench_python.has(python, MODULE_OF[name])]
    found = {job: measured(job, rounds, [*names, *EXACT_PARTS], python) for job in jobs}
    peer_versions = bench_python.versions(python, ["sklearn", "torch"])
    report.write(options.out, __doc__, *paragraphs(found, names, peer_versions))


if __name__ == "__main__":
    main()
