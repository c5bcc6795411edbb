"""The sleeping workers, the stopwatch, and the tiny mode of the experiment on the coordinator."""

import time

import pytest

from dnnsearch.trials.record import decode, inconsistencies
from dnnsearch.workers import Done, Progressed
from experiments import coordinator_limit
from experiments.coordinator_limit import Stopwatch
from experiments.sleeping_workers import SleepingWorkers, trial_events
from tests.support import golden


@pytest.mark.proof
def test_the_tiny_mode_runs_a_search_and_writes_the_table(tmp_path):
    """Slow because a real search with MLflow runs for seconds."""
    coordinator_limit.main(["--tiny", "--out", str(tmp_path / "report.md")])
    text = (tmp_path / "report.md").read_text()
    assert text.count("| random") == 1
    assert "ms of the coordinator for a trial" in text


def test_a_sleeping_worker_reports_as_a_real_one_does():
    spec = golden.spec_of({})
    *progress, (last, done) = trial_events(spec, 12.0, {})
    assert [event.iteration for _, event in progress] == [*range(0, 57, 7)]
    assert all(event.earliest_end == spec.next_point(event.iteration) for _, event in progress)
    assert [at for at, _ in progress] == pytest.approx([t / 60 * 12 for t in range(0, 57, 7)])
    assert last == 12
    record = decode(done.packed)
    assert (record.spec, record.cost, inconsistencies(record)) == (spec, spec.cost(60), [])


def test_sleeping_workers_sleep_as_long_as_their_trials_cost():
    """With two workers, four equal trials take two trials' time, at least."""
    spec = golden.spec_of({})
    workers = SleepingWorkers(2, 0.1 / spec.cost(spec.updates))
    began, ended = time.monotonic(), 0
    for _ in range(4):
        workers.submit(spec)
    while ended < 4:
        events = workers.poll(0.5)
        assert all(isinstance(event, Progressed | Done) for event in events)
        ended += sum(isinstance(event, Done) for event in events)
    took, use = time.monotonic() - began, workers.close()
    assert use.slept == pytest.approx(0.4)
    assert 0.2 <= use.seconds <= took


def test_a_stopwatch_counts_what_is_inside_only_once():
    class Work:
        def outer(self):
            time.sleep(0.02)
            self.inner()

        def inner(self):
            time.sleep(0.05)

    watch = Stopwatch()
    watch.time(Work, "outer", "outer")
    watch.time(Work, "inner", "inner")
    began = time.perf_counter()
    Work().outer()
    took = time.perf_counter() - began
    assert watch.seconds["inner"] >= 0.05
    assert watch.seconds["outer"] >= 0.02
    assert watch.seconds["inner"] + watch.seconds["outer"] <= took
