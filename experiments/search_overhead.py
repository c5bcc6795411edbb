"""What does a search cost in addition to its training?

Question:    how many trials per second does a search finish, compared with a script of the usual
             libraries that tracks the same; how much time is added to the training of a trial; what
             does a second worker gain, and how much memory do large data need?
Scientific:  the program: dnnsearch; or Optuna, MLPClassifier and MLflow, written in the usual way
             (`usual`) or by an expert (`expert`); the number of trials and of workers
Nuisance:    other load on the machine: the programs alternate in rounds, and the table has the
             medians of the rounds
Fixed:       digits, 1437 training examples, 64-52-52-10 on average (as much arithmetic as
             64-64-32-10), 300 updates of 64 examples, 14 points of four curves, SQLite for Optuna
             and for MLflow; from the start of the process in an empty folder to its end. The
             prepared data and the empty databases are cached, as after any earlier search
Command:     python experiments/search_overhead.py [--tiny] [--long] [--rounds 3]
Result:      search_overhead.md, written by this program. The floor is two thirds of the aim
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from dnnsearch.storage.array_store import default_root
from dnnsearch.study.stored_study import open_study
from experiments import report
from experiments.machine import measured_on
from experiments.memory import private_megabytes
from experiments.processes import finish, start, write_config

NAME = "overhead"
CONFIG: dict[str, Any] = {
    "data": "digits",
    "split": {"dev": 0.194, "test": 0.006},
    "curve_every": 23,
    "learning_rate": {"low": 0.01, "high": 1.0, "log": True},
    "iterations": 300,
    "hidden_layers": 2,
    "units": {"low": 40, "high": 64},
    "activation": "relu",
    "momentum": {"low": 0.5, "high": 0.98},
    "batch_size": 64,
}
ABOUT_A_SECOND = {
    **CONFIG,
    "curve_every": 500,
    "iterations": 6000,
    "units": {"low": 120, "high": 136},
    "batch_size": 128,
}
Row = tuple[str, str, float, str, float, bool]  # work, measured, figure, unit, aim, more is better


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="dnnsearch-overhead-") as name:
        yield Path(name)


def search(place: Path, config: dict[str, Any], trials: int, workers: int) -> float:
    """Run a search in an empty folder; return its seconds, as its user waits for it."""
    path = write_config(place, NAME, {**config, "trials": trials})
    started = time.monotonic()
    finish(start(path, ["--workers", str(workers)], cache=default_root()))
    return time.monotonic() - started


def usual_stack(variant: str, trials: int) -> float:
    """Return the seconds of the same search with the usual libraries; a failed run is repeated."""
    program = Path(__file__).with_name("usual_stack.py")
    command = [sys.executable, "-W", "ignore", str(program)]
    while True:
        with folder() as place:
            started = time.monotonic()
            done = subprocess.run(
                [*command, str(place), str(trials), variant],
                check=False,
                stderr=subprocess.PIPE,
                text=True,
            )
            seconds = time.monotonic() - started
        if done.returncode == 0:
            return seconds
        print(f"the {variant} stack failed: {done.stderr.splitlines()[-1]}", file=sys.stderr)


def dnnsearch(trials: int, workers: int) -> float:
    with folder() as place:
        return search(place, CONFIG, trials, workers)


def own_cost(trials: int) -> float:
    """Return the milliseconds per trial that a search with one worker adds to the training."""
    with folder() as place:
        seconds = search(place, CONFIG, trials, workers=1)
        return 1000 * (seconds - training_seconds(place)) / trials


def training_seconds(place: Path) -> float:
    study = open_study(NAME, f"sqlite:///{place}/optuna.db")
    return sum(float(trial.user_attrs["dnnsearch"]["seconds"]) for trial in study.trials())


def seconds_about_a_second(trials: int, workers: int) -> float:
    with folder() as place:
        return search(place, ABOUT_A_SECOND, trials, workers)


def against_the_usual(trials: int, rounds: int) -> list[Row]:
    """Time the three programs in turn; return two rows."""
    seconds: dict[str, list[float]] = {"dnnsearch": [], "expert": [], "usual": []}
    for _ in range(rounds):
        seconds["dnnsearch"].append(dnnsearch(trials, workers=2))
        for variant in ("expert", "usual"):
            seconds[variant].append(usual_stack(variant, trials))
    mine, expert, usual = (median(seconds[name]) for name in ("dnnsearch", "expert", "usual"))
    rates = ", ".join(f"{name} {trials / median(s):.2f}" for name, s in seconds.items())
    work = f"search of {trials} trials, 2 workers"
    return [
        (work, f"trials per second: {rates}", usual / mine, "times usual", 15, True),
        (work, "the same", expert / mine, "times expert", 4, True),
    ]


def own_costs(counts: dict[int, float], rounds: int) -> list[Row]:
    """Return a row for each number of trials and its aim (ms per trial)."""
    rows: list[Row] = []
    for trials, aim in counts.items():
        cost = median(own_cost(trials) for _ in range(rounds if trials <= 100 else 1))
        work = f"search of {trials} trials, 1 worker"
        rows.append((work, "in addition to the training", cost, "ms per trial", aim, False))
    return rows


def second_worker(trials: int, rounds: int) -> list[Row]:
    """Time searches with one worker and with two in turn; return the row."""
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for workers, found in seconds.items():
            found.append(seconds_about_a_second(trials, workers))
    one, two = median(seconds[1]), median(seconds[2])
    measured = f"{one:.0f} s with one worker, {two:.0f} s with two"
    return [(f"{trials} trials of about a second", measured, one / two, "times", 1.85, True)]


def memory(examples: int, workers: int) -> list[Row]:
    figure = private_megabytes(examples, 784, workers)
    work = f"{examples}x784, {workers} workers"
    return [
        (work, "private memory, less that of Python with NumPy", figure, "MB per worker", 60, False)
    ]


def line(row: Row) -> list[str]:
    """Return a row of the table, with the verdict: aim reached, floor held, or missed."""
    work, measured, figure, unit, aim, more = row
    share = figure / aim if more else aim / figure
    verdict = "reached" if share >= 1 else "floor held" if share >= 2 / 3 else "missed"
    return [work, measured, f"{figure:.3g} {unit}", f"{aim:g}", verdict]


def main(given: Sequence[str] | None = None) -> None:
    parser = report.parser_of(__file__, __doc__)
    parser.add_argument("--long", action="store_true", help="also a search of 2,000 trials")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="number of rounds")
    asked = parser.parse_args(given)
    if asked.tiny:
        rows = [*own_costs({2: 60}, 1), *memory(1000, 2)]
    else:
        dnnsearch(trials=1, workers=1)  # fills the cache
        counts = {100: 60.0, **({2000: 150.0} if asked.long else {})}
        rows = [*against_the_usual(100, asked.rounds), *own_costs(counts, asked.rounds)]
        rows += [*second_worker(40, asked.rounds), *memory(60_000, 4)]
    header = ["work", "measured", "figure", "aim", "aim is"]
    report.write(
        asked.out, __doc__, report.table(header, [line(row) for row in rows]), measured_on()
    )


if __name__ == "__main__":
    main()
