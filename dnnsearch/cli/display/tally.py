"""The state of a search, counted from its events, which every display shows."""

import math
import time
from collections import Counter

from dnnsearch.config.config import Config
from dnnsearch.trials.run import TrialView
from dnnsearch.trials.spec import OBJECTIVES
from dnnsearch.workers import Progressed


class Tally:
    """The state of a search: what runs, what has ended, which trial is best."""

    def __init__(self, config: Config) -> None:
        self.study, self.trials, self.objective = config.study, config.trials, config.objective
        self.running: dict[int, TrialView] = {}
        self.progress: dict[int, Progressed] = {}
        self.ends: Counter[str] = Counter()
        self.best: TrialView | None = None
        self.replayed = 0  # trials that ended in an earlier search
        self._sign = 1.0 if OBJECTIVES[config.objective] == "maximize" else -1.0
        self._began = time.monotonic()

    def trial(self, view: TrialView) -> bool:
        """Count a trial; return whether it has ended in this search."""
        if view.state in ("running", "interrupted"):
            self.running[view.number] = view
            return False
        is_new = self.running.pop(view.number, None) is not None
        self.progress.pop(view.number, None)
        self.ends[view.state] += 1
        self.replayed += not is_new
        if view.state == "finished" and self._is_better(view):
            self.best = view
        return is_new

    def _is_better(self, view: TrialView) -> bool:
        """Of equal ones the first stays the best."""
        return self.best is None or self._score(view) > self._score(self.best)

    def _score(self, view: TrialView) -> float:
        return -math.inf if view.value is None else self._sign * view.value

    @property
    def ended(self) -> int:
        return self.ends.total()

    @property
    def ended_as(self) -> str:
        """Return a count of each final state, such as `12 finished, 1 diverged`."""
        return ", ".join(f"{count} {state}" for state, count in self.ends.most_common())

    def share(self, number: int) -> float:
        """Return the part of a running trial that is done, from 0 to 1."""
        progressed = self.progress.get(number)
        view = self.running.get(number)
        if progressed is None or view is None:
            return 0.0
        return progressed.iteration / int(view.params["iterations"])

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._began

    @property
    def left(self) -> float | None:
        """Return the remaining seconds at this search's speed; None before half a trial is done."""
        done = self.ended - self.replayed + sum(self.share(number) for number in list(self.running))
        wanted = self.trials - self.replayed
        return self.elapsed * (wanted - done) / done if done > 0.5 else None

    @property
    def summary(self) -> str:
        """Return a summary such as `3/40, best 0.9722 (trial 0)`."""
        best = (
            "" if self.best is None else f", best {self.best.value:.4f} (trial {self.best.number})"
        )
        return f"{self.ended}/{self.trials}{best}"
