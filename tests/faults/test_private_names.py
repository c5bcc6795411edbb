"""Releases of other packages that have renamed what is private: the search gives the same.

docs/architecture.md lists the private parts that we use.
"""

import json
import os
from pathlib import Path

import pytest

from tests.faults.conftest import assert_published, assert_whole, fingerprint
from tests.support.in_turn import run_in_turn
from tests.support.paths import ROOT, first_on_path
from tests.support.preloaded import Preloaded

SITE = ROOT / "tests" / "support" / "renamed"
OPTUNA = {"optuna": ["TrialUserAttributeModel", "_trial_id", "_VersionManager"]}
ALL = {**OPTUNA, "sklearn": ["references_", "n_quantiles_"]}
SEARCH = "search wine.yaml --workers=1 --quiet"


def dnnsearch(folder: Path, names: dict[str, list[str]], *commands: str) -> list[str]:
    """Run the commands with the names gone from the packages; return what each prints."""
    variables = {"RENAMED": json.dumps(names), "PYTHONPATH": first_on_path(SITE)}
    asked = [{"arguments": command.split(), "forks": True} for command in commands]
    ended = run_in_turn(folder, {**os.environ, **variables}, *asked)
    assert [one.code for one in ended] == [0] * len(commands), ended[-1]
    return [one.output for one in ended]


def assert_the_search_is_the_same(folder: Path, said: str, expected: str) -> None:
    assert fingerprint(said) == expected
    assert_whole(folder)
    assert_published(folder)
    assert not (folder / "mlflow.db-wal").exists()


@pytest.mark.proof
def test_the_main_road_needs_no_private_name(
    tracked: Preloaded, folder: Path, undisturbed: str
) -> None:
    """All names are gone at once; a search that was begun with them goes on without."""
    tracked.run(folder, "search", "wine.yaml", "--trials=2", "--quiet")
    (folder / "mlflow.db").unlink()
    promote = "promote wine --top=1 --replicates=2 --workers=1"
    searched, rerun, promoted = dnnsearch(folder, ALL, SEARCH, "rerun wine/1", promote)
    assert_the_search_is_the_same(folder, searched, undisturbed)
    assert "identical" in rerun
    assert "models:/wine/1" in promoted


@pytest.mark.proof
def test_a_search_without_one_packages_private_names_is_the_same(
    folder: Path, undisturbed: str
) -> None:
    searched, rerun = dnnsearch(folder, OPTUNA, SEARCH, "rerun wine/2")
    assert_the_search_is_the_same(folder, searched, undisturbed)
    assert "identical" in rerun
