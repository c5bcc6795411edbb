"""How long, and how much memory, does it take from image files to the start of the first trial?

Question:    with 60,000 images of 28 x 28 pixels in gzipped idx files: how many seconds until the
             first trial starts, with an empty cache and with the prepared data in the cache? What
             is the peak memory of the process that reads and prepares them?
Scientific:  whether the cache has the prepared data
Nuisance:    the images: generated with half of their pixels black, or those of the folder --data
Fixed:       the commands `new` and `search`, as a user types them; the config that `new` writes,
             with a single short trial
Command:     python experiments/own_images.py [--data FOLDER] [--tiny]
Result:      own_images.md, written by this program
"""

import argparse
import gzip
import json
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np

from experiments import report
from experiments.processes import environment

SIDE, CLASSES = 28, 10
POLL_SECONDS = 0.02
SHORT_SEARCH = {"trials": 1, "workers": 1, "iterations": 20, "hidden_layers": 1, "units": 16}


class Measurement(NamedTuple):
    """Time and memory of a process."""

    first_trial: float  # seconds from its start; for `new`, to its end
    memory: int  # peak, in bytes


def draw(folder: Path, examples: int) -> None:
    """Write random images and labels for training and test, with the file names of MNIST."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    for part, m in (("train", examples), ("t10k", examples // 6)):
        X = rng.integers(0, 256, (m, SIDE, SIDE), np.uint8)
        X[rng.random(X.shape, np.float32) < 0.5] = 0
        _write(folder / f"{part}-images-idx3-ubyte.gz", X)
        _write(folder / f"{part}-labels-idx1-ubyte.gz", rng.integers(0, CLASSES, m, np.uint8))


def _write(path: Path, array: np.ndarray) -> None:
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(head + array.tobytes())


def watch(arguments: Sequence[str], workplace: Path, database: Path | None = None) -> Measurement:
    """Run `dnnsearch` with these arguments until it ends."""
    start, first = time.monotonic(), 0.0
    command = [sys.executable, "-m", "dnnsearch", *arguments]
    cache = environment(workplace / "cache")
    with subprocess.Popen(command, cwd=workplace, env=cache, stdout=subprocess.DEVNULL) as process:
        memory = 0
        while process.poll() is None:
            memory = max(memory, largest(process.pid))
            if not first and database and has_trial(database):
                first = time.monotonic() - start
            time.sleep(POLL_SECONDS)
    if process.returncode != 0 or (database and not first):
        raise RuntimeError(f"{' '.join(arguments)} ended with {process.returncode}")
    return Measurement(first or time.monotonic() - start, memory)


def largest(pid: int) -> int:
    """Return the peak memory of the process in bytes; 0 if it has just ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def has_trial(database: Path) -> bool:
    """Return whether Optuna's database has a trial, which a worker then has."""
    if not database.exists():
        return False
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return bool(connection.execute("select count(*) from trials").fetchone()[0])
    except sqlite3.OperationalError:  # it is being created
        return False


def measure(folder: Path, workplace: Path, tracking: str) -> dict[str, Measurement]:
    """Run `new`, `search` with an empty cache, and another study with the same data."""
    given = {**SHORT_SEARCH, "tracking": tracking}
    settings = [f"--set={key}={json.dumps(value)}" for key, value in given.items()]
    seen = {"new": watch(["new", str(folder), "--name", "images", *settings], workplace)}
    for study in ("first", "again"):
        database = workplace / f"{study}.db"
        options = ["--study", study, "--set", f"storage=sqlite:///{database}", "--quiet"]
        name = {"first": "search, first time", "again": "search, with the cache"}[study]
        seen[name] = watch(["search", "configs/images.yaml", *options], workplace, database)
    return seen


def rows(seen: dict[str, Measurement], array: int) -> list[list[str]]:
    """Return the rows; `array` is the size of the images in bytes, as inputs of the network."""
    return [
        [name, f"{one.first_trial:.1f}", f"{one.memory / 1e6:.0f}", f"{one.memory / array:.1f}"]
        for name, one in seen.items()
    ]


HEADER = ("command", "seconds", "peak MB", "times the array")


def main(given: Sequence[str] | None = None) -> None:
    """Measure and write the table."""
    options = _arguments(given)
    examples = 600 if options.tiny else 60_000
    with tempfile.TemporaryDirectory(prefix="dnnsearch-images-") as temporary:
        workplace = Path(temporary)
        folder = options.data.resolve() if options.data else workplace / "drawn"
        if not options.data:
            draw(folder, examples)
        seen = measure(folder, workplace, "none" if options.tiny else "sqlite:///mlflow.db")
    array = 4 * (examples + examples // 6) * SIDE * SIDE
    both = seen["new"].first_trial + seen["search, first time"].first_trial
    note = (
        f"{examples} training and {examples // 6} test images are {array / 1e6:.0f} MB in float32. "
        f"`new` and the first `search` together: {both:.1f} s. The seconds of `search` are "
        "those to the start of the first trial, those of `new` to its end."
    )
    report.write(options.out, __doc__ or "", report.table(HEADER, rows(seen, array)), note)


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = report.parser_of(__file__, __doc__ or "")
    parser.add_argument(
        "--data", type=Path, metavar="FOLDER", help="a folder with idx files of this size"
    )
    return parser.parse_args(given)


if __name__ == "__main__":
    main()
