"""Releases of other packages that have renamed what is private: the search gives the same.

docs/architecture.md lists the private parts that we use.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.conftest import assert_published, assert_whole, fingerprint
from tests.support.paths import ROOT, first_on_path
from tests.support.preloaded import Preloaded

SITE = ROOT / "tests" / "support" / "renamed"
OPTUNA = {"optuna": ["TrialUserAttributeModel", "_trial_id", "_VersionManager"]}
ALL = {**OPTUNA, "sklearn": ["references_", "n_quantiles_"]}


def dnnsearch(folder: Path, names: dict[str, list[str]], *arguments: str) -> str:
    """Run the program with the names gone from the packages; return what it prints."""
    variables = {"RENAMED": json.dumps(names), "PYTHONPATH": first_on_path(SITE)}
    done = subprocess.run(
        [sys.executable, "-m", "dnnsearch", *arguments],
        cwd=folder,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def assert_a_search_is_the_same(folder: Path, names: dict[str, list[str]], expected: str) -> None:
    said = dnnsearch(folder, names, "search", "wine.yaml", "--workers=1", "--quiet")
    assert fingerprint(said) == expected
    assert_whole(folder)
    assert_published(folder)
    assert not (folder / "mlflow.db-wal").exists()


def test_the_main_road_needs_no_private_name(
    tracked: Preloaded, folder: Path, undisturbed: str
) -> None:
    """All names are gone at once; a search that was begun with them goes on without."""
    tracked.run(folder, "search", "wine.yaml", "--trials=2", "--quiet")
    (folder / "mlflow.db").unlink()
    assert_a_search_is_the_same(folder, ALL, undisturbed)
    assert "identical" in dnnsearch(folder, ALL, "rerun", "wine/1")
    assert "models:/wine/1" in dnnsearch(folder, ALL, "promote", "wine")


@pytest.mark.proof
def test_a_search_without_one_packages_private_names_is_the_same(
    folder: Path, undisturbed: str
) -> None:
    assert_a_search_is_the_same(folder, OPTUNA, undisturbed)
    assert "identical" in dnnsearch(folder, OPTUNA, "rerun", "wine/2")
