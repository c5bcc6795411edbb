"""How many workers does one coordinator keep busy, and what is its limit?

Question:    at how many trials per second does a coordinator saturate that asks, tells, and writes
             Optuna's rows, records and MLflow as in any search, and what takes its time?
Scientific:  the number of workers (16, 64, 256); the sampler
Nuisance:    other load on the machine. The workers sleep in one process, MLflow writes in another
             one; so two cores are enough
Fixed:       the real coordinator on digits, parallelism 1.5 times the workers, SQLite for Optuna
             and for MLflow; trials of 2 s on average, whose lengths differ by a factor of 4, with
             11 points on each curve. No trial is asked after 20 s. A worker is busy while it
             sleeps, from the start of the first trial to the end of the last. `order allows` is
             that share in a simulation in which nothing but sleeping takes time. MLflow is behind
             by the time between the last trial and its last row
Command:     python experiments/coordinator_limit.py [--tiny] [--seconds 20]
Result:      experiments/coordinator_limit.md, written by this program
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dnnsearch.runtime import numerics
from experiments import report
from experiments.machine import measured_on
from experiments.processes import environment, write_config
from experiments.simulation import Simulation

WORKERS: tuple[int, ...] = (16, 64, 256)
SAMPLERS: tuple[str, ...] = ("random", "tpe")
TRIAL_SECONDS = 2.0  # on average
MIN_BUSY_SHARE = 0.85
MAX_SECONDS = 600.0  # of one search, MLflow included
CONFIG: dict[str, Any] = {
    "data": "digits",
    "trials": 100_000,
    "learning_rate": {"low": 0.001, "high": 1.0, "log": True},
    "iterations": {"low": 1000, "high": 4000},
    "curve_every": 400,
    "hidden_layers": [1, 2],
    "units": 32,
    "activation": ["relu", "tanh"],
    "momentum": {"low": 0.0, "high": 0.95},
    "batch_size": 64,
}
PARTS = ("asking", "telling", "spec", "Optuna's rows", "records", "to MLflow", "the rest")


# --- the coordinator, in a process of its own -----------------------------------------------------


class Stopwatch:
    """Adds up the seconds that functions take, by name; one inside another counts there alone."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._inner = [0.0]

    def time(self, owner: Any, attribute: str, name: str) -> None:
        """Time a function of a class or module from now on."""
        function: Callable[..., Any] = getattr(owner, attribute)

        def timed(*arguments: Any, **options: Any) -> Any:
            began = time.perf_counter()
            self._inner.append(0.0)
            try:
                return function(*arguments, **options)
            finally:
                took = time.perf_counter() - began
                self.seconds[name] = self.seconds.get(name, 0.0) + took - self._inner.pop()
                self._inner[-1] += took

        setattr(owner, attribute, timed)


def watched_parts() -> Stopwatch:
    """Return a stopwatch that times each part of the coordinator from now on."""
    from dnnsearch.storage.optuna_storage import Rows
    from dnnsearch.study.definition import Definition
    from dnnsearch.study.replayed_study import ReplayedStudy
    from dnnsearch.tracking.publisher_process import ProcessPublisher
    from dnnsearch.trials.record_store import RecordMemo
    from experiments.sleeping_workers import SleepingWorkers

    watch = Stopwatch()
    watch.time(ReplayedStudy, "ask", "asking")
    watch.time(ReplayedStudy, "tell", "telling")
    watch.time(Definition, "spec", "spec")
    watch.time(Rows, "ask", "Optuna's rows")
    watch.time(Rows, "tell", "Optuna's rows")
    watch.time(RecordMemo, "find", "records")
    watch.time(RecordMemo, "save", "records")
    watch.time(ProcessPublisher, "put", "to MLflow")
    watch.time(SleepingWorkers, "poll", "waiting")
    return watch


def coordinate(config_path: str, workers: int, seconds: float) -> None:
    """Run a search with sleeping workers; print how it went as JSON."""
    from dnnsearch.config.config import load_config
    from dnnsearch.study import search
    from dnnsearch.study.coordinator import Coordinator
    from dnnsearch.tracking.publisher_process import ProcessPublisher
    from experiments.sleeping_workers import SleepingWorkers

    found: dict[str, Any] = {}

    @contextmanager
    def sleeping(definition: Any, *_: Any) -> Iterator[SleepingWorkers]:
        middle = definition.spec(0, middle_of_space(), [])
        pool = SleepingWorkers(workers, TRIAL_SECONDS / middle.cost(middle.updates))
        try:
            yield pool
        finally:
            found["use"] = pool.close()

    def run(self: Coordinator, *arguments: Any) -> None:
        began, processor = time.perf_counter(), time.process_time()
        try:
            real_run(self, *arguments)
        finally:
            found["seconds"] = time.perf_counter() - began
            found["processor"] = time.process_time() - processor
            found["ended"] = time.perf_counter()
            found["trials"] = self.asked

    def close(self: ProcessPublisher, deadline: float) -> int:
        lacking = real_close(self, deadline)
        found["behind"] = time.perf_counter() - found["ended"]
        return lacking

    real_run, real_close = Coordinator.run, ProcessPublisher.close
    watch = watched_parts()
    replaced: tuple[tuple[Any, str, Any], ...] = (
        (Coordinator, "run", run),
        (ProcessPublisher, "close", close),
        (search, "open_workers", sleeping),  # the only seam: all else is the search itself
    )
    for owner, name, replacement in replaced:
        setattr(owner, name, replacement)
    search.search(load_config(config_path), seconds=seconds, observer=search.NoObserver())
    print(json.dumps({**found, "parts": watch.seconds, "use": found["use"].__dict__}))


def middle_of_space() -> Any:
    """Return hyperparameters whose cost is that of the average trial, nearly."""
    from dnnsearch.trials.hyperparameters import Hyperparameters

    return Hyperparameters(0.1, 2500, (32,), "relu", 0.5, 64)


# --- the table ------------------------------------------------------------------------------------


def measure(sampler: str, workers: int, seconds: float) -> dict[str, Any]:
    """Return how a search with so many sleeping workers went."""
    with tempfile.TemporaryDirectory(prefix="dnnsearch-limit-") as name:
        folder = Path(name)
        config = {**CONFIG, "sampler": sampler, "parallelism": workers * 3 // 2}
        path = write_config(folder, "limit", config)
        command = [sys.executable, __file__, "--coordinate", str(path), str(workers), str(seconds)]
        ours = {"PYTHONPATH": str(Path(__file__).parents[1])}
        env = numerics.pinned("portable", {**environment(folder / "cache"), **ours})
        done = subprocess.run(
            command, env=env, cwd=folder, check=True, stdout=subprocess.PIPE, timeout=MAX_SECONDS
        )
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return {**found, "sampler": sampler, "workers": workers, "allowed": allowed(path, workers)}


def allowed(config: Path, workers: int) -> float:
    """Return the busy share of the same trials if nothing but sleeping took time."""
    from dnnsearch.trials.record import decode

    records = sorted((config.parent / "records" / "limit").glob("0*.npz"))
    costs = [decode(path.read_bytes()).cost for path in records]
    return Simulation(costs, workers * 3 // 2, workers).busy_share()


def own_seconds(found: dict[str, Any]) -> float:
    """Return the seconds in which the coordinator did not wait for its workers."""
    return float(found["seconds"] - found["parts"].get("waiting", 0.0))


def row(found: dict[str, Any]) -> list[str]:
    trials, use, own = found["trials"], found["use"], own_seconds(found)
    busy = use["slept"] / found["workers"] / use["seconds"]
    parts = {name: found["parts"].get(name, 0.0) for name in PARTS[:-1]}
    parts["the rest"] = own - sum(parts.values())
    return [
        found["sampler"],
        str(found["workers"]),
        str(trials),
        f"{trials / use['seconds']:.1f}",
        f"{busy:.0%}",
        f"{found['allowed']:.0%}",
        f"{own / found['seconds']:.0%}",
        f"{own / trials * 1e3:.1f}",
        *(f"{seconds / trials * 1e3:.1f}" for seconds in parts.values()),
        f"{found['behind']:.1f}",
    ]


def limits(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield a sentence for each sampler: the rate at which the coordinator saturates."""
    for sampler in dict.fromkeys(one["sampler"] for one in found):
        last = [one for one in found if one["sampler"] == sampler][-1]
        rate = last["trials"] / own_seconds(last)
        counts = ", ".join(
            f"{MIN_BUSY_SHARE * rate * seconds:.0f} with trials of {seconds} s"
            for seconds in (2, 10, 60)
        )
        yield (
            f"- {sampler}: {1e3 / rate:.1f} ms of the coordinator for a trial, so at most "
            f"{rate:.0f} trials per second. It keeps {counts} workers busy "
            f"{MIN_BUSY_SHARE:.0%} of their time, if the order of trials allows it."
        )


def main(given: Sequence[str] | None = None) -> None:
    parser = report.parser_of(__file__, __doc__)
    parser.add_argument("--seconds", type=float, default=20.0, metavar="S")
    asked = parser.parse_args(given)
    workers, samplers, seconds = WORKERS, SAMPLERS, asked.seconds
    if asked.tiny:
        workers, samplers, seconds = (16,), ("random",), 2.0
    found = []
    for sampler in samplers:
        for count in workers:
            found.append(measure(sampler, count, seconds))
            print(*row(found[-1]), flush=True)
    header = ["sampler", "workers", "trials", "trials per s", "busy", "order allows"]
    header += ["coordinator busy", "ms per trial", *PARTS, "MLflow behind, s"]
    table = report.table(header, [row(one) for one in found])
    report.write(asked.out, __doc__, table, "\n".join(limits(found)), measured_on())


if __name__ == "__main__":
    if sys.argv[1:2] == ["--coordinate"]:
        coordinate(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
    else:
        main()
