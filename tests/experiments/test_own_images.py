"""The experiment from image files to the first trial: its tiny mode and its two measurements."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from experiments import own_images as experiment


@pytest.mark.proof  # three starts of the whole program
def test_the_tiny_mode_draws_images_searches_them_twice_and_writes_the_table(
    tmp_path: Path,
) -> None:
    out = tmp_path / "own_images.md"
    experiment.main(["--tiny", "--out", str(out)])
    lines = [line for line in out.read_text().splitlines() if line.startswith("|")]
    assert [line.split("|")[1].strip() for line in lines[2:]] == [
        "new",
        "search, first time",
        "search, with the cache",
    ]
    assert all(float(line.split("|")[2]) > 0 for line in lines[2:])


def test_a_trial_is_there_once_its_row_is(tmp_path: Path) -> None:
    database = tmp_path / "x.db"
    assert not experiment.has_trial(database)
    connection = sqlite3.connect(database)
    connection.execute("create table trials (number)")
    assert not experiment.has_trial(database)
    connection.execute("insert into trials values (0)")
    connection.commit()
    assert experiment.has_trial(database)
    connection.close()


def test_memory_is_the_most_that_there_was() -> None:
    block = "x = bytearray(80_000_000); x[::4096] = b'x' * len(x[::4096]); del x"
    program = f"{block}; print('gone', flush=True); input()"
    arguments = [sys.executable, "-c", program]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"gone\n"
        assert experiment.largest(process.pid) > 80_000_000
        process.kill()
    assert experiment.largest(process.pid) == 0
