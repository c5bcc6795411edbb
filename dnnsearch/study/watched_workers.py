"""Workers and a memo that also say which trial is trained, for those who show the search."""

from collections.abc import Callable, Collection

from dnnsearch.study.coordinator import ResultCache, Workers
from dnnsearch.trials.record import Record
from dnnsearch.trials.spec import Spec
from dnnsearch.workers import Event, Progressed

OnTrained = Callable[[int, float | None], None]  # number, and the value if that is known


class WatchedWorkers:
    """The given workers; `on_trained` is called with the number of each trial that they end.

    The last progress of a training may be of an earlier point, so it does not show the end.
    """

    def __init__(self, workers: Workers, on_trained: OnTrained) -> None:
        self._workers, self._on_trained = workers, on_trained

    def submit(self, spec: Spec) -> None:
        """Have the spec trained."""
        self._workers.submit(spec)

    def poll(self, timeout: float) -> list[Event]:
        """Return what has happened, after at most `timeout` seconds."""
        events = self._workers.poll(timeout)
        for event in events:
            if not isinstance(event, Progressed):
                self._on_trained(event.number, None)
        return events


class WatchedMemo:
    """The given memo; `on_trained` is called with number and value of each trial that it knows.

    It is not called for `told`, the numbers of the trials that had ended before.
    """

    def __init__(self, memo: ResultCache, told: Collection[int], on_trained: OnTrained) -> None:
        self._memo, self._told, self._on_trained = memo, frozenset(told), on_trained

    def find(self, spec: Spec) -> Record | None:
        """Return the result of this spec, or None if it has none."""
        record = self._memo.find(spec)
        if record is not None and spec.number not in self._told:
            self._on_trained(spec.number, record.value)
        return record

    def save(self, packed: bytes) -> Record:
        """Save a new result and return it decoded."""
        return self._memo.save(packed)
