"""How many workers can one coordinator keep busy?

Question:    how many trials per second do 1, 2 and 4 workers finish on this machine, how much more
             does a trial cost through Dask than in the local pool, and how many workers can one
             coordinator keep busy?
Scientific:  the workers (local pool, or a Dask cluster on this machine) and their number; the
             duration of a trial
Nuisance:    other load on the machine
Fixed:       digits, 1 hidden layer of 32 units; trials of 2,000 updates for the speed, of 20 for
             the cost of a trial; random sampling, so that asking always costs the same; no MLflow.
             The coordinator's cost is the processor time of its process per trial. The workers
             kept busy are not measured: they are computed from that cost and a simulation of the
             virtual clock (`experiments.simulation`) with log-normal trials (sigma 0.3) and a
             parallelism of 1.5 times the workers. The table shows the largest power of two, up
             to 4096, at which the workers train at least 85 % of the time
Command:     python experiments/scaling.py [--tiny]
Result:      scaling.md, written by this program
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

from experiments import report
from experiments.cluster_demo import dask
from experiments.machine import measured_on
from experiments.processes import environment, write_config
from experiments.simulation import Simulation

CONFIG: dict[str, Any] = {
    "data": "digits",
    "sampler": "random",
    "tracking": "none",
    "parallelism": 8,
    "learning_rate": {"low": 0.01, "high": 0.5, "log": True},
    "hidden_layers": 1,
    "units": 32,
    "activation": "relu",
    "momentum": 0.9,
    "batch_size": 64,
    "curve_every": 1000,
}
MIN_BUSY_SHARE = 0.85  # of the workers' time
DURATION_SIGMA = 0.3  # standard deviation of the logarithm of a trial's duration
MAX_SIMULATED_WORKERS = 32  # for more workers the share of 32 is taken
JOIN_SECONDS = 15.0  # until all Dask workers have joined


def seconds_of(folder: Path, config: dict[str, Any], workers: str) -> tuple[float, float]:
    """Run a search; return its seconds and the processor time (s) of its coordinator."""
    folder.mkdir()
    path = write_config(folder, "scaling", config)
    command = [sys.executable, "-m", "dnnsearch", "search", str(path), "-q", "--workers", workers]
    started = time.monotonic()
    process = subprocess.Popen(
        command, cwd=folder, env=environment(folder.parent / "cache"), stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return time.monotonic() - started, usage.ru_utime + usage.ru_stime


def marginal(
    root: Path, name: str, iterations: int, trials: tuple[int, int], workers: str
) -> tuple[float, float]:
    """Return the seconds, and the coordinator's processor time (s), of one more trial."""
    config = {**CONFIG, "iterations": iterations}
    few, many = (
        seconds_of(root / f"{name}-{count}", {**config, "trials": count}, workers)
        for count in trials
    )
    more = trials[1] - trials[0]
    return (many[0] - few[0]) / more, max(many[1] - few[1], 0.0) / more


def workers_kept_busy(cost: float, seconds: float, most: int = 4096) -> int:
    """Return how many workers a coordinator that needs `cost` seconds per trial keeps busy."""
    workers = 1
    while workers < most and busy(cost, seconds, workers * 2) >= MIN_BUSY_SHARE:
        workers *= 2
    return workers


def busy(cost: float, seconds: float, workers: int) -> float:
    """Return the share of time in which this many workers train.

    The coordinator can start a trial every `cost` seconds; a worker without a trial waits.
    """
    return min(busy_by_order(min(workers, MAX_SIMULATED_WORKERS)), seconds / (workers * cost))


@cache
def busy_by_order(workers: int) -> float:
    """Return the share that the virtual clock's order allows; it does not depend on seconds."""
    rng = random.Random(0)
    durations = [round(10_000 * rng.lognormvariate(0, DURATION_SIGMA)) for _ in range(workers * 32)]
    virtual = workers + (workers + 1) // 2
    return Simulation(durations, parallelism=virtual, workers=workers).busy_share()


def main(given: Sequence[str] | None = None) -> None:
    asked = report.arguments(__file__, __doc__, given)
    counts = (1,) if asked.tiny else (1, 2, 4)
    long, short = (100, (2, 4)) if asked.tiny else (2000, (20, 220))
    some = (2, 4) if asked.tiny else (8, 72)
    rows, costs = [], {}
    with tempfile.TemporaryDirectory(prefix="dnnsearch-scaling-") as name:
        root = Path(name)
        for count in counts:
            (root / f"dask-{count}").mkdir()
            with ExitStack() as servers:
                address = servers.enter_context(dask(root / f"dask-{count}", count))
                time.sleep(JOIN_SECONDS if count > 1 else 0)
                for pool, workers in (("local pool", str(count)), ("Dask", address)):
                    each, _ = marginal(root, f"{pool[0]}{count}-long", long, some, workers)
                    rows.append([pool, count, f"{1 / each:.2f}"])
                    if count == 1:
                        costs[pool] = marginal(root, f"{pool[0]}-short", 20, short, workers)
    table = report.table(["workers", "number", "trials per second"], rows)
    (here, own), (there, over) = costs["local pool"], costs["Dask"]
    overhead = (
        f"A trial of 20 updates takes {1000 * here:.1f} ms in the local pool and "
        f"{1000 * there:.1f} ms through Dask, {1000 * (there - here):.1f} ms more. Through Dask "
        f"the coordinator's processor time is {1000 * over:.1f} ms; in the local pool it is "
        f"{1000 * own:.1f} ms, which includes the worker, a child process."
    )
    lasting = (1,) if asked.tiny else (1, 10, 100)
    feeds = [
        [s, workers_kept_busy(max(over, 1e-4), s, 16 if asked.tiny else 4096)] for s in lasting
    ]
    header = ["seconds per trial", f"workers kept {MIN_BUSY_SHARE:.0%} busy (computed)"]
    report.write(asked.out, __doc__, measured_on(), table, overhead, report.table(header, feeds))


if __name__ == "__main__":
    main()
