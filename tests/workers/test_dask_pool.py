"""Covers the pool of Dask workers: a real cluster, whose processes are killed."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.trials.record import decode
from dnnsearch.workers import Done, Event, Failed, Progressed, dask_pool
from dnnsearch.workers.dask_pool import DaskWorkers
from dnnsearch.workers.dask_task import WorkerRequirements
from tests.support.dask_cluster import DaskCluster, children
from tests.support.paths import first_on_path
from tests.workers.conftest import OpenPool
from tests.workers.test_local_pool import spec_of

pytestmark = pytest.mark.flaky(reruns=1)  # a cluster that starts slowly on a busy machine

LONG = 10**7  # iterations


def until(condition: Callable[[], bool], pool: DaskWorkers, seconds: float = 90) -> list[Event]:
    """Poll until the condition holds; return all events."""
    events: list[Event] = []
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        events += pool.poll(0.1)
    return events


def ends(pool: DaskWorkers, count: int, seconds: float = 90) -> dict[int, Done | Failed]:
    """Return the last event of each trial, when `count` trials have ended."""
    ended: dict[int, Done | Failed] = {}
    end = time.monotonic() + seconds
    while len(ended) < count:
        assert time.monotonic() < end
        ended |= {e.number: e for e in pool.poll(0.2) if not isinstance(e, Progressed)}
    return ended


def training(cluster: DaskCluster) -> list[int]:
    """Return the pinned children of all workers."""
    return [child for process in cluster.processes for child in children(process.pid)]


def kill(processes: list[int]) -> set[int]:
    for process in processes:
        os.kill(process, signal.SIGKILL)
    return set(processes)


def test_every_spec_comes_back_and_the_data_reach_the_machine_once(
    open_pool: OpenPool, cluster: DaskCluster, address: str
) -> None:
    pool = open_pool()
    for number in range(6):
        pool.submit(spec_of(address, number))
    ended = ends(pool, 6)
    for number in range(6):
        end = ended[number]
        assert isinstance(end, Done)
        assert decode(end.packed).spec == spec_of(address, number)
    assert [path.name for path in cluster.cache.iterdir()] == [address]
    logs = [(cluster.folder / f"{name}.log").read_text() for name in ("a", "b")]
    assert sorted("receive" in log for log in logs) == [False, True]


def test_a_release_of_dask_without_rpc_is_asked_by_a_client(
    open_pool: OpenPool, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("distributed.core.rpc")
    pool = open_pool()
    pool.submit(spec_of(address, 0))
    assert isinstance(ends(pool, 1)[0], Done)


def test_progress_is_reported_and_closing_leaves_no_child(
    open_pool: OpenPool, cluster: DaskCluster, address: str
) -> None:
    pool = open_pool()
    pool.submit(spec_of(address, iterations=LONG))
    events: list[Event] = []
    end = time.monotonic() + 60
    while len(events) < 3:
        assert time.monotonic() < end
        events += [e for e in pool.poll(1) if isinstance(e, Progressed)]
    assert {event.number for event in events} == {0}
    assert events[0].iteration < events[2].iteration
    assert training(cluster)
    pool.close()
    end = time.monotonic() + 10
    while training(cluster):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_only_crashes_while_alone_count_and_three_make_a_failure(
    open_pool: OpenPool, cluster: DaskCluster, address: str
) -> None:
    pool = open_pool()
    pool.submit(spec_of(address, 0, iterations=LONG))
    pool.submit(spec_of(address, 1))
    crashes, ended = 0, {}
    end = time.monotonic() + 60
    while 0 not in ended:
        assert time.monotonic() < end
        attempts = set(pool.pending)
        events = pool.poll(0.1)
        trains = any(isinstance(e, Progressed) for e in events) and attempts == set(pool.pending)
        if 1 in ended and trains and (killed := kill(training(cluster))):
            crashes += 1
            events += until(lambda killed=killed: not killed & set(training(cluster)), pool)
        ended |= {e.number: e for e in events if not isinstance(e, Progressed)}
    assert isinstance(ended[0], Failed)
    assert "died 3 times (signal SIGKILL)" in ended[0].cause
    assert crashes == 4
    assert isinstance(ended[1], Done)


def test_the_trials_of_a_lost_worker_run_on_others_and_new_workers_are_used(
    open_pool: OpenPool, cluster: DaskCluster, address: str
) -> None:
    gone = cluster.worker("c")
    cluster.joined("c")
    pool = open_pool()
    until(lambda: len(pool.workers) == 3, pool)
    for number in range(6):
        pool.submit(spec_of(address, number, iterations=4000))
    until(lambda: bool(children(gone.pid)), pool)
    gone.kill()
    cluster.worker("d")
    ended = ends(pool, 6)
    assert all(isinstance(end, Done) for end in ended.values())
    cluster.joined("d")
    until(lambda: len(pool.workers) == 3, pool)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"versions": {"numpy": "0.1"}}, r"tcp://\S+ has numpy \S+, but .* needs 0.1; and"),
        ({"versions": {"nothing-of-that-name": "2"}}, "has no nothing-of-that-name, but this s"),
        ({"numerics": "rounding"}, "has other numerics: rounding is"),
    ],
)
def test_if_no_worker_fits_the_search_ends_with_one_line(
    open_pool: OpenPool,
    requirements: WorkerRequirements,
    changes: dict[str, object],
    line: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dask_pool, "PATIENCE_SECONDS", 0.2)
    if "numerics" in changes:
        changes = {"numerics": {**requirements.numerics, "rounding": "another"}}
    with pytest.raises(UserError, match=line):
        open_pool(**changes)


def test_a_worker_of_another_version_is_refused_and_the_others_are_used(
    open_pool: OpenPool, cluster: DaskCluster, address: str, said: list[str], tmp_path: Path
) -> None:
    other = tmp_path / "dnnsearch-9.9.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: dnnsearch\nVersion: 9.9\n")
    strange = cluster.worker("strange", PYTHONPATH=first_on_path(tmp_path))
    name = cluster.joined("strange")
    pool = open_pool()
    until(lambda: bool(said), pool)
    (line,) = said
    assert line.startswith(f"worker {name} has dnnsearch 9.9, but this search needs ")
    pool.submit(spec_of(address))
    assert isinstance(ends(pool, 1)[0], Done)
    strange.kill()


@pytest.mark.proof
def test_a_search_without_workers_waits_and_a_new_worker_takes_a_trial_that_waits_behind_another(
    requirements: WorkerRequirements,
    store: ArrayStore,
    address: str,
    said: list[str],
    tmp_path: Path,
) -> None:
    empty = DaskCluster(tmp_path)
    pool = DaskWorkers(empty.address, requirements, store.root, address, said.append)
    try:
        pool.submit(spec_of(address, 0, iterations=LONG))
        pool.submit(spec_of(address, 1))
        until(lambda: bool(said), pool)
        empty.worker("first")
        until(lambda: any(worker.numbers == [0, 1] for worker in pool.workers.values()), pool)
        empty.worker("second")
        assert isinstance(ends(pool, 1)[1], Done)
        assert said == [f"no workers at {empty.address} yet: waiting for them"]
    finally:
        pool.close()
        empty.close()


@pytest.mark.proof
def test_a_search_whose_last_worker_cannot_keep_the_data_reports_it_and_waits_for_others(
    requirements: WorkerRequirements,
    store: ArrayStore,
    address: str,
    said: list[str],
    tmp_path: Path,
) -> None:
    cluster = DaskCluster(tmp_path)
    cluster.worker("first")
    first = cluster.joined("first")
    pool = DaskWorkers(cluster.address, requirements, store.root, address, said.append)
    try:
        until(lambda: not training(cluster), pool)  # a new child has not verified any data yet
        shutil.rmtree(cluster.cache)
        cluster.cache.touch()
        pool.submit(spec_of(address))
        until(lambda: len(said) > 1, pool)
        assert said[0].startswith(f"worker {first} cannot keep the data in {cluster.cache}: ")
        line = "that can be used any more: waiting for others"
        assert said[1:] == [f"no workers at {cluster.address} {line}"]
        cluster.worker("second", DNNSEARCH_CACHE=str(tmp_path / "another"))
        assert isinstance(ends(pool, 1)[0], Done)
    finally:
        pool.close()
        cluster.close()
