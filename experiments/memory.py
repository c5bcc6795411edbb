"""How much private memory does a worker need while it trains on large data?

Private memory is not shared with any other process (`Private_Clean` and `Private_Dirty` in
/proc/PID/smaps). The memory map of the data does not count, although a page of it is private as
long as only one worker has read it.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from dnnsearch.runtime.numerics import pinned, supported_pins
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.spec import ARITHMETIC, Spec
from dnnsearch.workers import Done, LocalWorkers
from experiments.processes import workers_of

BARE = "import numpy, time; print('ready', flush=True); time.sleep(60)"
CLASSES = 10
SAMPLE_SECONDS = 0.05


def private_megabytes(examples: int, features: int, workers: int) -> float:
    """Return the most private MB of any worker, less those of a bare Python with NumPy."""
    with tempfile.TemporaryDirectory(prefix="dnnsearch-memory-") as folder:
        store = ArrayStore(Path(folder))
        specs = specs_on(store, examples, features, 2 * workers)
        return (worst(store, specs, workers) - bare()) / 1e6


def specs_on(store: ArrayStore, examples: int, features: int, trials: int) -> list[Spec]:
    """Return trials of `features`-256-128-10 networks on random data.

    The values of the data do not change the memory.
    """
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((examples, features), np.float32), rng.integers(0, CLASSES, examples)
    address = store.put(
        {"X_train": X, "y_train": y, "X_dev": X[: examples // 6], "y_dev": y[: examples // 6]}
    )
    hyperparameters = Hyperparameters(0.01, 300, (256, 128), "relu", 0.9, 128)
    return [
        Spec(
            hyperparameters=hyperparameters,
            seed=0,
            number=number,
            data="",
            split="",
            arrays=address,
            features=features,
            outputs=CLASSES,
            train_examples=examples,
            output="softmax",
            objective="dev_accuracy",
            initialization="he",
            dtype="float32",
            curve_every=100,
            numerics=supported_pins("portable"),
            arithmetic=ARITHMETIC,
        )
        for number in range(trials)
    ]


def worst(store: ArrayStore, specs: list[Spec], count: int) -> int:
    """Train these trials; return the most private bytes of any worker."""
    workers = LocalWorkers(count, specs[0].numerics, store.root)
    try:
        for spec in specs:
            workers.submit(spec)
        most, done = 0, 0
        while done < len(specs):
            done += sum(isinstance(event, Done) for event in workers.poll(SAMPLE_SECONDS))
            found = [private(pid, store.root.resolve()) for pid in workers_of(os.getpid())]
            most = max([most, *found])
        return most
    finally:
        workers.close()


def bare() -> int:
    """Return the private bytes of an interpreter that has only imported NumPy."""
    with subprocess.Popen(
        [sys.executable, "-c", BARE], stdout=subprocess.PIPE, env=pinned("native")
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(SAMPLE_SECONDS)
        found = private(process.pid)
        process.kill()
    return found


def private(pid: int, but: Path | None = None) -> int:
    """Return the private bytes of a process, except maps of files under `but`; 0 if it has ended.

    In smaps a line such as `7f12-7f34 r--p 0 08:01 4711 /path` precedes the numbers of a mapping.
    """
    kilobytes, counts = 0, True
    try:
        lines = Path(f"/proc/{pid}/smaps").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    for line in lines:
        name, *rest = line.split(maxsplit=5)
        if not name.endswith(":"):
            counts = but is None or not Path(rest[-1]).is_relative_to(but)
        elif name.startswith("Private_") and counts:
            kilobytes += int(rest[0])
    return 1024 * kilobytes
