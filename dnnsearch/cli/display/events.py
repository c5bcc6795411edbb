"""The display for programs: one JSON object per line for each trial, progress and message.

`docs/formats.md` has the events with all their keys.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from dnnsearch.cli.display.tally import Tally
from dnnsearch.study.leaderboard.formats import finite_or_null
from dnnsearch.trials.run import TrialView
from dnnsearch.workers import Progressed


class Events:
    """Print every event on a line of its own; a number that is not finite is null."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally

    def on_stage(self, text: str) -> None:
        print_event("stage", text=text)

    def on_total(self, trials: int) -> None:
        self.tally.trials = trials
        print_event("start", study=self.tally.study, **self._counts())

    def on_stored(self, views: Sequence[TrialView]) -> None:
        self.tally.stored(views)

    def on_trial(self, view: TrialView) -> None:
        """Print the trial; `new` is false if it ended in an earlier search."""
        is_new = self.tally.trial(view)
        start = {"trial": view.number, "state": view.state, "hyperparameters": view.params}
        ended = view.state not in ("running", "interrupted")
        print_event("trial", **start, **(self._end(view, is_new) if ended else {}))

    def _end(self, view: TrialView, is_new: bool) -> dict[str, Any]:
        return {
            "new": is_new,
            "value": view.value,
            "final": view.final,
            "seconds": view.seconds,
            "parameters": view.parameters,
            "digest": view.digest,
            "reason": view.reason,
            **self._counts(),
        }

    def _counts(self) -> dict[str, Any]:
        return {"ended": self.tally.ended, "trials": self.tally.trials, "best": best_of(self.tally)}

    def on_progress(self, event: Progressed) -> None:
        of = self.tally.running[event.number].params["iterations"]
        self.tally.progressed(event)
        at = {"iteration": event.iteration, "iterations": of, self.tally.objective: event.value}
        print_event("progress", trial=event.number, **at)

    def on_trained(self, number: int, value: float | None) -> None:
        self.tally.has_trained(number, value)

    def on_message(self, text: str) -> None:
        print_event("message", text=text)


def best_of(tally: Tally) -> dict[str, Any] | None:
    """Return the number and the value of the best trial; None before one has finished."""
    best = tally.best
    return None if best is None else {"trial": best.number, "value": best.value}


def as_event(event: str, **content: Any) -> str:
    """Return an event as a JSON object in one line: its name, the time in UTC, and its keys."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    named = {"event": event, "time": now, **finite_or_null(content)}
    return json.dumps(named, allow_nan=False)


def print_event(event: str, **content: Any) -> None:
    """Print one event; `content` has its keys."""
    print(as_event(event, **content), flush=True)
