"""Covers the progress of long commands: what a terminal shows, and what a log gets."""

import signal
import sys
from contextlib import suppress

import pytest

from dnnsearch.cli import progress
from dnnsearch.cli.progress import ERASE, bar, counter, loading, progress_printer, resumable
from dnnsearch.cli.signals import Stopped


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


def test_a_log_gets_a_line_only_if_it_has_changed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "LOG_SECONDS", 0)
    with counter("trainings", "wine  ") as report:
        for done in (3.9, 4.0, 4.2, 4.7, 5.0):
            report(done, 7)
    lines = [f"wine  {done} of 7 trainings" for done in (3, 4, 5)]
    assert capsys.readouterr().err.splitlines() == lines


def test_a_terminal_shows_one_line_that_is_erased_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(progress, "TERMINAL_SECONDS", 0)
    with counter("records read") as report:
        report(1, 2)
    with counter("records read", silent=True) as report:
        report(1, 2)
    assert capsys.readouterr() == ("", f"{ERASE}{bar(0.5)}  1 of 2 records read{ERASE}")


def test_a_step_after_a_full_bar_has_a_line_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with counter("trials compared") as report:
        report(40, 40)
        report.say("evaluating the test set")
        report.note("the data have moved")
    said = capsys.readouterr().err
    assert f"compared{ERASE}evaluating the test set ...\n{ERASE}the data have moved\n" in said


def test_a_terminal_shows_the_time_that_is_left_and_text_stays_above_the_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = iter(range(0, 1000, 10))
    monkeypatch.setattr("time.monotonic", lambda: next(now))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with counter("trainings", "digits  ") as report:
        report.begin("preparing")
        report(0, 4)
        report(1.5, 4)
        report.say("testing")
    *_, shown, line, _ = capsys.readouterr().err.split(ERASE)
    assert shown == f"digits  {bar(0.375)}  1 of 4 trainings, 0:17 left"
    assert line == f"testing ...\n{shown}"


def test_a_full_bar_gives_way_to_what_goes_on_after_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with counter("trainings", "digits  ") as report:
        report(4, 4)
        report.say("evaluating the test set")
        assert report.count == "4 of 4 trainings"  # which Ctrl-C still says
    *_, line, end = capsys.readouterr().err.split(ERASE)
    assert (line, end) == ("evaluating the test set ...\n", "")


def test_what_loads_is_shown_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with loading("reading digits"):
        pass
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with loading("reading digits", silent=True):
        pass
    with loading("reading digits"):
        pass
    assert capsys.readouterr().err == f"{ERASE}reading digits ...{ERASE}"


def test_a_signal_before_anything_is_counted_says_that_nothing_was_begun(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["dnnsearch", "promote", "digits"])
    with suppress(Stopped), resumable():
        raise Stopped(signal.SIGINT)
    assert capsys.readouterr().err.splitlines() == [
        "stopped: nothing was begun yet; what is stored is kept",
        "To resume: dnnsearch promote digits",
    ]


def test_a_signal_prints_how_far_the_command_is_beside_the_one_that_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["dnnsearch", "promote", "digits"])
    with suppress(Stopped), resumable() as reached:
        reached.text = lambda: "2 of 6 trainings"
        raise Stopped(signal.SIGINT)
    assert capsys.readouterr().err.splitlines() == [
        "stopped: 2 of 6 trainings; what is done is kept",
        "To resume: dnnsearch promote digits",
    ]
