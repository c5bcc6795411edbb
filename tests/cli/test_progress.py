"""Covers the progress of long commands: what a terminal shows, and what a log gets."""

import sys

import pytest

from dnnsearch.cli import progress
from dnnsearch.cli.progress import counter, progress_printer


def test_a_step_is_printed_on_standard_error_unless_silent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    progress_printer(silent=False)("reading records")
    progress_printer(silent=True)("training")
    assert capsys.readouterr() == ("", "reading records ...\n")


def test_a_log_gets_no_line_within_the_first_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    with counter("trials compared") as report:
        report(1, 2)
    assert capsys.readouterr() == ("", "")


def test_a_log_gets_whole_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "LOG_SECONDS", 0)
    with counter("trials compared", "digits: ") as report:
        report(1, 2)
        report(2, 2)
    lines = "digits: 1 of 2 trials compared\ndigits: 2 of 2 trials compared\n"
    assert capsys.readouterr() == ("", lines)


def test_a_terminal_shows_one_line_that_is_erased_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(progress, "TERMINAL_SECONDS", 0)
    with counter("records read") as report:
        report(1, 2)
    with counter("records read", silent=True) as report:
        report(1, 2)
    assert capsys.readouterr() == ("", "\r1 of 2 records read\r\033[K")
