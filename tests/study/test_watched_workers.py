"""Covers workers and a memo that say which trial they have trained, or know."""

from pathlib import Path

from dnnsearch.study.stored_study import open_study
from dnnsearch.study.watched_workers import WatchedMemo, WatchedWorkers
from dnnsearch.trials.record_store import RecordMemo
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
    trained: dict[int, float | None] = {}
    assert WatchedWorkers(Scripted(), trained.__setitem__).poll(0.1) == EVENTS
    assert trained == {4: None, 5: None}


def test_a_trial_that_is_known_is_said_with_its_value_unless_it_was_told(tiny: Path) -> None:
    study = open_study("tiny", "sqlite:///optuna.db")
    memo = RecordMemo(study.records, print)
    trained: dict[int, float | None] = {}
    watched = WatchedMemo(memo, {1}, trained.__setitem__)
    records = [study.record(number) for number in (1, 2)]
    for record in records:
        found = watched.find(record.spec)
        assert found is not None
        assert found.digest == record.digest
    assert trained == {2: records[1].value}
