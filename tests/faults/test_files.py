"""Covers real files and databases that are damaged, locked, old, or changed by hand."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.conftest import UNTRACKED, assert_whole, fingerprint, new_folder
from tests.support.preloaded import Preloaded

ONE = ("--workers=1", *UNTRACKED)
HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(600)
"""
OPTUNA = "import sys; from optuna.cli import main; sys.exit(main())"  # the program `optuna`


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Let another process hold the database's write lock."""
    arguments = [sys.executable, "-c", HOLD, str(database)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        yield
        holder.kill()


def change(database: Path, sql: str) -> None:
    connection = sqlite3.connect(database)
    with connection:
        connection.execute(sql)
    connection.close()


@pytest.fixture(scope="module")
def template(program: Preloaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("begun")
    with pytest.MonkeyPatch.context() as patch:
        new_folder(folder, patch)
        program.run(folder, "search", "wine.yaml", *ONE, "--trials=3")
    return folder


@pytest.fixture
def begun(template: Path, folder: Path) -> Path:
    """Return a folder with the first three trials."""
    shutil.copytree(template, folder, dirs_exist_ok=True)
    return folder


def go_on(program: Preloaded, folder: Path) -> str:
    found = fingerprint(program.run(folder, "search", "wine.yaml", *ONE))
    assert_whole(folder)
    return found


def test_a_truncated_and_a_changed_cache_file_are_never_used(
    program: Preloaded, begun: Path, undisturbed: str
) -> None:
    for path in begun.glob("cache/*/X_*.npy"):
        content = path.read_bytes()
        if "train" in path.name:
            path.write_bytes(content[: len(content) // 2])
        else:
            path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert go_on(program, begun) == undisturbed


def test_a_tampered_record_is_named_and_trained_again(
    program: Preloaded, begun: Path, undisturbed: str
) -> None:
    (path,) = begun.glob("records/wine/00001-*")
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"seconds"', b'"sec0nds"', 1))
    assert "is damaged" in program.run(begun, "fingerprint", "wine", code=2)
    assert go_on(program, begun) == undisturbed


def test_an_older_schema_of_optuna_is_one_line_with_the_command_that_upgrades_it(
    program: Preloaded, begun: Path, undisturbed: str
) -> None:
    change(begun / "optuna.db", "UPDATE alembic_version SET version_num = 'v3.0.0.d'")
    for command in (("search", "wine.yaml", *ONE), ("show", "wine")):
        said = program.run(begun, *command, code=2)
        assert "upgrade it with: optuna storage upgrade --storage sqlite:///optuna.db" in said
    upgrade = [sys.executable, "-c", OPTUNA, "storage", "upgrade"]
    upgrade += ["--storage", f"sqlite:///{begun / 'optuna.db'}"]
    subprocess.run(upgrade, check=True, capture_output=True)
    assert go_on(program, begun) == undisturbed


def test_an_older_schema_of_mlflow_is_one_line_before_anything_is_written(
    program: Preloaded, folder: Path
) -> None:
    change(folder / "mlflow.db", "CREATE TABLE alembic_version (version_num VARCHAR(32))")
    change(folder / "mlflow.db", "INSERT INTO alembic_version VALUES ('451aebb31d03')")
    said = program.run(folder, "search", "wine.yaml", code=2)
    assert "mlflow db upgrade sqlite:///mlflow.db" in said
    assert not (folder / "optuna.db").exists()


@pytest.mark.parametrize("count", [4, pytest.param(8, marks=pytest.mark.proof)])
def test_searches_that_start_at_once_on_an_empty_folder_leave_one_study(
    program: Preloaded, folder: Path, undisturbed: str, count: int
) -> None:
    command = ("search", "wine.yaml", *ONE, "--trials=1")
    searches = [program.start(folder, *command) for _ in range(count)]
    codes = [search.wait() for search in searches]
    assert set(codes) <= {0, 2}
    assert 0 in codes
    for search in searches:
        if search.wait() == 2:
            assert "study wine is in use by another process" in search.said
            assert "Traceback" not in search.said
    assert go_on(program, folder) == undisturbed


def test_a_search_waits_for_a_locked_database_but_not_after_ctrl_c(
    program: Preloaded, begun: Path, undisturbed: str
) -> None:
    with locked(begun / "optuna.db"):
        search = program.start(begun, "search", "wine.yaml", *ONE)
        time.sleep(1)
        sent = time.monotonic()
        search.kill(signal.SIGTERM)
        assert search.wait() == 143
        assert time.monotonic() - sent < 2.5
    assert go_on(program, begun) == undisturbed


@pytest.mark.proof
def test_a_database_that_stays_locked_is_one_line(
    program: Preloaded, begun: Path, undisturbed: str
) -> None:
    with locked(begun / "optuna.db"):
        said = program.run(begun, "search", "wine.yaml", "--quiet", *ONE, code=2)
    assert said == ("error: the storage sqlite:///optuna.db cannot be used: database is locked\n")
    assert go_on(program, begun) == undisturbed


@pytest.mark.proof
def test_eight_real_programs_start_at_once_with_mlflow(folder: Path, undisturbed: str) -> None:
    command = [sys.executable, "-m", "dnnsearch", "search", "wine.yaml", "--workers=1"]
    starts = [
        subprocess.Popen(command, cwd=folder, env=os.environ, stderr=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    errors = [start.communicate()[1] for start in starts]
    assert {start.returncode for start in starts} <= {0, 2}
    assert not any("Traceback" in error for error in errors)
    done = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    assert fingerprint(done.stdout) == undisturbed
    assert_whole(folder)
