"""The array store and the data that worker processes train on."""

import numpy as np
import pytest

from dnnsearch.storage.array_store import ArrayStore


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ArrayStore:
    return ArrayStore(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def address(store: ArrayStore) -> str:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 8)).astype(np.float32)
    y = (X[:, 0] > 0).astype(np.int64)
    return store.put({"X_train": X[:150], "y_train": y[:150], "X_dev": X[150:], "y_dev": y[150:]})
