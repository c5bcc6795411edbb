"""The study `tiny` as one file, written once."""

import shutil
from pathlib import Path

import pytest

from tests.support.preloaded import Preloaded


@pytest.fixture(scope="session")
def archived(tracked: Preloaded, searched: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that `export` writes; nobody writes to it, or beside it."""
    folder = tmp_path_factory.mktemp("archived") / "copy"
    shutil.copytree(searched, folder, ignore=shutil.ignore_patterns("mlruns"))
    cache = {"DNNSEARCH_CACHE": str(folder / "cache")}
    said = tracked.run(folder, "export", "tiny", "--quiet", **cache)
    assert said.startswith("tiny.dnnstudy: 5 trials, without the rows of the data\n")
    return folder / "tiny.dnnstudy"
