"""Workers that also say which trial they have trained, for those who show the search."""

from collections.abc import Callable

from dnnsearch.study.coordinator import Workers
from dnnsearch.trials.spec import Spec
from dnnsearch.workers import Event, Progressed


class WatchedWorkers:
    """The given workers; `on_trained` is called with the number of each trial that they end.

    The last progress of a training may be of an earlier point, so it does not show the end.
    """

    def __init__(self, workers: Workers, on_trained: Callable[[int], None]) -> None:
        self._workers, self._on_trained = workers, on_trained

    def submit(self, spec: Spec) -> None:
        """Have the spec trained."""
        self._workers.submit(spec)

    def poll(self, timeout: float) -> list[Event]:
        """Return what has happened, after at most `timeout` seconds."""
        events = self._workers.poll(timeout)
        for event in events:
            if not isinstance(event, Progressed):
                self._on_trained(event.number)
        return events
