"""Whole searches by the real command, killed and stopped for real, on real databases.

MLflow takes seconds to import, so it is told only where the test is about what it has.
"""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

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
import dnnsearch.trial
true = dnnsearch.trial.run_trial
def flipped(spec, *rest):
    result = true(spec, *rest)
    if spec.number == 3:
        result.parameters.view("u4")[0, -1] ^= 1
    return result
dnnsearch.trial.run_trial = flipped
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


def run(folder: Path, *arguments: str, code: int = 0) -> str:
    """The output of a command that must end with `code`."""
    with start(folder, *arguments) as process:
        output, errors = process.communicate(timeout=120)
    assert process.returncode == code, errors
    return output + errors


def search(folder: Path, *arguments: str, code: int = 0) -> str:
    """A search that MLflow is not told of."""
    return run(folder, "search", "wine.yaml", "--set", "tracking=none", *arguments, code=code)


def fingerprint(folder: Path) -> str:
    return run(folder, "fingerprint", "wine").splitlines()[-1]


def wait_for_trials(folder: Path, count: int) -> None:
    """Until so many record files are there."""
    until = time.monotonic() + 60
    while len(list(folder.glob("records/wine/0*.npz"))) < count:
        assert time.monotonic() < until
        time.sleep(0.01)


def query(database: Path, sql: str) -> Sequence[tuple[object, ...]]:
    connection = sqlite3.connect(database)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def children(parent: int) -> set[int]:
    """The processes below a process."""
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
def undisturbed(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> str:
    """The fingerprint of the search that nothing happens to."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "wine.yaml").write_text(CONFIG)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DNNSEARCH_CACHE", str(cache))
        output = search(folder, "--workers", "2")
    found = re.search(r"fingerprint ([0-9a-f]{64})", output)
    assert found
    return found[1]


def test_one_worker_finds_what_two_find(folder: Path, undisturbed: str) -> None:
    search(folder, "--workers", "1")
    assert fingerprint(folder) == undisturbed


def test_a_study_that_is_extended_is_the_longer_study(folder: Path, undisturbed: str) -> None:
    search(folder, "--trials", "5")
    search(folder)
    assert fingerprint(folder) == undisturbed


def test_after_kill_9_the_same_command_ends_as_if_nothing_had_happened(
    folder: Path, undisturbed: str
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
    run(folder, "search", "wine.yaml")
    assert fingerprint(folder) == undisturbed
    assert_whole(folder, 8)


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.proof)],
)
def test_a_signal_ends_the_search_in_order_and_it_can_go_on(
    folder: Path, undisturbed: str, number: int, code: int
) -> None:
    with start(folder, "search", "wine.yaml") as running:
        wait_for_trials(folder, 3)
        running.send_signal(number)
        _, errors = running.communicate(timeout=10)
    assert running.returncode == code
    assert "To go on: dnnsearch search wine.yaml" in errors
    assert "Traceback" not in errors
    run(folder, "search", "wine.yaml")
    assert fingerprint(folder) == undisturbed
    assert_whole(folder, 8)


def test_a_flipped_bit_of_a_final_weight_changes_the_fingerprint(
    folder: Path, undisturbed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "sitecustomize.py").write_text(FLIP)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    search(folder)
    assert fingerprint(folder) != undisturbed


def test_a_second_search_on_the_same_study_is_refused_and_told_who_works_on_it(
    folder: Path,
) -> None:
    with start(
        folder, "search", "wine.yaml", "--set", "tracking=none", "--trials", "500"
    ) as running:
        wait_for_trials(folder, 1)
        refused = search(folder, code=2)
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=10)
    assert f"process {running.pid} on {os.uname().nodename} since" in refused


def test_another_definition_under_the_same_name_is_refused_with_the_keys(folder: Path) -> None:
    search(folder, "--trials", "1")
    refused = search(folder, "--set", "momentum=0.5", "--set", "seed=4", code=2)
    assert "momentum (was 0.9, is 0.5); seed (was 0, is 4)" in refused
    assert "--study NAME" in refused
    search(folder, "--trials", "1", "--set", "seed=4", "--study", "other")
