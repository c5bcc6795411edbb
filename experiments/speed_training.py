"""How fast is one training, compared with scikit-learn and PyTorch?

Question:    how long does a parameter update take, shuffling included, and how much do curves add?
Scientific:  the library (dnnsearch with portable numerics, and with avx512 if the machine has it;
             scikit-learn's MLPClassifier; PyTorch on the CPU, written as in its tutorials, or with
             its fused optimizer); the sizes of network and mini-batch; one network or 16 replicates
             in one stack; with curves or without
Nuisance:    other load on the machine: the libraries alternate in rounds, each in its own process;
             processor time is measured, and the table has the medians of the rounds
Fixed:       float32, relu, softmax, momentum 0.9, one thread each; the others with what they choose
             for this machine; curves with portable numerics
Command:     python experiments/speed_training.py [--tiny] [--rounds 9] [--bench-python PATH]
             the peers run with --bench-python, an interpreter that has them (the extra `bench`)
Result:      experiments/speed_training.md, written by this program
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from typing import Any

from dnnsearch.config.config import parse_config
from dnnsearch.config.data_fit import resolve_curve_every
from dnnsearch.data.prepare import DataShape
from dnnsearch.runtime import numerics
from experiments import bench_python, report, training_timers
from experiments.machine import processor, versions
from experiments.training_timers import GEMM, PARTS, Job

REPORT = Path(__file__).with_suffix(".md")
# The numerics of those that are not measured as they are
EXACT_PARTS = ("float32 products", "float64 products", "rounding")  # for `exact_speed.py`
PINS_OF = dict.fromkeys(("dnnsearch", "portable", "exact", *EXACT_PARTS), "portable")
PINS_OF |= {"avx512": "avx512", "GEMM, portable": "portable", "GEMM, avx512": "avx512"}
PEERS = ("scikit-learn", "PyTorch", "fused PyTorch")
MODULE_OF = {"scikit-learn": "sklearn", "PyTorch": "torch", "fused PyTorch": "torch"}

JOBS = [
    Job(455, (30, 16, 8, 2), 32, epochs=100),
    Job(1437, (64, 64, 32, 10), 64, epochs=30),
    Job(10000, (100, 128, 128, 10), 128, epochs=4),
    Job(20000, (784, 256, 128, 10), 128, epochs=1),
]
CALL_SECONDS = 0.5e-6  # of NumPy, at least
# By how much an update is to be faster than a peer's: peer, ratio, size
GOALS = [("scikit-learn", 4.5, 1), ("PyTorch", 1.35, 3), ("fused PyTorch", 1.35, 3)]
STACK = 16  # replicates; measured for jobs with fewer than 100 inputs

# Trainings with curves have a usual length
LONGER = [replace(job, epochs=epochs) for job, epochs in zip(JOBS, (100, 60, 20, 10), strict=True)]


def with_curves(job: Job) -> Job:
    """Add the points of `curve_every: auto`, with a dev set of a third of the examples."""
    config = {
        "data": "digits",  # a config needs a data set; only the shape below is used
        "learning_rate": 0.1,
        "iterations": job.updates,
        "hidden_layers": len(job.layers) - 2,
        "units": max(job.layers[1:-1]),
        "activation": "relu",
        "momentum": 0.9,
        "batch_size": job.batch,
    }
    dev = job.examples // 3
    shape = DataShape(job.layers[0], job.layers[-1], job.examples, dev, 1, "multiclass")
    every = resolve_curve_every(parse_config(config, "speed_training", "speed"), shape)
    return replace(job, every=every)


# --- one process for each library -----------------------------------------------------------------


class Runner:
    """A process of a program such as `training_timers.py`, which answers jobs with their times.

    It imports the package of the checkout that the program is in.
    """

    def __init__(
        self,
        name: str,
        program: str = training_timers.__file__,
        python: str | Path = sys.executable,
        pins: str = "",
    ) -> None:
        environment = numerics.pinned(pins or PINS_OF.get(name, "native"))
        self.process = subprocess.Popen(
            [str(python), program, name],
            env={**environment, "PYTHONPATH": str(Path(program).parents[1])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def time(self, job: Any) -> float:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps(asdict(job)), file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())

    def close(self) -> None:
        self.process.communicate()


@contextlib.contextmanager
def runners(
    names: Iterable[str], python: Path = Path(sys.executable)
) -> Iterator[dict[str, Runner]]:
    """Start a process for each name; those of peers run with `python`."""
    with contextlib.ExitStack() as stack:
        yield {
            name: stack.enter_context(
                contextlib.closing(Runner(name, python=python if name in PEERS else sys.executable))
            )
            for name in names
        }


# --- the tables ----------------------------------------------------------------------------------

Seconds = dict[str, float]


def measure(job: Job, curves: Job, rounds: int, runners: dict[str, Runner]) -> Iterator[Seconds]:
    """Yield the seconds of an update in each round; for ours also stacked, in parts and curves."""
    stack = replace(job, replicates=STACK, epochs=-(-job.epochs // 4))
    for _ in range(rounds):
        seconds = {name: runner.time(job) for name, runner in runners.items()}
        for name in ours(seconds):
            if job.layers[0] < 100:
                seconds[f"{name}, stack"] = runners[name].time(stack) / STACK
            for part in PARTS:
                seconds[f"{name}, {part}"] = runners[name].time(replace(job, part=part))
        seconds["no curves"] = runners["portable"].time(replace(curves, every=0))
        seconds["curves"] = runners["portable"].time(curves)
        print(".", end="", file=sys.stderr, flush=True)
        yield seconds


def ours(names: Iterable[str]) -> list[str]:
    return [name for name in ("portable", "avx512") if name in names]


def middle(rounds: list[Seconds], name: str) -> float:
    """Return the median; NaN if it was not timed."""
    found = [r[name] for r in rounds if name in r]
    return median(found) if found else float("nan")


def ratio(rounds: list[Seconds], longer: str, shorter: str) -> float:
    """Return the median of the ratios of each round; NaN if one of the two was not timed."""
    ratios = [r[longer] / r[shorter] for r in rounds if r.get(longer) and r.get(shorter)]
    return median(ratios) if ratios else float("nan")


def better(rounds: list[Seconds], suffix: str = "") -> str:
    """Return which of ours takes less time."""
    return min(ours(rounds[0]), key=lambda name: middle(rounds, name + suffix))


def row(job: Job, rounds: list[Seconds]) -> list[str]:
    best = better(rounds)
    times = [f"{middle(rounds, name) * 1e6:.1f}" for name in ("portable", "avx512", *PEERS)]
    ratios = [f"{ratio(rounds, peer, best):.2f}" for peer in PEERS]
    return [job.name, *times, best, *ratios, f"{ratio(rounds, 'curves', 'no curves') - 1:+.0%}"]


def limit_row(job: Job, rounds: list[Seconds]) -> list[str]:
    """Return what the better numerics need at least, and where they spend more."""
    best = better(rounds)
    whole, gemm = middle(rounds, best), middle(rounds, f"GEMM, {best}")
    arithmetic, calls = job.flops * gemm / (2 * GEMM**3), job.calls * CALL_SECONDS
    parts = [middle(rounds, f"{best}, {part}") for part in PARTS]
    times = [whole, arithmetic, calls, arithmetic + calls, *parts, whole - sum(parts)]
    return [
        job.name,
        best,
        *(f"{seconds * 1e6:.1f}" for seconds in times),
        f"{(arithmetic + calls) / whole:.0%}",
        f"{arithmetic / whole:.0%}",
    ]


def stack_row(job: Job, rounds: list[Seconds]) -> list[str]:
    best = better(rounds, ", stack")
    times = [f"{middle(rounds, f'{name}, stack') * 1e6:.2f}" for name in ("portable", "avx512")]
    ratios = [f"{ratio(rounds, name, f'{best}, stack'):.1f}" for name in (best, *PEERS)]
    return [job.name, *times, best, *ratios]


def goals(measured: dict[Job, list[Seconds]]) -> Iterator[str]:
    """Yield a sentence for each goal whose peer was timed."""
    jobs = list(measured.items())
    for peer, goal, size in GOALS:
        if size < len(jobs) and peer in jobs[size][1][0]:
            job, rounds = jobs[size]
            best = better(rounds)
            found = ratio(rounds, peer, best)
            faster = f"{job.name}: {found:.2f} times as fast as {peer} with {best}"
            yield f"{faster}, aim {goal}: {'reached' if found >= goal else 'missed'}."


def paragraphs(measured: dict[Job, list[Seconds]], peer_versions: str) -> Iterator[str]:
    every = [r for rounds in measured.values() for r in rounds]
    peaks = [
        f"{name} {2 * GEMM**3 / middle(every, f'GEMM, {name}') / 1e9:.0f}"
        for name in ours(every[0])
    ]
    yield f"""\
Microseconds of processor time for a parameter update, shuffling included; medians of
{len(next(iter(measured.values())))} rounds, one thread each, on {processor()} with \
{os.cpu_count()} cores. GEMM peak, {GEMM}x{GEMM},
float32, one thread, GFLOP/s: {", ".join(peaks)}. {versions("numpy")}{peer_versions}.
nan: it is not installed, or this is no machine for it."""
    header = ["training", "portable", "avx512", *PEERS, "better", *(f"{p} / better" for p in PEERS)]
    rows = [row(job, rounds) for job, rounds in measured.items()]
    yield report.table([*header, "curves add"], rows)
    yield "\n".join(f"- {sentence}" for sentence in goals(measured)) or "No goal was timed."
    yield f"""\
What an update needs at least: its arithmetic at the speed of the GEMM, and its calls of NumPy at
{CALL_SECONDS * 1e6} microseconds. Then what its parts take, each timed by itself. The rest is what
they lose to each other (caches), the loop, dZ[L], and the curves' points before and after:"""
    header = ["training", "numerics", "update", "arithmetic", "calls", "limit", *PARTS, "rest"]
    rows = [limit_row(job, rounds) for job, rounds in measured.items()]
    yield report.table([*header, "limit / update", "arithmetic / update"], rows)
    yield f"{STACK} replicates in one stack, microseconds for each of them:"
    stacked = {job: rounds for job, rounds in measured.items() if job.layers[0] < 100}
    header = ["training", "portable", "avx512", "better", "alone / stacked"]
    rows = [stack_row(job, rounds) for job, rounds in stacked.items()]
    yield report.table([*header, *(f"{peer} / stacked" for peer in PEERS)], rows)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = report.parser_of(__file__, __doc__)
    parser.add_argument("--rounds", type=int, default=9)
    bench_python.add_option(parser)
    options = parser.parse_args(arguments)
    jobs, rounds = list(zip(JOBS, map(with_curves, LONGER), strict=True)), options.rounds
    if options.tiny:
        jobs = [(replace(job, epochs=1), replace(curves, epochs=2)) for job, curves in jobs[:2]]
        rounds = 1
    with runners(names(options.bench_python), options.bench_python) as started:
        measured = {job: list(measure(job, curves, rounds, started)) for job, curves in jobs}
    peer_versions = bench_python.versions(options.bench_python, ("sklearn", "torch"))
    report.write(options.out, __doc__, *paragraphs(measured, peer_versions))


def names(python: Path) -> list[str]:
    """Return what can be timed here."""
    mine = ["portable"]
    mine += ["avx512"] if numerics.supported_pins("avx512") == "avx512" else []
    peers = [peer for peer in PEERS if bench_python.has(python, MODULE_OF[peer])]
    return [*mine, *(f"GEMM, {name}" for name in mine), *peers]


if __name__ == "__main__":
    main()
