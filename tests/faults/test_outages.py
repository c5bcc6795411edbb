"""Covers whole searches while MLflow is away, or while the user deletes what it has.

The search continues, and publishes later what is missing. Short tests of the publisher are in
tests/tracking.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dnnsearch.tracking.environment import ALWAYS
from tests.faults.conftest import (
    TRIALS,
    UNTRACKED,
    assert_published,
    assert_whole,
    fingerprint,
    query,
)
from tests.faults.test_failpoints import die_at, inserted
from tests.faults.test_files import locked
from tests.support.preloaded import Command, Preloaded
from tests.support.servers import free_port, is_healthy

DELETED = "lifecycle_stage = 'deleted'"  # what MLflow's own deletion writes


def statuses(folder: Path) -> list[str]:
    """Return the statuses of all runs that are not deleted."""
    sql = "SELECT status FROM runs WHERE lifecycle_stage = 'active' ORDER BY status"
    return [status for (status,) in query(folder / "mlflow.db", sql)]


def write(folder: Path, sql: str) -> None:
    with_commit = [
        "-c",
        "import sqlite3, sys; c = sqlite3.connect('mlflow.db'); c.execute(sys.argv[1]); c.commit()",
    ]
    subprocess.run([sys.executable, *with_commit, sql], cwd=folder, check=True)


def test_publish_adds_what_is_missing_after_a_kill(tracked: Preloaded, folder: Path) -> None:
    die_at(tracked, folder, [inserted(3)])
    assert "RUNNING" in statuses(folder)
    assert "lacks none now" in tracked.run(folder, "publish", "wine")
    assert "RUNNING" not in statuses(folder)
    tracked.run(folder, "search", "wine.yaml")
    assert_published(folder)
    assert "lacked 0 of 7 trials" in tracked.run(folder, "publish", "wine")


FAILING = """
import sqlite3, time
import dnnsearch.trials.run
true = dnnsearch.trials.run.run_trial
def is_shown(number):
    sql = "SELECT 1 FROM tags WHERE key = 'dnnsearch.trial' AND value = ?"
    connection = sqlite3.connect("mlflow.db")
    try:
        return connection.execute(sql, [str(number)]).fetchall()
    finally:
        connection.close()
def run_trial(spec, *more):
    if spec.number < 2:
        return true(spec, *more)
    while spec.number == 2 and not is_shown(2):
        time.sleep(0.02)
    raise MemoryError("no room")
dnnsearch.trials.run.run_trial = run_trial
"""


@pytest.mark.proof
def test_trials_whose_failures_are_not_counted_do_not_stay_running(
    tracked: Preloaded, folder: Path
) -> None:
    tracked.run(folder, "search", "wine.yaml", "--trials=1")
    said = tracked.run(folder, "search", "wine.yaml", code=2, planted=FAILING)
    assert "3 trials in a row failed" in said
    assert "RUNNING" not in statuses(folder)
    tracked.run(folder, "search", "wine.yaml")
    assert_published(folder)


@pytest.mark.proof
def test_an_untracked_study_is_published_to_the_given_uri(tracked: Preloaded, folder: Path) -> None:
    tracked.run(folder, "search", "wine.yaml", *UNTRACKED)
    refused = tracked.run(folder, "publish", "wine", code=2)
    assert refused == "error: study wine is not tracked: say with --tracking URI where to\n"
    said = tracked.run(folder, "publish", "wine", "--tracking", "sqlite:///mlflow.db")
    assert "lacked 7 of 7 trials" in said
    assert_published(folder)


class Server:
    """A real MLflow server on the folder's database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        arguments = ["--backend-store-uri", "sqlite:///mlflow.db", "--port", str(self.port)]
        arguments += ["--artifacts-destination", "artifacts", "--workers", "1"]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mlflow", "server", *arguments],
                cwd=self.folder,
                env={**os.environ, **ALWAYS, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + 120
        while not is_healthy(self.uri):
            assert time.monotonic() < until
            time.sleep(0.1)

    def send(self, number: int) -> None:
        assert self.process
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        if self.process:
            self.send(signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    server.start()
    yield server
    server.kill()


SLOWLY = ("--set=iterations=20000", "--set=curve_every=5000", "--workers=1")


def ended(folder: Path) -> int:
    return len(list(folder.glob("records/wine/0*.npz")))


SAID_ONCE = "the search continues, and its trials are published later"
LACKING = "are not in MLflow yet; the same command, or dnnsearch publish wine, sends them"


UNTIL_IT_IS_BACK = """
import time
from pathlib import Path
import dnnsearch.trials.run
true = dnnsearch.trials.run.run_trial
def run_trial(spec, *more):
    while spec.number > 4 and not Path("back").exists():
        time.sleep(0.02)
    return true(spec, *more)
dnnsearch.trials.run.run_trial = run_trial
"""


def search_while_the_server_is_killed(
    tracked: Preloaded, server: Server, planted: str = ""
) -> Command:
    arguments = ("wine.yaml", *SLOWLY, "--set", f"tracking={server.uri}")
    search = tracked.start(server.folder, "search", *arguments, planted=planted)
    while ended(server.folder) < 2:
        time.sleep(0.01)
    server.kill()
    return search


@pytest.mark.proof
def test_the_server_is_killed_in_the_middle_and_comes_back(
    tracked: Preloaded, folder: Path, server: Server
) -> None:
    search = search_while_the_server_is_killed(tracked, server, UNTIL_IT_IS_BACK)
    while SAID_ONCE not in search.said:
        time.sleep(0.1)
    server.start()
    (folder / "back").touch()
    assert search.wait() == 0, search.said
    assert search.said.count(SAID_ONCE) == 1
    assert LACKING not in search.said
    server.kill()
    assert_whole(folder)
    assert_published(folder)


@pytest.mark.proof
@pytest.mark.parametrize("again", ["publish", "search"])
def test_the_server_does_not_come_back_before_the_search_ends(
    tracked: Preloaded, folder: Path, server: Server, again: str
) -> None:
    search = search_while_the_server_is_killed(tracked, server)
    assert search.wait() == 0, search.said
    assert search.said.count(SAID_ONCE) == 1
    assert LACKING in search.said
    away = tracked.run(folder, "publish", "wine", code=2)
    assert away.endswith("does not work: connection refused\n")
    server.start()
    tracking = ("--set", f"tracking={server.uri}")
    commands = {"publish": ("wine",), "search": ("wine.yaml", *SLOWLY, *tracking)}
    assert LACKING not in tracked.run(folder, again, *commands[again])
    server.kill()
    assert_whole(folder)
    assert_published(folder)


@pytest.mark.proof
def test_the_server_hangs_from_the_middle_to_the_end(
    tracked: Preloaded, folder: Path, server: Server
) -> None:
    arguments = ("wine.yaml", *SLOWLY, "--set", f"tracking={server.uri}")
    search = tracked.start(server.folder, "search", *arguments)
    while ended(server.folder) < 2:
        time.sleep(0.01)
    server.send(signal.SIGSTOP)  # it still accepts connections, but does not answer
    assert search.wait() == 0, search.said
    assert search.said.count(SAID_ONCE) == 1
    assert "no answer in time" in search.said
    assert LACKING in search.said
    server.send(signal.SIGCONT)
    while not is_healthy(server.uri):
        time.sleep(0.1)
    time.sleep(2)  # it first answers the requests of the time when it hung
    assert "lacks none now" in tracked.run(folder, "publish", "wine")
    server.kill()
    assert_whole(folder)
    assert_published(folder)


@pytest.mark.proof
def test_mlflows_database_stays_locked_while_a_whole_search_runs(
    tracked: Preloaded, folder: Path, undisturbed: str
) -> None:
    tracked.run(folder, "search", "wine.yaml", "--trials=2")
    with locked(folder / "mlflow.db"):
        said = tracked.run(folder, "search", "wine.yaml")
    assert said.count(SAID_ONCE) == 1
    assert "the database is locked by another process" in said
    assert LACKING in said
    assert fingerprint(said) == undisturbed
    tracked.run(folder, "search", "wine.yaml")
    assert_whole(folder)
    assert_published(folder)


@pytest.mark.proof
def test_a_run_that_the_user_deleted_stays_deleted(tracked: Preloaded, folder: Path) -> None:
    tracked.run(folder, "search", "wine.yaml", "--trials=4")
    run = "(SELECT run_uuid FROM tags WHERE key = 'dnnsearch.trial' AND value = '2')"
    write(folder, f"UPDATE runs SET {DELETED} WHERE run_uuid IN {run}")
    tracked.run(folder, "search", "wine.yaml")
    tracked.run(folder, "publish", "wine")
    assert len(statuses(folder)) == TRIALS + 1 - 1
    assert_whole(folder)


@pytest.mark.proof
@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("experiments", "the MLflow experiment 'wine' was deleted: restore it with `mlflow"),
        ("runs", "the run of study 'wine' was deleted in MLflow, so its trials are not published"),
    ],
)
def test_a_deleted_experiment_or_study_is_reported_once_and_the_search_continues(
    tracked: Preloaded, folder: Path, undisturbed: str, table: str, said: str
) -> None:
    tracked.run(folder, "search", "wine.yaml", "--trials=4")
    shutil.copy(folder / "mlflow.db", folder / "before.db")
    write(folder, f"UPDATE {table} SET {DELETED} WHERE name = 'wine'")
    search = tracked.run(folder, "search", "wine.yaml")
    assert search.count(said) == 1
    assert fingerprint(search) == undisturbed
    assert said in tracked.run(folder, "publish", "wine", code=2)
    shutil.copy(folder / "before.db", folder / "mlflow.db")  # the user restores it
    tracked.run(folder, "publish", "wine")
    assert_published(folder)
