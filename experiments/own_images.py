"""How long is it from a file of images to the first trial's start, and in how much memory?

Question:    with 60,000 images of 28 x 28 pixels in gzipped idx files: seconds until the first
             trial is there, the first time and with prepared data in the cache; the most memory
             of the process that reads and prepares them
Scientific:  whether the cache has the prepared data
Nuisance:    the images: drawn here, half of their pixels black, or those of --data, a folder
Fixed:       the commands `new` and `search`, as a person types them; the config that `new` writes,
             with one short trial in place of its many
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
SHORT = {"trials": 1, "workers": 1, "iterations": 20, "hidden_layers": 1, "units": 16}


class Seen(NamedTuple):
    """What a process was seen to need."""

    first_trial: float  # seconds after its start; of `new`, its end
    memory: int  # bytes, at its worst moment


def draw(folder: Path, examples: int) -> None:
    """Images and labels to train on and to test with, by the names that MNIST gave them."""
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


def watch(arguments: Sequence[str], workplace: Path, database: Path | None = None) -> Seen:
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
    return Seen(first or time.monotonic() - start, memory)


def largest(pid: int) -> int:
    """The most bytes that the process has had in memory so far; 0 when it has just gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def has_trial(database: Path) -> bool:
    """Whether Optuna's database has a trial: it was asked, and a worker has it."""
    if not database.exists():
        return False
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return bool(connection.execute("select count(*) from trials").fetchone()[0])
    except sqlite3.OperationalError:  # it is being made
        return False


def measure(folder: Path, workplace: Path, tracking: str) -> dict[str, Seen]:
    """`new`, then `search` with an empty cache, then another study with the same data."""
    given = {**SHORT, "tracking": tracking}
    settings = [f"--set={key}={json.dumps(value)}" for key, value in given.items()]
    seen = {"new": watch(["new", str(folder), "--name", "images", *settings], workplace)}
    for study in ("first", "again"):
        database = workplace / f"{study}.db"
        options = ["--study", study, "--set", f"storage=sqlite:///{database}", "--quiet"]
        name = {"first": "search, first time", "again": "search, with the cache"}[study]
        seen[name] = watch(["search", "configs/images.yaml", *options], workplace, database)
    return seen


def rows(seen: dict[str, Seen], array: int) -> list[list[str]]:
    """The table; `array` is the size in bytes of the images as the network takes them."""
    return [
        [name, f"{one.first_trial:.1f}", f"{one.memory / 1e6:.0f}", f"{one.memory / array:.1f}"]
        for name, one in seen.items()
    ]


HEADER = ("command", "seconds", "MB at most", "times the array")


def main(given: Sequence[str] | None = None) -> None:
    """Measure, and write the table."""
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
        f"{examples} images and {examples // 6} to test with are {array / 1e6:.0f} MB in float32. "
        f"`new` and the first `search` together: {both:.1f} s. Seconds are those to the first "
        "trial, of `new` to its end."
    )
    report.write(options.out, __doc__ or "", report.table(HEADER, rows(seen, array)), note)


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = report.parser_of(__file__, __doc__ or "")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="idx files of that size")
    return parser.parse_args(given)


if __name__ == "__main__":
    main()
