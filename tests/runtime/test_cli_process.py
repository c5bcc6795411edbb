"""Covers our command line in a process of its own, and the name that it prints for itself."""

import json
import os
import sys
from pathlib import Path

import pytest

from dnnsearch.errors import UserError
from dnnsearch.runtime.cli_process import RESULT_VARIABLE, program_name, run_cli, send_result
from dnnsearch.storage.study_lock import study_lock
from dnnsearch.study.leaderboard.ranking import leaderboards
from tests.support.paths import first_on_path

STRAY = """
import sys
print('{"identical": false, "text": "not the result"}')
print("Traceback of a harmless warning", file=sys.stderr)
"""


def test_each_line_is_reported_as_it_comes() -> None:
    lines: list[str] = []
    assert run_cli(["--version"], lines.append) is None
    (line,) = lines
    assert line.startswith("dnnsearch ")


def test_a_result_arrives_as_it_was_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RESULT_VARIABLE, str(tmp_path / "result.json"))
    send_result({"text": "é", "difference": [0.1, None]})
    monkeypatch.delenv(RESULT_VARIABLE)
    send_result("printed by the command alone")
    document = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert document == {"text": "é", "difference": [0.1, None]}


def plant(code: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every Python process that starts run this code first."""
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", first_on_path(folder / "site"))


def test_no_line_among_the_output_is_taken_for_a_result_or_a_crash(
    tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(STRAY, tmp_path, monkeypatch)
    lines: list[str] = []
    result = run_cli(["rerun", "tiny/3"], lines.append)
    assert result["identical"] is True
    assert result["text"].startswith("tiny/3 identical")
    assert any("not the result" in line for line in lines)


def test_a_crash_is_a_runtime_error_with_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant("import atexit, os; atexit.register(lambda: os._exit(1))", tmp_path, monkeypatch)
    with pytest.raises(RuntimeError, match=r"dnnsearch --version ended with exit code 1"):
        run_cli(["--version"])


def test_an_error_of_the_program_is_the_same_error_here() -> None:
    lines: list[str] = []
    with pytest.raises(UserError, match="^No such command 'nothing'"):
        run_cli(["nothing"], lines.append)
    assert lines == []


def test_its_lines_arrive_whatever_the_encoding_of_python_is(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    lines: list[str] = []
    run_cli(["show", "tiny"], lines.append)
    assert any(" ± " in line for line in lines)


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
