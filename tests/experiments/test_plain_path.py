"""The experiment that compares the plain network with that of an earlier checkout."""

import contextlib
import re
from pathlib import Path

import numpy as np
import pytest

from experiments import plain_path
from experiments.speed_training import JOBS, Runner

HERE = Path(plain_path.__file__).parents[1]

# The timers of a checkout that takes a second for each epoch
TIMERS = """
import json, sys
for line in sys.stdin:
    print(json.loads(line)["epochs"] * {factor}, flush=True)
"""


def checkout(folder: Path, factor: float) -> Path:
    program = folder / plain_path.PROGRAM
    program.parent.mkdir(parents=True)
    program.write_text(TIMERS.format(factor=factor))
    return program


def test_a_row_has_the_medians_and_the_interval_of_the_ratio():
    seconds = np.array([[2e-6, 2e-6], [4e-6, 6e-6], [9e-6, 9e-6]])
    assert plain_path.row("job", seconds) == ["job", "4.0", "6.0", "1.000", "1.000 to 1.500"]


def test_each_checkout_is_timed_by_its_own_program(tmp_path):
    job = plain_path.plain(JOBS[0])
    with contextlib.ExitStack() as stack:
        before, now = (
            stack.enter_context(
                contextlib.closing(Runner("dnnsearch", str(checkout(tmp_path / name, factor))))
            )
            for name, factor in {"before": 1, "now": 0.5}.items()
        )
        found = plain_path.measured(job, 3, before, now)
    assert found.tolist() == [[JOBS[0].epochs, JOBS[0].epochs / 2]] * 3


def test_a_job_of_both_checkouts_is_known_to_the_timers_of_this_one():
    with contextlib.closing(Runner("dnnsearch", str(HERE / plain_path.PROGRAM))) as runner:
        assert 0 < runner.time(plain_path.plain(JOBS[0])) < 60


@pytest.mark.proof
def test_the_tiny_mode_writes_a_row_for_each_training(tmp_path):
    out = tmp_path / "report.md"
    plain_path.main(["--tiny", "--before", str(HERE), "--out", str(out)])
    rows = re.findall(r"^\| (\d.*?) +\|", out.read_text(), re.MULTILINE)
    assert rows == list(plain_path.trainings())
    assert sum("in a stack" in row for row in rows) == 2
