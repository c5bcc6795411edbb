"""Covers data that are lost or change on a real Dask cluster: they are sent or prepared again."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.trials.record import decode
from dnnsearch.workers import Done, Progressed
from dnnsearch.workers.dask_pool import DaskWorkers
from dnnsearch.workers.dask_task import WorkerRequirements
from tests.support.dask_cluster import DaskCluster
from tests.workers.conftest import OpenPool
from tests.workers.test_dask_pool import ends, training, until
from tests.workers.test_local_pool import spec_of

pytestmark = pytest.mark.flaky(reruns=1)  # a cluster that starts slowly on a busy machine


@pytest.fixture(scope="module", autouse=True)
def _data_are_there(cluster: DaskCluster, store: ArrayStore, address: str) -> None:
    """The machine of the workers has the data, as after a first trial."""
    shutil.copytree(store.root / address, cluster.cache / address)


def test_a_damaged_group_in_a_machines_cache_is_sent_again(
    open_pool: OpenPool, cluster: DaskCluster, address: str
) -> None:
    path = cluster.cache / address / "X_train.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    pool = open_pool()
    pool.submit(spec_of(address))
    assert isinstance(ends(pool, 1)[0], Done)
    assert bytearray(path.read_bytes()) != content


@pytest.mark.proof
def test_data_that_are_lost_during_a_search_are_sent_again(
    open_pool: OpenPool, cluster: DaskCluster, address: str
) -> None:
    pool = open_pool()
    until(lambda: not training(cluster), pool)  # a new child has not verified any data yet
    for path in (cluster.cache / address).iterdir():
        path.unlink()
    for number in range(4):
        pool.submit(spec_of(address, number))
    assert all(isinstance(end, Done) for end in ends(pool, 4).values())


@pytest.mark.proof
def test_data_that_change_during_a_training_are_sent_again_and_here_restored_first(
    requirements: WorkerRequirements,
    cluster: DaskCluster,
    store: ArrayStore,
    address: str,
    said: list[str],
    tmp_path: Path,
) -> None:
    shutil.copytree(store.root / address, tmp_path / address)
    restored: list[str] = []

    def restore(lost: str) -> None:
        if not ArrayStore(tmp_path).is_intact(lost):
            restored.append(lost)
            shutil.rmtree(tmp_path / lost, ignore_errors=True)
            shutil.copytree(store.root / lost, tmp_path / lost)

    changed = replace(requirements, topic="dnnsearch-test-restored")
    pool = DaskWorkers(cluster.address, changed, tmp_path, address, said.append, restore)
    try:
        pool.submit(spec_of(address, 0, iterations=20_000))
        seen: list[object] = []
        while not any(isinstance(event, Progressed) for event in seen):
            assert not any(isinstance(event, Done) for event in seen), "it ended too soon"
            seen = pool.poll(1)
        shutil.rmtree(tmp_path / address)
        os.truncate(cluster.cache / address / "X_train.npy", 0)
        again = ends(pool, 1)[0]
        pool.submit(spec_of(address, 0, iterations=20_000))
        undisturbed = ends(pool, 1)[0]
    finally:
        pool.close()
    assert isinstance(again, Done)
    assert isinstance(undisturbed, Done)
    assert decode(again.packed).digest == decode(undisturbed.packed).digest
    assert (restored, said) == ([address], [])


def test_if_the_data_cannot_be_restored_the_search_ends(
    requirements: WorkerRequirements,
    cluster: DaskCluster,
    address: str,
    said: list[str],
    tmp_path: Path,
) -> None:
    def restore(lost: str) -> None:
        raise UserError("the source is gone")

    shutil.rmtree(cluster.cache / address, ignore_errors=True)
    changed = replace(requirements, topic="dnnsearch-test-gone")
    with pytest.raises(UserError, match="^the source is gone$"):
        DaskWorkers(cluster.address, changed, tmp_path, address, said.append, restore)
