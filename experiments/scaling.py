"""How far does one coordinator reach?

Question:    how many trials a second do 1, 2 and 4 workers make on this machine, what does a trial
             cost through Dask beyond the local pool, and how many workers can one coordinator feed?
Scientific:  who trains (the local pool, a Dask cluster on this machine); the number of workers;
             seconds a trial takes
Nuisance:    whatever else the machine does
Fixed:       digits, 1 hidden layer of 32 units; trials of 2,000 updates for the speed, of 20 for
             the cost of a trial; random sampling, so that asking costs the same at all times; no
             MLflow. The coordinator's own cost is the processor time of its process, by trial.
             Fed workers are played through on the virtual clock (`experiments.simulation`), with
             half as many virtual workers again and log-normal trials (sigma 0.3): the largest power
             of two of which a coordinator with that cost keeps 85 % busy
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
BUSY = 0.85  # the share of the workers' time that is to be training
SPREAD = 0.3  # of the trials' durations, as the sigma of their logarithm
PLAYED = 32  # workers at most that are played through; more of them share the last share
JOIN_SECONDS = 15.0


def seconds_of(folder: Path, config: dict[str, Any], workers: str) -> tuple[float, float]:
    """A search's seconds by the clock, and the processor time of its coordinator."""
    folder.mkdir()
    path = write_config(folder, "scaling", config)
    command = [sys.executable, "-m", "dnnsearch", "search", str(path), "-q", "--workers", workers]
    began = time.monotonic()
    process = subprocess.Popen(
        command, cwd=folder, env=environment(folder.parent / "cache"), stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime


def marginal(
    root: Path, name: str, iterations: int, trials: tuple[int, int], workers: str
) -> tuple[float, float]:
    """Seconds by the clock and of the coordinator, of one more trial."""
    config = {**CONFIG, "iterations": iterations}
    few, many = (
        seconds_of(root / f"{name}-{count}", {**config, "trials": count}, workers)
        for count in trials
    )
    more = trials[1] - trials[0]
    return (many[0] - few[0]) / more, max(many[1] - few[1], 0.0) / more


def fed(cost: float, seconds: float, most: int = 4096) -> int:
    """How many workers a coordinator keeps busy that takes `cost` seconds for each trial."""
    workers = 1
    while workers < most and busy(cost, seconds, workers * 2) >= BUSY:
        workers *= 2
    return workers


def busy(cost: float, seconds: float, workers: int) -> float:
    """The share of their time that so many workers train.

    The coordinator can begin a trial every `cost` seconds: whom it cannot feed has to wait.
    """
    return min(busy_by_order(min(workers, PLAYED)), seconds / (workers * cost))


@cache
def busy_by_order(workers: int) -> float:
    """The share that the order of the virtual clock allows, which does not depend on seconds."""
    chance = random.Random(0)
    durations = [round(10_000 * chance.lognormvariate(0, SPREAD)) for _ in range(workers * 32)]
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
                time.sleep(JOIN_SECONDS if count > 1 else 0)  # until all have come
                for who, workers in (("local pool", str(count)), ("Dask", address)):
                    each, _ = marginal(root, f"{who[0]}{count}-long", long, some, workers)
                    rows.append([who, count, f"{1 / each:.2f}"])
                    if count == 1:
                        costs[who] = marginal(root, f"{who[0]}-short", 20, short, workers)
    table = report.table(["who trains", "workers", "trials a second"], rows)
    (here, own), (there, over) = costs["local pool"], costs["Dask"]
    overhead = (
        f"A trial of 20 updates takes {1000 * here:.1f} ms in the local pool and "
        f"{1000 * there:.1f} ms through Dask, {1000 * (there - here):.1f} ms more. Through Dask "
        f"the coordinator's processor time is {1000 * over:.1f} ms; in the local pool, with that "
        f"of the worker, which is its child, {1000 * own:.1f} ms."
    )
    lasting = (1,) if asked.tiny else (1, 10, 100)
    feeds = [[s, fed(max(over, 1e-4), s, 16 if asked.tiny else 4096)] for s in lasting]
    header = ["seconds a trial takes", f"workers kept {BUSY:.0%} busy, at least"]
    machine = f"Measured on {os.cpu_count()} cores."
    report.write(asked.out, __doc__, machine, table, overhead, report.table(header, feeds))


if __name__ == "__main__":
    main()
