"""Whole searches by the real command, killed and stopped, on real databases.

A search that is killed or stopped runs in a new process, as the user starts it; the commands before
and after it are forked from a program that has been imported once.
"""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.support.preloaded import Command, Preloaded

CONFIG = """
data: wine
trials: 8
parallelism: 3
learning_rate: {low: 0.01, high: 1.0, log: true}
iterations: {low: 200, high: 400}
hidden_layers: {low: 1, high: 2}
units: {low: 4, high: 16}
activation: [relu, tanh]
momentum: 0.9
batch_size: [16, full]
"""
FLIP = """
import dnnsearch.trials.run
true = dnnsearch.trials.run.run_trial
def flipped(spec, *rest):
    result = true(spec, *rest)
    if spec.number == 3:
        result.parameters.view("u4")[0, -1] ^= 1
    return result
dnnsearch.trials.run.run_trial = flipped
"""

LATE = """
import time
import dnnsearch.trials.run
true = dnnsearch.trials.run.run_trial
def late(spec, *rest):
    if spec.number == 0:
        time.sleep(600)
    return true(spec, *rest)
dnnsearch.trials.run.run_trial = late
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def folder(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DNNSEARCH_CACHE", str(cache))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "wine.yaml").write_text(CONFIG)
    return tmp_path


def start(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "dnnsearch", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


SEARCH = ("search", "wine.yaml", "--set=tracking=none")  # that MLflow is not told of


def fingerprint(said: str) -> str:
    """The fingerprint that a search prints at its end."""
    found = re.search(r"^fingerprint ([0-9a-f]{64})$", said, re.MULTILINE)
    assert found, said
    return found[1]


def wait_for_trials(folder: Path, count: int) -> None:
    """Wait until `count` record files exist."""
    until = time.monotonic() + 60
    while len(list(folder.glob("records/wine/0*.npz"))) < count:
        assert time.monotonic() < until
        time.sleep(0.01)


def wait_until_it_says(running: Command, text: str) -> None:
    """Wait until a command that was just started has printed this."""
    until = time.monotonic() + 60
    said = ""
    while text not in said:
        assert time.monotonic() < until, said
        time.sleep(0.01)
        with suppress(FileNotFoundError):  # it has printed nothing yet
            said = running.said


def query(database: Path, sql: str) -> Sequence[tuple[object, ...]]:
    connection = sqlite3.connect(database)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def children(parent: int) -> set[int]:
    """Process ids of all descendants of a process."""
    stats = [path.read_text() for path in Path("/proc").glob("[0-9]*/stat") if path.exists()]
    parents = {int(s.split()[0]): int(s.rpartition(")")[2].split()[1]) for s in stats}
    below = {pid for pid, above in parents.items() if above == parent}
    return below.union(*(children(pid) for pid in below))


def assert_whole(folder: Path, trials: int) -> None:
    """Optuna and MLflow have each trial once, and none of them is running."""
    optuna = query(folder / "optuna.db", "SELECT number, state FROM trials ORDER BY number")
    assert [number for number, _ in optuna] == list(range(trials))
    assert "RUNNING" not in {state for _, state in optuna}
    runs = query(folder / "mlflow.db", "SELECT status FROM runs WHERE lifecycle_stage = 'active'")
    assert len(runs) == trials + 1
    assert ("RUNNING",) not in runs


@pytest.fixture(scope="module")
def undisturbed(program: Preloaded, tmp_path_factory: pytest.TempPathFactory, cache: Path) -> str:
    """The fingerprint of the search that is not disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "wine.yaml").write_text(CONFIG)
    said = program.run(folder, *SEARCH, "--workers=2", DNNSEARCH_CACHE=str(cache))
    stored = program.run(folder, "fingerprint", "wine", DNNSEARCH_CACHE=str(cache))
    assert stored.splitlines()[-1] == fingerprint(said)
    return fingerprint(said)


def test_one_worker_finds_what_two_find(program: Preloaded, folder: Path, undisturbed: str) -> None:
    assert fingerprint(program.run(folder, *SEARCH, "--workers=1")) == undisturbed


def test_a_study_that_is_extended_is_the_longer_study(
    program: Preloaded, folder: Path, undisturbed: str
) -> None:
    program.run(folder, *SEARCH, "--trials=5", "--workers=2")
    assert fingerprint(program.run(folder, *SEARCH, "--workers=1")) == undisturbed
    again = program.run(folder, *SEARCH, "--trials=5", "--workers=1")  # it has 8, and keeps them
    assert "study wine has 8 trials already, and keeps them" in again
    assert "8 trials: 8 finished" in again and fingerprint(again) == undisturbed


def test_a_search_leaves_whole_databases_that_can_be_copied(folder: Path) -> None:
    with start(folder, "search", "wine.yaml", "--trials=2") as running:
        assert running.wait() == 0
    assert sorted(path.name for path in folder.glob("*.db*")) == [
        "mlflow.db",
        "optuna.db",
        "optuna.db.wine.lock",
    ]
    counts = {"optuna.db": "SELECT count(*) FROM trials", "mlflow.db": "SELECT count(*) FROM runs"}
    for database, count in counts.items():
        copy = shutil.copy(folder / database, folder / "copy.db")
        with closing(sqlite3.connect(copy)) as connection:
            assert connection.execute(count).fetchone()[0] >= 2


def test_after_kill_9_the_same_command_ends_as_if_nothing_had_happened(
    tracked: Preloaded, folder: Path, undisturbed: str
) -> None:
    with start(folder, "search", "wine.yaml", "--workers", "2") as running:
        wait_for_trials(folder, 3)
        left = children(running.pid)
        running.kill()
    assert left
    until = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() for pid in left):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert fingerprint(tracked.run(folder, "search", "wine.yaml")) == undisturbed
    assert_whole(folder, 8)


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.proof)],
)
def test_a_signal_ends_the_search_in_order_and_it_can_go_on(
    tracked: Preloaded, folder: Path, undisturbed: str, number: int, code: int
) -> None:
    with start(folder, "search", "wine.yaml") as running:
        wait_for_trials(folder, 3)
        running.send_signal(number)
        _, errors = running.communicate(timeout=10)
    assert running.returncode == code
    assert "To resume: dnnsearch search wine.yaml" in errors
    assert "Traceback" not in errors
    assert fingerprint(tracked.run(folder, "search", "wine.yaml")) == undisturbed
    assert_whole(folder, 8)


def test_trials_that_wait_for_their_turn_are_kept_when_a_search_is_stopped_and_it_says_so(
    program: Preloaded, folder: Path, undisturbed: str
) -> None:
    kept = "what is done is kept; 2 more are trained and kept, too"
    for _ in range(2):  # the second search finds the records of the first one
        running = program.start(folder, *SEARCH, "--workers=2", "--json", planted=LATE)
        wait_until_it_says(running, '"trial": 2, "state": "running"')
        wait_for_trials(folder, 2)
        time.sleep(0.3)  # it reads the last of the records
        running.kill(signal.SIGINT)
        assert running.wait() == 130
        assert f"stopped: 0 of 8 trials done; {kept}" in running.said
    said = program.run(folder, *SEARCH, "--trials=1", "--workers=1")
    begun = "trials 1, 2 were begun in an earlier search and are finished, too"
    assert f"{begun}, beyond the 1 asked for" in said
    assert "3 trials: 3 finished" in said
    said = program.run(folder, *SEARCH, "--workers=1")
    assert "were begun" not in said
    assert fingerprint(said) == undisturbed


def test_a_flipped_bit_of_a_final_weight_changes_the_fingerprint(
    program: Preloaded, folder: Path, undisturbed: str
) -> None:
    assert fingerprint(program.run(folder, *SEARCH, planted=FLIP)) != undisturbed


def test_a_second_search_on_the_same_study_is_refused_and_told_who_works_on_it(
    program: Preloaded, folder: Path
) -> None:
    running = program.start(folder, *SEARCH, "--trials=500", "--workers=1")
    wait_for_trials(folder, 1)
    refused = program.run(folder, *SEARCH, code=2)
    running.kill(signal.SIGTERM)
    assert running.wait() == 143
    assert f"process {running.pid} on {os.uname().nodename} since" in refused


def test_another_definition_under_the_same_name_is_refused_with_the_keys(
    program: Preloaded, folder: Path
) -> None:
    one = ("--trials=1", "--workers=1")
    program.run(folder, *SEARCH, *one)
    refused = program.run(folder, *SEARCH, "--set=momentum=0.5", "--set=seed=4", code=2)
    assert "momentum (was 0.9, is 0.5); seed (was 0, is 4)" in refused
    assert "--study NAME" in refused
    program.run(folder, *SEARCH, *one, "--set=seed=4", "--study=other")
