"""Our own command line, run from Python."""

from pathlib import Path

import pytest

from dnnsearch.errors import UserError
from dnnsearch.runtime.cli_process import run_cli
from dnnsearch.storage.study_lock import study_lock
from dnnsearch.study.leaderboard.ranking import leaderboards


def test_each_line_is_told_as_it_comes_and_kept() -> None:
    lines: list[str] = []
    code, said = run_cli(["--version"], lines.append)
    assert code == 0
    assert lines == [said]
    assert said.startswith("dnnsearch ")


def test_what_the_program_refuses_is_the_same_error_here() -> None:
    lines: list[str] = []
    with pytest.raises(UserError, match="^No such command 'nothing'"):
        run_cli(["nothing"], lines.append)
    assert lines == []


def test_an_interrupt_here_stops_the_program_in_order(tiny: Path) -> None:
    longer = ["search", "tiny.yaml", "--set", "tracking=none", "--set", "study=long"]

    def interrupt(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_cli([*longer, "--trials", "2000"], interrupt)
    with study_lock("sqlite:///optuna.db", "long"):  # nobody works on it any more
        (row,) = [board for board in leaderboards("sqlite:///optuna.db") if board.study == "long"]
    assert 1 <= len(row.rows) < 2000
