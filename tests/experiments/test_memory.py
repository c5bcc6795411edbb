"""The private memory of real processes."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from experiments.memory import private

SLEEP = "import sys, time; x = bytearray(int(sys.argv[1])); print(flush=True); time.sleep(60)"


def private_with(size: int) -> int:
    with subprocess.Popen(
        [sys.executable, "-c", SLEEP, str(size)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = private(process.pid)
        process.kill()
    return found


def test_what_a_process_holds_alone_is_counted() -> None:
    more = private_with(50_000_000) - private_with(0)
    assert 49_000_000 < more < 55_000_000


def test_a_process_that_has_gone_holds_nothing() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert private(process.pid) == 0


@pytest.mark.flaky(reruns=1)  # the kernel may take back pages of a map in between
def test_a_map_of_the_data_is_not_counted(tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", np.ones(2_000_000))
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert X.sum() == 2_000_000  # all pages of it are ours alone now
    counted = private(os.getpid(), but=tmp_path)
    half = X.nbytes // 2  # what is left of it if the kernel has taken pages back
    assert private(os.getpid()) - counted > half
    assert private(os.getpid(), but=tmp_path / "elsewhere") > counted + half
