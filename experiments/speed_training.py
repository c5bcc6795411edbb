"""How fast is one training, compared with scikit-learn and PyTorch?

Question:    how long does a parameter update take, shuffling included, and how much do curves add?
Scientific:  the library (dnnsearch; scikit-learn's MLPClassifier; PyTorch on the CPU, written as in
             its tutorials, or with its fused optimizer); the sizes of network and mini-batch; one
             network or 16 replicates in one stack; with curves or without
Nuisance:    other load on the machine: the libraries alternate in rounds, each in its own process;
             processor time is measured, and the table has the medians of the rounds
Fixed:       float32, relu, softmax, momentum 0.9, one thread each; dnnsearch with its default
             (portable) numerics, the others with what they choose for this machine
Command:     pip install '.[bench]', then python experiments/speed_training.py [--tiny]
Result:      experiments/speed_training.md, written by this program
"""

import contextlib
import importlib.util
import json
import os
import platform
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
from experiments import report, training_timers
from experiments.training_timers import GEMM, Job

REPORT = Path(__file__).with_suffix(".md")
# The numerics of those that are not measured as they are
PINS_OF = {"dnnsearch": "portable", "GEMM": "portable", "portable": "portable", "exact": "portable"}
PINS_OF["avx512"] = "avx512"
PEERS = ("scikit-learn", "PyTorch", "fused PyTorch")

JOBS = [
    Job(455, (30, 16, 8, 2), 32, epochs=100),
    Job(1437, (64, 64, 32, 10), 64, epochs=30),
    Job(10000, (100, 128, 128, 10), 128, epochs=4),
    Job(20000, (784, 256, 128, 10), 128, epochs=1),
]
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
    """A process of a program such as `training_timers.py`, which answers jobs with their times."""

    def __init__(
        self,
        name: str,
        program: str = training_timers.__file__,
        python: str | Path = sys.executable,
    ) -> None:
        environment = numerics.pinned(PINS_OF.get(name, "native"))
        self.process = subprocess.Popen(
            [str(python), program, name],
            env={**environment, "PYTHONPATH": str(REPORT.parents[1])},
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
def runners(names: Iterable[str]) -> Iterator[dict[str, Runner]]:
    started = {name: Runner(name) for name in names}
    try:
        yield started
    finally:
        for runner in started.values():
            runner.close()


# --- the table -----------------------------------------------------------------------------------

Seconds = dict[str, float]


def measure(job: Job, curves: Job, rounds: int, runners: dict[str, Runner]) -> Iterator[Seconds]:
    """Yield the seconds of an update in each round; for dnnsearch also with curves and stacked."""
    ours = runners["dnnsearch"]
    stack = replace(job, replicates=STACK, epochs=-(-job.epochs // 4))
    for _ in range(rounds):
        seconds = {name: runner.time(job) for name, runner in runners.items()}
        seconds["stack"] = ours.time(stack) / STACK if job.layers[0] < 100 else 0.0
        seconds["no curves"] = ours.time(replace(curves, every=0))
        seconds["curves"] = ours.time(curves)
        print(".", end="", file=sys.stderr, flush=True)
        yield seconds


def ratio(rounds: list[Seconds], longer: str, shorter: str) -> float:
    """Return the median of the ratios of each round; NaN if one of the two was not timed."""
    ratios = [r[longer] / r[shorter] for r in rounds if r.get(longer) and r.get(shorter)]
    return median(ratios) if ratios else float("nan")


def row(job: Job, rounds: list[Seconds]) -> list[str]:
    cells = [job.name]
    for name in ("dnnsearch", *PEERS):
        seconds = [r[name] for r in rounds if name in r]
        cells.append(f"{median(seconds) * 1e6:.1f}" if seconds else "not installed")
    cells += [f"{ratio(rounds, peer, 'dnnsearch'):.2f}" for peer in PEERS]
    share = job.flops / (2 * GEMM**3) * ratio(rounds, "GEMM", "dnnsearch")
    return [*cells, f"{share:.0%}", f"{ratio(rounds, 'curves', 'no curves') - 1:+.0%}"]


def stack_row(job: Job, rounds: list[Seconds]) -> list[str]:
    ratios = [f"{ratio(rounds, name, 'stack'):.1f}" for name in ("dnnsearch", *PEERS)]
    return [job.name, f"{median(r['stack'] for r in rounds) * 1e6:.2f}", *ratios]


def paragraphs(measured: dict[Job, list[Seconds]]) -> Iterator[str]:
    gemm = median(2 * GEMM**3 / r["GEMM"] for rounds in measured.values() for r in rounds)
    yield f"""\
Microseconds of processor time for a parameter update, shuffling included; medians of
{len(next(iter(measured.values())))} rounds, one thread each, on {processor()} with \
{os.cpu_count()} cores. GEMM peak, {GEMM}x{GEMM},
float32, one thread: {gemm / 1e9:.0f} GFLOP/s. {versions()}."""
    alone = ["training", "dnnsearch", *PEERS, *(f"{peer} / dnnsearch" for peer in PEERS)]
    rows = [row(job, rounds) for job, rounds in measured.items()]
    yield report.table([*alone, "share of GEMM peak", "curves add"], rows)
    yield f"{STACK} replicates in one stack, microseconds for each of them:"
    stack = ["training", "stacked", *(f"{name} / stacked" for name in ("dnnsearch", *PEERS))]
    rows = [stack_row(job, rounds) for job, rounds in measured.items() if rounds[0]["stack"]]
    yield report.table(stack, rows)


def processor() -> str:
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return platform.processor() or platform.machine()


def versions() -> str:
    from importlib.metadata import PackageNotFoundError, version

    found = [f"Python {platform.python_version()}"]
    for package in ("numpy", "scikit-learn", "torch"):
        with contextlib.suppress(PackageNotFoundError):
            found.append(f"{package} {version(package)}")
    return ", ".join(found)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = report.parser_of(__file__, __doc__)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args(arguments)
    jobs, rounds = list(zip(JOBS, map(with_curves, LONGER), strict=True)), options.rounds
    if options.tiny:
        jobs = [(replace(job, epochs=1), replace(curves, epochs=2)) for job, curves in jobs[:2]]
        rounds = 1
    with runners(["dnnsearch", "GEMM", *installed()]) as started:
        measured = {job: list(measure(job, curves, rounds, started)) for job, curves in jobs}
    report.write(options.out, __doc__, *paragraphs(measured))


def installed() -> list[str]:
    modules = {"scikit-learn": "sklearn", "PyTorch": "torch", "fused PyTorch": "torch"}
    return [peer for peer in PEERS if importlib.util.find_spec(modules[peer])]


if __name__ == "__main__":
    main()
