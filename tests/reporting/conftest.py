from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared arrays for all rigs."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture(autouse=True)
def _own_cache(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DNNSEARCH_CACHE", str(store))
