"""Covers whole searches on a Dask cluster whose workers and coordinator are killed."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import TRIALS, UNTRACKED, assert_whole, fingerprint
from tests.faults.test_disk import Disk, disk
from tests.support.dask_cluster import DaskCluster, children
from tests.support.preloaded import Command, Preloaded

pytestmark = pytest.mark.flaky(reruns=1)  # a cluster that starts slowly on a busy machine

__all__ = ["disk"]  # a fixture
IMPATIENT = """
import dnnsearch.workers.dask_cluster
dnnsearch.workers.dask_cluster.CONNECT_SECONDS = 0.5
"""


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    made = DaskCluster(tmp_path_factory.mktemp("dask"))
    yield made
    made.close()


def start_search(
    tracked: Preloaded, folder: Path, cluster: DaskCluster, *arguments: str
) -> Command:
    hands = f"--workers={cluster.address}"
    return tracked.start(folder, "search", "wine.yaml", *UNTRACKED, hands, *arguments)


def wait_for_records(folder: Path, count: int, search: Command) -> None:
    until = time.monotonic() + 90
    while len(list(folder.glob("records/wine/0*.npz"))) < count:
        assert time.monotonic() < until, search.said
        time.sleep(0.01)


def test_a_search_whose_workers_and_coordinator_are_killed_ends_like_a_local_one(
    tracked: Preloaded, folder: Path, cluster: DaskCluster, undisturbed: str
) -> None:
    workers = [cluster.worker(name) for name in ("a", "b")]
    for name in ("a", "b"):
        cluster.joined(name)
    search = start_search(tracked, folder, cluster)
    wait_for_records(folder, 2, search)
    search.kill()
    assert search.wait() == -signal.SIGKILL
    until = time.monotonic() + 5
    while any(children(worker.pid) for worker in workers):
        assert time.monotonic() < until
        time.sleep(0.05)
    search = start_search(tracked, folder, cluster)
    wait_for_records(folder, 4, search)
    workers[0].kill()
    assert search.wait() == 0, search.said
    assert fingerprint(search.said) == undisturbed
    assert_whole(folder)


@pytest.mark.proof
@pytest.mark.parametrize("killed", [0, 2])
def test_three_workers_of_which_some_are_killed_give_the_local_result(
    tracked: Preloaded, folder: Path, cluster: DaskCluster, undisturbed: str, killed: int
) -> None:
    workers = [cluster.worker(name) for name in ("a", "b", "c")]
    for name in ("a", "b", "c"):
        cluster.joined(name)
    search = start_search(tracked, folder, cluster)
    wait_for_records(folder, TRIALS // 3, search)
    for worker in workers[:killed]:
        worker.kill()
    assert search.wait() == 0, search.said
    assert fingerprint(search.said) == undisturbed
    assert_whole(folder)


@pytest.mark.proof
def test_no_child_of_a_long_training_is_left_five_seconds_after_its_coordinator(
    tracked: Preloaded, folder: Path, cluster: DaskCluster
) -> None:
    worker = cluster.worker("a", "--nthreads", "2")
    cluster.joined("a")
    search = start_search(tracked, folder, cluster, "--set", "iterations=10000000")
    until = time.monotonic() + 60
    while len(children(worker.pid)) < 2:
        assert time.monotonic() < until, search.said
        time.sleep(0.05)
    search.kill()
    until = time.monotonic() + 5
    while children(worker.pid):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert worker.poll() is None


def refused(search: Command, folder: Path) -> str:
    """Return the one line of a search that could not start and left nothing."""
    assert search.wait() == 2, search.said
    assert not (folder / "optuna.db").exists()
    assert not (folder / "records").exists()
    (line,) = search.said.splitlines()
    return line


def test_if_no_scheduler_answers_the_error_is_one_line(tracked: Preloaded, folder: Path) -> None:
    hands = "--workers=tcp://127.0.0.1:1"
    search = ("search", "wine.yaml", *UNTRACKED, hands)
    line = refused(tracked.start(folder, *search, planted=IMPATIENT), folder)
    assert line.startswith("error: workers: no Dask scheduler answers at tcp://127.0.0.1:1 (")


def test_nor_is_it_longer_if_a_release_of_dask_has_no_rpc(tracked: Preloaded, folder: Path) -> None:
    search = ("search", "wine.yaml", *UNTRACKED, "--workers=tcp://127.0.0.1:1")
    gone = f"import distributed.core; del distributed.core.rpc\n{IMPATIENT}"
    line = refused(tracked.start(folder, *search, planted=gone), folder)
    assert line.startswith("error: workers: no Dask scheduler answers at tcp://127.0.0.1:1 (")


def test_an_invalid_address_is_one_line(tracked: Preloaded, folder: Path) -> None:
    search = tracked.start(folder, "search", "wine.yaml", "--workers=http://somewhere")
    line = refused(search, folder)
    assert "must be a Dask scheduler's address such as tcp://10.0.0.1:8786, but got" in line


def test_without_dask_one_line_names_the_extra(program: Preloaded, folder: Path) -> None:
    missing = "import sys\nsys.modules['distributed'] = None\n"
    missing += "for name in 'dask_cluster', 'dask_pool':\n"  # the program has them already
    missing += "    sys.modules.pop(f'dnnsearch.workers.{name}', None)\n"
    search = program.start(
        folder, "search", "wine.yaml", "--workers=tcp://127.0.0.1:1", planted=missing
    )
    assert "pip install 'dnnsearch[dask]'" in refused(search, folder)


@pytest.mark.proof
def test_a_worker_without_room_for_the_data_is_one_line(
    tracked: Preloaded, folder: Path, cluster: DaskCluster, disk: Disk
) -> None:
    disk.leave(4)
    cluster.worker("full", DNNSEARCH_CACHE=str(disk.path))
    address = cluster.joined("full")
    line = refused(start_search(tracked, folder, cluster), folder)
    assert f"no worker at {cluster.address} can be used: {address} cannot keep the data" in line
    assert f"in {disk.path}: No space left on device" in line
    assert [path.name for path in disk.path.iterdir()] == ["filler"]
