"""The data that worker processes train on, and a Dask cluster with pools of its workers."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.workers.dask_pool import PACKAGES, DaskWorkers
from dnnsearch.workers.dask_task import WorkerRequirements
from dnnsearch.workers.worker_process import WorkerProcess
from tests.support.dask_cluster import DaskCluster


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ArrayStore:
    return ArrayStore(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def address(store: ArrayStore) -> str:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 8)).astype(np.float32)
    y = (X[:, 0] > 0).astype(np.int64)
    return store.put({"X_train": X[:150], "y_train": y[:150], "X_dev": X[150:], "y_dev": y[150:]})


@pytest.fixture(scope="module")
def requirements(store: ArrayStore) -> WorkerRequirements:
    """What a search on this machine requires; this process itself is not pinned."""
    child = WorkerProcess("portable", store.root)
    made = child.receive()[0]["made"]
    child.end()
    versions = {name: made["versions"][name] for name in PACKAGES}
    return WorkerRequirements("portable", versions, made["numerics"], "dnnsearch-test")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    made = DaskCluster(tmp_path_factory.mktemp("dask"))
    for name in ("a", "b"):
        made.worker(name)
    for name in ("a", "b"):
        made.joined(name)
    yield made
    made.close()


OpenPool = Callable[..., DaskWorkers]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def open_pool(
    cluster: DaskCluster,
    requirements: WorkerRequirements,
    store: ArrayStore,
    address: str,
    said: list[str],
) -> Iterator[OpenPool]:
    opened = []

    def open_pool(**changes: object) -> DaskWorkers:
        changed = replace(requirements, topic=f"dnnsearch-test-{time.monotonic_ns()}", **changes)
        opened.append(DaskWorkers(cluster.address, changed, store.root, address, said.append))
        return opened[-1]

    yield open_pool
    for pool in opened:
        pool.close()
