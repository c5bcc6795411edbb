"""The state of a search, counted from its events, which every display shows."""

import time
from collections import Counter

from dnnsearch.config.config import Config
from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.run import TrialView
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
        self._direction = METRICS[config.objective].direction
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
        best = None if self.best is None else self.best.value
        if view.state == "finished" and self._direction.better(view.value, best):
            self.best = view
        return is_new

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
