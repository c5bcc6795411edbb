"""The state of a search, counted from its events, which every display shows."""

import time
from collections import Counter
from collections.abc import Sequence

from dnnsearch.config.config import Config
from dnnsearch.trials.hyperparameter_row import BEST
from dnnsearch.trials.hyperparameters import value_of
from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.run import TrialView
from dnnsearch.workers import Progressed

UNENDED = ("running", "interrupted")


def does_keep_best(view: TrialView) -> bool:
    """Return whether a training keeps its best point, not its last."""
    return bool(value_of(view.params, "checkpoint") == BEST)


class Tally:
    """The state of a search: what runs, what has ended, which trial is best."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.study, self.trials, self.objective = config.study, config.trials, config.objective
        self.workers = config.processes
        self.stage = "reading the study"  # of the set-up; empty after it
        self.is_read = False  # whether it is known which trials ended in earlier searches
        self.running: dict[int, TrialView] = {}
        self.progress: dict[int, Progressed] = {}
        self.kept: dict[int, float] = {}  # value that each running trial would keep by now
        self.trained: set[int] = set()  # numbers of running trials that wait for their turn
        self.best: TrialView | None = None
        self.replayed = 0  # of the trials that ended in an earlier search
        self._ended: dict[int, str] = {}  # number -> final state
        self._stored: set[int] = set()  # numbers of the trials that ended in an earlier search
        self._direction = METRICS[config.objective].direction
        self._began = self._trains_since = time.monotonic()

    def stored(self, views: Sequence[TrialView]) -> None:
        """Count the trials that ended in an earlier search."""
        self.is_read = True
        self._stored |= {view.number for view in views}
        for view in sorted(views, key=lambda one: one.number):
            self._end(view)

    def trial(self, view: TrialView) -> bool:
        """Count a trial; return whether it has ended in this search."""
        if view.state in UNENDED:
            if not self.running and self._ended.keys() <= self._stored:
                self._trains_since = time.monotonic()
            self.running[view.number] = view
            return False
        is_new = self.running.pop(view.number, None) is not None
        self.progress.pop(view.number, None)
        self.kept.pop(view.number, None)
        self.trained.discard(view.number)
        if not is_new:
            self._stored.add(view.number)
            self.replayed += 1
        self._end(view)
        return is_new

    def progressed(self, event: Progressed) -> None:
        """Note how far a running trial is, and the value that it would keep if it ended now."""
        number, view = event.number, self.running.get(event.number)
        self.progress[number] = event
        before = self.kept.get(number)
        keeps_best = view is not None and does_keep_best(view)
        if not keeps_best or before is None or self._direction.better(event.value, before):
            self.kept[number] = event.value

    def has_trained(self, number: int, value: float | None) -> None:
        """Note that a running trial is trained, and its value if an earlier search trained it."""
        self.trained.add(number)
        if value is not None:
            self.kept[number] = value

    def _end(self, view: TrialView) -> None:
        self._ended[view.number] = view.state
        best = None if self.best is None else self.best.value
        if view.state == "finished" and self._direction.better(view.value, best):
            self.best = view

    @property
    def ended(self) -> int:
        return len(self._ended)

    @property
    def ended_before(self) -> int:
        """The number of trials that ended in an earlier search."""
        return len(self._stored)

    @property
    def ended_as(self) -> str:
        """Return a count of each final state, such as `12 finished, 1 diverged`."""
        counts = Counter(self._ended.values()).most_common()
        return ", ".join(f"{count} {state}" for state, count in counts)

    @property
    def waiting(self) -> int:
        """The number of running trials that are trained."""
        return len(self.trained & self.running.keys())

    @property
    def _found_trained(self) -> int:
        """The number of running trials that an earlier search has trained."""
        return len(self.trained & self.running.keys() - self.progress.keys())

    def share(self, number: int) -> float:
        """Return the part of a running trial that is done, from 0 to 1."""
        if number in self.trained:
            return 1.0
        progressed = self.progress.get(number)
        view = self.running.get(number)
        if progressed is None or view is None:
            return 0.0
        return progressed.iteration / int(view.params["iterations"])

    @property
    def in_training(self) -> int:
        """The number of running trials that have made some of their updates, and not all."""
        return sum(0 < self.share(number) < 1 for number in list(self.running))

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._began

    @property
    def left(self) -> float | None:
        """Return the remaining seconds at this search's speed; None before half a trial is done."""
        running = sum(self.share(number) for number in list(self.running))
        done = self.ended - self.ended_before + running - self._found_trained
        wanted = self.trials - self.ended_before - self._found_trained
        since = time.monotonic() - self._trains_since
        return since * (wanted - done) / done if done > 0.5 else None

    @property
    def kept_too(self) -> str:
        """Return which trials a stopped search keeps that are not done; nothing if there is none.

        It is such as `; 5 more are trained and kept, too`.
        """
        are = "is" if self.waiting == 1 else "are"
        return f"; {self.waiting} more {are} trained and kept, too" if self.waiting else ""

    @property
    def best_text(self) -> str:
        """Return the best trial, such as `, best 0.9722 (trial 0)`; nothing if there is none."""
        best = self.best
        return "" if best is None else f", best {best.value:.4f} (trial {best.number})"

    @property
    def summary(self) -> str:
        """Return a summary such as `3/40, best 0.9722 (trial 0)`."""
        return f"{self.count}{self.best_text}"

    @property
    def count(self) -> str:
        """Return such as `3/40`; a study may have more trials than are asked for."""
        if self.ended > self.trials:
            return f"{self.ended} ({self.trials} asked for)"
        return f"{self.ended}/{self.trials}"

    @property
    def standing(self) -> str:
        """Return such as `189 of 220 trials done, best 0.9889 (trial 17)`; nothing if unknown."""
        if not self.is_read:
            return ""
        if self.ended > self.trials:
            return f"{self.ended} trials done, {self.trials} asked for{self.best_text}"
        return f"{self.ended} of {self.trials} trials done{self.best_text}"
