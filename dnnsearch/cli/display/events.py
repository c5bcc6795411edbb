"""The display for programs: one JSON object per line for each trial, progress and message."""

import json
from typing import Any

from dnnsearch.cli.display.tally import Tally
from dnnsearch.study.leaderboard.formats import finite_or_null
from dnnsearch.trials.run import TrialView
from dnnsearch.workers import Progressed


class Events:
    """Print every event on a line of its own; a number that is not finite is null."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally

    def on_total(self, trials: int) -> None:
        self.tally.trials = trials

    def on_trial(self, view: TrialView) -> None:
        """Print the trial; `new` is false if it ended in an earlier search."""
        is_new = self.tally.trial(view)
        start = {"trial": view.number, "state": view.state, "hyperparameters": view.params}
        ended = view.state not in ("running", "interrupted")
        print_event("trial", **start, **(self._end(view, is_new) if ended else {}))

    def _end(self, view: TrialView, is_new: bool) -> dict[str, Any]:
        best = self.tally.best
        return {
            "new": is_new,
            "value": view.value,
            "final": view.final,
            "seconds": view.seconds,
            "parameters": view.parameters,
            "digest": view.digest,
            "reason": view.reason,
            "ended": self.tally.ended,
            "trials": self.tally.trials,
            "best": best and {"trial": best.number, "value": best.value},
        }

    def on_progress(self, event: Progressed) -> None:
        of = self.tally.running[event.number].params["iterations"]
        at = {"iteration": event.iteration, "iterations": of, self.tally.objective: event.value}
        print_event("progress", trial=event.number, **at)

    def on_message(self, text: str) -> None:
        print_event("message", text=text)


def print_event(event: str, **content: Any) -> None:
    """Print one event as a JSON object; `content` has its keys."""
    print(json.dumps({"event": event, **finite_or_null(content)}, allow_nan=False), flush=True)
