"""Displays in plain text, for logs and pipes."""

import sys
from collections.abc import Sequence
from typing import IO

from dnnsearch.cli.display.tally import Tally
from dnnsearch.runtime.terminal_text import say
from dnnsearch.trials.run import TrialView
from dnnsearch.workers import Progressed


class Lines:
    """Print one line for each trial that ends, by default on standard output."""

    def __init__(self, tally: Tally, stream: IO[str] | None = None) -> None:
        self.tally = tally
        self.stream = stream

    def on_stage(self, text: str) -> None:
        pass

    def on_stored(self, views: Sequence[TrialView]) -> None:
        self.tally.stored(views)

    def on_total(self, trials: int) -> None:
        self.tally.trials = trials
        if self.tally.ended_before:
            say([f"study {self.tally.study}: {self.tally.standing}"], self.stream)

    def on_trial(self, view: TrialView) -> None:
        if self.tally.trial(view):
            value = "" if view.value is None else f" {self.tally.objective} {view.value:.4f}"
            seconds = "" if view.seconds is None else f" in {view.seconds:.2f} s"
            why = f": {view.reason.strip().splitlines()[-1]}" if view.reason else ""
            end = f"{view.state}{value}{seconds}{why}"
            say([f"trial {view.display_name}: {end} [{self.tally.summary}]"], self.stream)

    def on_progress(self, event: Progressed) -> None:
        pass

    def on_trained(self, number: int, value: float | None) -> None:
        self.tally.has_trained(number, value)

    def on_message(self, text: str) -> None:
        say([text], self.stream)


class Quiet:
    """Print messages only, on standard error; count the trials if there is a tally."""

    def __init__(self, tally: Tally | None = None) -> None:
        self.tally = tally

    def on_stage(self, text: str) -> None:
        pass

    def on_total(self, trials: int) -> None:
        if self.tally:
            self.tally.trials = trials

    def on_stored(self, views: Sequence[TrialView]) -> None:
        if self.tally:
            self.tally.stored(views)

    def on_trial(self, view: TrialView) -> None:
        if self.tally:
            self.tally.trial(view)

    def on_progress(self, event: Progressed) -> None:
        pass

    def on_trained(self, number: int, value: float | None) -> None:
        if self.tally:
            self.tally.has_trained(number, value)

    def on_message(self, text: str) -> None:
        say([text], sys.stderr)
