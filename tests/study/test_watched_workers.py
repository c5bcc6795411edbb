"""Covers workers that say which trial they have trained."""

from dnnsearch.study.watched_workers import WatchedWorkers
from dnnsearch.trials.spec import Spec
from dnnsearch.workers import Done, Event, Failed, Progressed

EVENTS: list[Event] = [Progressed(3, 10, 0.5), Done(4, b""), Failed(5, "no memory", "")]


class Scripted:
    """Workers that train nothing, with three events."""

    def submit(self, spec: Spec) -> None:
        raise AssertionError(spec)

    def poll(self, timeout: float) -> list[Event]:
        return EVENTS


def test_trials_that_are_trained_or_have_failed_are_said_and_no_event_is_lost() -> None:
    trained: list[int] = []
    assert WatchedWorkers(Scripted(), trained.append).poll(0.1) == EVENTS
    assert trained == [4, 5]
