"""Covers our command line in a process of its own, and the name that it prints for itself."""

import os
import sys
from pathlib import Path

import pytest

from dnnsearch.errors import UserError
from dnnsearch.runtime.cli_process import program_name, run_cli
from dnnsearch.storage.study_lock import study_lock
from dnnsearch.study.leaderboard.ranking import leaderboards


def test_each_line_is_reported_as_it_comes_and_returned() -> None:
    lines: list[str] = []
    code, output = run_cli(["--version"], lines.append)
    assert code == 0
    assert lines == [output]
    assert output.startswith("dnnsearch ")


def test_an_error_of_the_program_is_the_same_error_here() -> None:
    lines: list[str] = []
    with pytest.raises(UserError, match="^No such command 'nothing'"):
        run_cli(["nothing"], lines.append)
    assert lines == []


def test_an_interrupt_here_stops_the_program_cleanly(tiny: Path) -> None:
    longer = ["search", "tiny.yaml", "--set", "tracking=none", "--set", "study=long"]

    def interrupt(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_cli([*longer, "--trials", "2000"], interrupt)
    with study_lock("sqlite:///optuna.db", "long"):  # no other process holds it any more
        (row,) = [board for board in leaderboards("sqlite:///optuna.db") if board.study == "long"]
    assert 1 <= len(row.rows) < 2000


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """Return a program called dnnsearch in a folder that is not on PATH."""
    path = tmp_path / "my bin" / "dnnsearch"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_a_program_that_is_not_on_path_is_printed_as_it_was_called(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(script.parent.parent)
    monkeypatch.setattr(sys, "argv", ["my bin/dnnsearch", "search"])
    assert program_name() == "'my bin/dnnsearch'"
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}/bin")
    assert program_name() == "dnnsearch"


@pytest.mark.parametrize(
    "called", ["", "-c", "dnnsearch", "/x/dnnsearch/__main__.py", "/x/ipykernel.py"]
)
def test_from_python_the_name_alone_is_printed(
    called: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [called])
    assert program_name() == "dnnsearch"
