"""Covers the live table of a search."""

import io
import re
from typing import Any

from rich.console import Console

from dnnsearch.cli.display import Events, Lines, Quiet, Tally
from dnnsearch.cli.display.live import Live
from dnnsearch.trials.run import TrialView
from dnnsearch.workers import Progressed
from tests.support.shown_trials import PARAMS, busy, config, drawn, view


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
