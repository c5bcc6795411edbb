"""Covers `rm`, `clean` and `ui`: nothing else is removed."""

import os
import re
import socket
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from dnnsearch.deployment.champion import champion_path, save_champion
from dnnsearch.storage import optuna_storage
from dnnsearch.storage.study_lock import study_lock
from dnnsearch.study.stored_study import open_study
from tests.cli.conftest import Command
from tests.support.preloaded import Preloaded


@pytest.fixture
def alone(tiny: Path) -> Path:
    """Return the study's folder without MLflow, whose import takes seconds."""
    (tiny / "mlflow.db").unlink()
    return tiny


def test_rm_removes_the_study_its_records_and_its_runs_in_mlflow(
    tracked: Preloaded, tiny: Path
) -> None:
    said = tracked.run(tiny, "rm", "tiny", "--yes")
    assert said == (
        "removed study tiny: 5 trials, their records, 6 runs in MLflow, where their files stay "
        "until `mlflow gc`\n"
    )
    with sqlite3.connect("mlflow.db") as database:
        states = database.execute("SELECT DISTINCT lifecycle_stage FROM runs").fetchall()
    assert states == [("deleted",)]
    with sqlite3.connect("optuna.db") as database:
        assert database.execute("SELECT * FROM studies").fetchall() == []
    assert list((tiny / "records").iterdir()) == []


def test_rm_without_mlflow_removes_the_rest(command: Command, alone: Path) -> None:
    assert "0 runs in MLflow" in command("rm", "tiny", "--yes")[1]
    assert command("list")[1].count("\n") == 1
    assert not Path("mlflow.db").exists()


def test_rm_asks_and_removes_nothing_without_a_yes(
    command: Command, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, errors = command("rm", "tiny")
    assert (code, "add --yes" in errors) == (2, True)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: "n")
    code, said, errors = command("rm", "tiny")
    assert (code, errors) == (2, "")
    assert said == (
        "This removes 5 trials with their records. The config, the data, reports, lock files and "
        "exports stay.\nstudy tiny was kept\n"
    )
    assert command("show", "tiny")[0] == 0
    monkeypatch.setattr("builtins.input", lambda question: "yes")
    assert command("rm", "tiny")[0] == 0
    assert command("show", "tiny")[0] == 2


def test_rm_says_that_the_champion_and_what_is_in_mlflow_go_and_what_stays(
    command: Command, tracked: Preloaded, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = open_study("tiny", "sqlite:///optuna.db")
    save_champion(study, b"a model")
    written = [Path("tiny.yaml"), Path("report.html")]
    written[1].write_text("<html>")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: "n")
    models = "the champion's model file, its runs and registered models in MLflow"
    goes = f"This removes 5 trials with their records, {models}. "
    assert command("rm", "tiny")[1].startswith(goes)
    assert champion_path(study).is_file()
    said = tracked.run(tiny, "rm", "tiny", "--yes")
    assert said.startswith("removed study tiny: 5 trials, their records, its champion, 6 runs in")
    assert not champion_path(study).exists()
    assert all(file.is_file() for file in written)


def test_rm_leaves_a_study_alone_that_another_process_works_on(
    command: Command, alone: Path
) -> None:
    with study_lock("sqlite:///optuna.db", "tiny"):
        code, _, errors = command("rm", "tiny", "--yes")
    assert code == 2
    assert f"process {os.getpid()} on " in errors
    assert command("show", "tiny")[0] == 0


def test_rm_removes_nothing_if_the_rows_cannot_be_removed(
    command: Command, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optuna_storage, "BUSY_SECONDS", 0.1)  # 10 s to wait for a lock
    before = sorted(path.name for path in (tiny / "records" / "tiny").iterdir())
    with closing(sqlite3.connect("optuna.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        code, _, errors = command("rm", "tiny", "--yes")
    assert (code, "database is locked" in errors) == (2, True), errors
    assert sorted(path.name for path in (tiny / "records" / "tiny").iterdir()) == before
    with closing(sqlite3.connect("mlflow.db")) as database:
        states = database.execute("SELECT DISTINCT lifecycle_stage FROM runs").fetchall()
    assert states == [("active",)]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_rm_removes_nothing_if_the_records_cannot_be_removed(command: Command, tiny: Path) -> None:
    records = tiny / "records" / "tiny"
    records.chmod(0o500)
    code, _, errors = command("rm", "tiny", "--yes")
    records.chmod(0o700)
    assert (code, "the folder is read-only" in errors) == (2, True)
    assert command("show", "tiny")[0] == 0


def test_clean_empties_the_cache_and_leaves_the_files_of_others(
    command: Command, alone: Path
) -> None:
    cache = alone / "cache"
    (cache / "photos").mkdir()
    (cache / "notes.txt").write_text("mine")
    code, output, _ = command("clean")
    assert code == 0 and re.match(r"removed \d\.\d\d MB", output)
    assert sorted(path.name for path in cache.iterdir()) == ["notes.txt", "photos"]


def test_clean_without_a_cache_is_not_an_error(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "none"))
    assert command("clean")[0] == 0


def test_ui_starts_mlflow_on_this_machine_only(
    command: Command, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[str, list[str], dict[str, str]]] = []
    monkeypatch.setattr(os, "execve", lambda *arguments: started.append(arguments))
    code, output, _ = command("ui", "--port", "51239")
    ((_, arguments, environment),) = started
    assert code == 0
    assert "MLflow's UI starts" in output
    assert "http://127.0.0.1:51239" in " ".join(arguments)
    health, text, page = arguments[arguments.index("server") - 3 : arguments.index("server")]
    assert health == "http://127.0.0.1:51239/health"
    assert "ready: MLflow's UI" in text
    assert page == ""  # the output is no terminal
    assert arguments[arguments.index("--host") + 1] == "127.0.0.1"
    assert arguments[arguments.index("--backend-store-uri") + 1] == "sqlite:///mlflow.db"
    assert environment["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] == "false"


def test_a_port_that_is_taken_is_an_error_in_one_line(command: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, _, errors = command("ui", "--port", str(port))
    assert code == 2
    assert (
        errors
        == f"error: port {port} is not free (address already in use): add --port {port + 1}\n"
    )
