"""Covers the displays of a search: what they count and print."""

import io
import json
import math
import re
import sys

import pytest
from rich.console import Console

from dnnsearch.cli.display import Events, Lines, Quiet, Tally, display
from dnnsearch.cli.display.live import Live
from dnnsearch.cli.progress import bar, clock
from dnnsearch.workers import Progressed
from tests.support.shown_trials import PARAMS, busy, config, drawn, ended, view


def test_of_equal_trials_the_first_one_stays_the_best() -> None:
    tally = Tally(config())
    ended(tally, view(0, value=0.9), view(1, value=0.95), view(2, value=0.95))
    assert tally.best is not None
    assert tally.best.number == 1


def test_the_best_cost_is_the_smallest() -> None:
    tally = Tally(config(objective="dev_cost"))
    ended(tally, view(0, value=0.9), view(1, value=0.2), view(2, value=0.5))
    assert tally.best is not None
    assert tally.best.number == 1


def test_a_pruned_trial_is_never_the_best() -> None:
    tally = Tally(config())
    ended(tally, view(0, "pruned", 0.99), view(1, "diverged"))
    assert tally.best is None
    assert tally.ended_as == "1 pruned, 1 diverged"


def test_trials_of_an_earlier_search_do_not_count_for_the_time_that_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = iter(range(0, 1000, 10))
    monkeypatch.setattr("time.monotonic", lambda: next(now))
    tally = Tally(config(trials=6))
    tally.trial(view(0, value=0.9))
    tally.trial(view(1, value=0.9))
    assert tally.left is None
    ended(tally, view(2, value=0.9))
    tally.trial(view(3, "running"))
    tally.progressed(Progressed(3, 100, 0.5))
    assert tally.ended == 3
    assert tally.left == 10  # two of four were done in ten seconds


def test_an_interrupted_trial_has_not_ended() -> None:
    tally = Tally(config())
    tally.trial(view(0, "running"))
    tally.trial(view(0, "interrupted"))
    assert tally.ended == 0


def test_lines_are_printed_for_trials_that_ended_in_this_search(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = Lines(Tally(config()))
    lines.on_trial(view(0, value=0.5))  # of an earlier search
    for one in (view(1, value=0.9, seconds=0.25), view(2, "failed", reason="Trace\nBad: luck")):
        lines.on_trial(view(one.number, "running"))
        lines.on_trial(one)
    best, end = "best 0.9000 (trial 1)", "finished dev_accuracy 0.9000 in 0.25 s"
    assert capsys.readouterr().out.splitlines() == [
        f"trial 1 relu 64-32 lr 0.03: {end} [2/4, {best}]",
        f"trial 2 relu 64-32 lr 0.03: failed: Bad: luck [3/4, {best}]",
    ]


def test_quiet_prints_messages_only_on_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    quiet = Quiet()
    quiet.on_trial(view(0, value=0.5))
    quiet.on_progress(Progressed(0, 1, 0.5))
    quiet.on_message("MLflow is away")
    assert capsys.readouterr() == ("", "MLflow is away\n")


def test_every_event_is_a_json_object_on_a_line_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    events = Events(Tally(config()))
    events.on_stage("preparing the data")
    events.on_stored([view(0, value=0.5)])
    events.on_total(4)
    events.on_trial(view(0, value=0.5))  # of an earlier search
    events.on_trial(view(1, "running"))
    events.on_progress(Progressed(1, 50, 0.875))
    events.on_trial(view(1, "diverged", final={"dev_cost": math.inf}))
    events.on_message("MLflow is away\n")
    stage, start, *printed = [json.loads(x) for x in capsys.readouterr().out.splitlines()]
    for one in (stage, start, *printed):
        assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", one.pop("time"))
    assert stage == {"event": "stage", "text": "preparing the data"}
    best = {"trial": 0, "value": 0.5}
    counts = {"ended": 1, "trials": 4, "best": best}
    assert start == {"event": "start", "study": "digits", **counts}
    assert [one["event"] for one in printed] == ["trial", "trial", "progress", "trial", "message"]
    assert (printed[0]["new"], printed[0]["value"], printed[0]["ended"]) == (False, 0.5, 1)
    assert printed[1]["state"] == "running"
    assert printed[1]["hyperparameters"] == PARAMS
    progress = {"trial": 1, "iteration": 50, "iterations": 100, "dev_accuracy": 0.875}
    assert printed[2] == {"event": "progress", **progress}
    assert (printed[3]["new"], printed[3]["final"]) == (True, {"dev_cost": None})
    assert printed[3]["best"] == best


def test_lines_begin_with_what_is_done_if_the_search_is_resumed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = Lines(Tally(config()))
    lines.on_stored([view(0, value=0.5)])
    lines.on_total(4)
    lines.on_trial(view(0, value=0.5))
    expected = "study digits: 1 of 4 trials done, best 0.5000 (trial 0)\n"
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize(("no_color", "coloured"), [("1", False), ("", True)])
def test_no_color_is_respected(
    monkeypatch: pytest.MonkeyPatch, no_color: str, coloured: bool
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("COLORTERM", raising=False)
    text = drawn(Live(busy(), Console(file=io.StringIO(), force_terminal=True)))
    assert ("\x1b[32m" in text) == coloured


def test_a_message_is_not_taken_for_markup() -> None:
    live = Live(Tally(config()), Console(file=io.StringIO(), width=100))
    live.on_message("[bold]names[/bold] stay as they are")
    assert isinstance(live.console.file, io.StringIO)
    assert live.console.file.getvalue() == "[bold]names[/bold] stay as they are\n"


def test_the_display_fits_the_terminal_and_the_options(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        display(Tally(config()), quiet=True) as quiet,
        display(Tally(config()), quiet=False) as lines,
    ):
        assert (type(quiet), type(lines)) == (Quiet, Lines)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with display(Tally(config()), quiet=False, events=True) as events:
        assert type(events) is Events
    monkeypatch.setenv("TERM", "dumb")
    with display(Tally(config()), quiet=False) as lines:
        assert type(lines) is Lines
    monkeypatch.setenv("TERM", "xterm")
    with display(Tally(config()), quiet=False) as live:
        assert type(live) is Live


def test_lines_can_leave_standard_output_to_the_result(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with display(Tally(config()), quiet=False, lines_to=sys.stderr) as lines:
        lines.on_message("read")
        lines.on_trial(view(0, "running"))
        lines.on_trial(view(0, "finished", value=0.5))
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("read\ntrial 0 ")


def test_bars_and_clocks_are_short() -> None:
    assert bar(-1) == "─" * 24
    assert bar(2) == "━" * 24
    assert [clock(s) for s in (0, 65, 7207)] == ["0:00", "1:05", "2:00:07"]
