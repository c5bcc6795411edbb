"""Covers the lock of a study, next to a SQLite file and in PostgreSQL."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from dnnsearch.errors import UserError
from dnnsearch.storage.postgresql_lock import LostLock
from dnnsearch.storage.study_lock import study_lock
from tests.support.databases import PostgreSQL

HOLD = """
import sys, time
from dnnsearch.storage.study_lock import study_lock
with study_lock(sys.argv[1], "digits"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> "Iterator[subprocess.Popen[str]]":
    with holding(f"sqlite:///{tmp_path}/optuna.db") as process:
        yield process


@contextmanager
def holding(storage: str) -> "Iterator[subprocess.Popen[str]]":
    """Start a process that holds the lock of `digits`."""
    arguments = [sys.executable, "-c", HOLD, storage]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_holder_is_refused_with_the_name_of_the_first(
    tmp_path: Path, holder: "subprocess.Popen[str]"
) -> None:
    with (
        pytest.raises(UserError, match=f"process {holder.pid} on .* since 20"),
        study_lock(f"sqlite:///{tmp_path}/optuna.db", "digits"),
    ):
        pass


def test_the_command_of_the_holder_is_named(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/optuna.db"
    with study_lock(storage, "digits", "why"):
        again = [sys.executable, "-c", HOLD, storage]
        said = subprocess.run(again, capture_output=True, text=True, check=False).stderr
    assert re.search(rf"process {os.getpid()} on .* since 20.* \(dnnsearch why\)$", said.strip())


def test_another_study_is_free(tmp_path: Path, holder: "subprocess.Popen[str]") -> None:
    with study_lock(f"sqlite:///{tmp_path}/optuna.db", "wine/a b"):
        pass


def test_a_dead_holder_does_not_block(tmp_path: Path, holder: "subprocess.Popen[str]") -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with study_lock(f"sqlite:///{tmp_path}/optuna.db", "digits"):
        pass


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(UserError, match="cannot be opened"),
        study_lock(f"sqlite:///{tmp_path}/missing/optuna.db", "digits"),
    ):
        pass


@pytest.fixture
def remote_holder(address: str) -> "Iterator[subprocess.Popen[str]]":
    with holding(address) as process:
        yield process


def test_in_postgresql_a_second_holder_is_refused_and_a_dead_one_does_not_block(
    address: str, remote_holder: "subprocess.Popen[str]"
) -> None:
    refused = f"digits is in use .* process {remote_holder.pid} on {os.uname().nodename} since"
    with pytest.raises(UserError, match=refused), study_lock(address, "digits"):
        pass
    with study_lock(address, "wine/a b"):
        pass
    remote_holder.send_signal(signal.SIGKILL)
    remote_holder.wait()
    _until_free(address)


def test_in_postgresql_the_command_of_the_holder_is_named_whatever_its_machine_is_called(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "a-machine-in-the-cellar.example")
    monkeypatch.setattr("os.getpid", lambda: 4_194_303)  # the largest of Linux
    refused = r"process 4194303 on a-machine-in-the since 20\d\d-.*Z \(dnnsearch promote\)$"
    with (
        study_lock(address, "digits", "promote"),
        pytest.raises(UserError, match=refused),
        study_lock(address, "digits"),
    ):
        pass


def _until_free(address: str) -> None:
    """Wait until the server has noticed that the session has ended."""
    for _ in range(100):
        with suppress(UserError), study_lock(address, "digits"):
            return
        time.sleep(0.1)
    raise AssertionError("a dead holder still blocks the study")


def test_a_lock_whose_session_was_ended_is_lost_for_good(
    address: str, postgresql: PostgreSQL
) -> None:
    end = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
    with study_lock(address, "digits") as check:
        check()
        postgresql.execute(address.rpartition("/")[2], end)
        for _ in range(2):
            with pytest.raises(LostLock, match="the lock of study digits in postgresql://owner@"):
                check()
        with study_lock(address, "digits") as check_again:
            check_again()
