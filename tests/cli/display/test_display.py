"""Covers the displays of a search: what they count, print and draw."""

import io
import json
import math
import re
import sys
from typing import Any

import pytest
from rich.console import Console

from dnnsearch.cli.display import Events, Lines, Quiet, Tally, display
from dnnsearch.cli.display.live import Live
from dnnsearch.cli.progress import bar, clock
from dnnsearch.config.config import Config, parse_config
from dnnsearch.trials.run import TrialView
from dnnsearch.workers import Progressed

PARAMS = {"learning_rate": 0.03, "iterations": 100, "hidden_layers": 2, "units_1": 64}
PARAMS |= {"units_2": 32, "activation": "relu", "momentum": 0.9, "batch_size": 32}


def config(**keys: Any) -> Config:
    hyper = {"learning_rate": 0.1, "iterations": 100, "hidden_layers": 1, "units": 8}
    hyper |= {"activation": "relu", "momentum": 0.9, "batch_size": 32}
    return parse_config({"data": "digits", "trials": 4, **hyper, **keys}, "config", "digits")


def view(
    number: int, state: str = "finished", value: float | None = None, **other: Any
) -> TrialView:
    return TrialView(number, state, dict(PARAMS), "spec", value=value, **other)


def ended(tally: Tally, *views: TrialView) -> None:
    for one in views:
        tally.trial(view(one.number, "running"))
        tally.trial(one)


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


def drawn(live: Live) -> str:
    live.console.print(live.draw())
    assert isinstance(live.console.file, io.StringIO)
    return live.console.file.getvalue()


def busy() -> Tally:
    tally = Tally(config(workers=1))
    tally.stage = ""
    tally.stored([])
    ended(tally, view(0, value=0.9))
    tally.trial(view(1, "running"))
    tally.trial(view(2, "running"))
    tally.progressed(Progressed(1, 50, 0.875))
    return tally


def test_the_live_table_shows_what_runs_how_far_it_is_and_the_best_so_far() -> None:
    text = drawn(Live(busy(), Console(file=io.StringIO(), width=100)))
    assert re.search(r"trial +progress +dev_accuracy now", text)
    assert re.search(r"digits +━{6}─{18} +1/4", text)
    assert re.search(r"1 relu 64-32 lr 0.03 +━{12}─{12} +0.8750", text)
    assert re.search(r"2 relu 64-32 lr 0.03 +waits for a worker", text)
    assert "best so far: dev_accuracy 0.9000 by trial 0 relu 64-32 lr 0.03" in text
    assert text.endswith("1 finished\n")


def test_the_live_table_is_drawn_before_a_trial_has_ended() -> None:
    live = Live(Tally(config()), Console(file=io.StringIO(), width=100))
    assert drawn(live) == "digits\nreading the study ...\n"
    live.on_stored([])
    live.on_stage("preparing the data")
    assert "preparing the data ...\nno trial has finished yet" in drawn(live)


def test_a_resumed_search_shows_at_once_what_is_done() -> None:
    live = Live(Tally(config()), Console(file=io.StringIO(), width=100))
    live.on_stored([view(0, value=0.9), view(1, "diverged")])
    live.on_total(4)
    text = drawn(live)
    assert re.search(r"digits +━{12}─{12} +2/4", text)
    assert "replaying what is done: 0 of 2 trials" in text
    assert "best so far: dev_accuracy 0.9000 by trial 0" in text
    live.on_trial(view(0, value=0.9))
    assert "replaying what is done: 1 of 2 trials" in drawn(live)
    assert live.tally.ended == 2
    assert live.tally.left is None


def test_a_trained_trial_that_is_not_told_yet_says_that_it_waits() -> None:
    live = Live(busy(), Console(file=io.StringIO(), width=100))
    live.on_trained(1, None)  # its last progress was that of half of it
    text = drawn(live)
    assert re.search(r"1 relu 64-32 lr 0.03 +trained, waits its turn", text)
    assert re.search(r"2 relu 64-32 lr 0.03 +starting", text)


def test_the_live_table_counts_the_trials_that_are_trained_and_not_told() -> None:
    live = Live(busy(), Console(file=io.StringIO(), width=100))
    live.on_trained(1, None)
    assert "1 finished, 1 trained and waiting\nTrials take their turns in an order" in drawn(live)
    tally = Tally(config())
    tally.stored([])
    live = Live(tally, Console(file=io.StringIO(), width=80))
    for number in range(3):
        live.on_trial(view(number, "running"))
        live.on_trained(number, None)
    text = drawn(live)
    assert "3 trained, none finished yet: each waits its turn in the study\n" in text
    assert "no trial has finished" not in text
    live.on_trial(view(0, value=0.9))
    assert "1 finished, 2 trained and waiting\nTrials take their turns in an order" in drawn(live)
    for number in (1, 2):
        live.on_trial(view(number, value=0.9))
    assert drawn(live).endswith("3 finished\n")


def test_a_trial_that_an_earlier_search_has_trained_shows_its_value_or_that_it_is_kept() -> None:
    live = Live(busy(), Console(file=io.StringIO(), width=100))
    live.on_trained(1, 0.91234)
    live.on_trained(2, None)  # it has diverged
    text = drawn(live)
    assert re.search(r"1 relu 64-32 lr 0.03 +trained, waits its turn +0.9123 *\n", text)
    assert re.search(r"2 relu 64-32 lr 0.03 +trained, waits its turn +kept *\n", text)


def test_a_study_of_more_trials_than_are_asked_for_says_both_numbers() -> None:
    tally = Tally(config(trials=1))
    tally.stored([view(0, value=0.9), view(1, value=0.8)])
    assert tally.standing == "2 trials done, 1 asked for, best 0.9000 (trial 0)"
    assert tally.summary == "2 (1 asked for), best 0.9000 (trial 0)"
    assert "━  2 (1 asked for)  " in drawn(Live(tally, Console(file=io.StringIO(), width=100)))


def test_a_trial_that_keeps_its_best_point_shows_its_best_and_another_its_last() -> None:
    best, last = {**PARAMS, "checkpoint": "best"}, PARAMS

    def values(*params: dict[str, Any]) -> str:
        tally = Tally(config(objective="dev_cost"))
        tally.stored([])
        live = Live(tally, Console(file=io.StringIO(), width=100))
        for number, one in enumerate(params):
            live.on_trial(TrialView(number, "running", one, "spec"))
            for iteration, value in ((25, 0.7), (50, 0.5088), (75, 2.5958)):
                live.on_progress(Progressed(number, iteration, value))
        return drawn(live)

    kept = values(best)
    assert "best dev_cost" in kept and "0.5088" in kept and "2.5958" not in kept
    now = values(last)
    assert "dev_cost now" in now and "2.5958" in now
    both = values(best, last)
    assert "dev_cost to keep" in both and "0.5088" in both and "2.5958" in both


def test_trials_that_an_earlier_search_has_trained_do_not_count_for_the_time_that_is_left() -> None:
    tally = Tally(config())
    tally.stored([])
    tally.trial(view(0, "running"))
    tally.has_trained(0, 0.9)  # without progress: its record was there
    assert tally.share(0) == 1
    assert tally.left is None


def test_a_stopped_search_says_which_trials_are_trained_and_kept() -> None:
    for shown in (Lines(busy()), Events(busy()), Quiet(busy()), Live(busy(), Console())):
        assert shown.tally is not None
        assert shown.tally.kept_too == ""
        shown.on_trained(1, None)
        assert shown.tally.kept_too == "; 1 more is trained and kept, too"
        shown.on_trained(2, None)
        assert shown.tally.kept_too == "; 2 more are trained and kept, too"


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
