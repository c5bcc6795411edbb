"""Covers folders that are shared or moved, and a clock that is set back."""

from pathlib import Path

import pytest

from tests.faults.conftest import UNTRACKED, assert_published, assert_whole, fingerprint, query
from tests.support.preloaded import Preloaded

ONE = ("--workers=1", "--quiet")
A_DAY_BACK = """
import time
seconds, nanoseconds = time.time, time.time_ns
time.time = lambda: seconds() - 86_400
time.time_ns = lambda: nanoseconds() - 86_400 * 10**9
"""


def test_studies_of_one_name_in_two_storages_share_a_records_folder(
    program: Preloaded, folder: Path, undisturbed: str
) -> None:
    """Their records have the same numbers, but each study reads and removes only its own."""
    search = ("search", "wine.yaml", *ONE, *UNTRACKED)
    program.run(folder, *search)
    other = "--storage=sqlite:///other.db"
    its = fingerprint(program.run(folder, *search, "--set=seed=1", other))
    assert program.run(folder, "fingerprint", "wine").strip() == undisturbed
    assert program.run(folder, "fingerprint", "wine", other).strip() == its != undisturbed
    program.run(folder, "rm", "wine", "--yes", other)
    assert program.run(folder, "fingerprint", "wine").strip() == undisturbed
    assert_whole(folder)


@pytest.mark.proof
def test_a_study_is_resumed_in_a_moved_folder_while_the_clock_is_set_back(
    tracked: Preloaded, tmp_path: Path, folder: Path, undisturbed: str
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    (folder / "wine.yaml").rename(old / "wine.yaml")
    tracked.run(old, "search", "wine.yaml", *ONE, "--trials=4")
    old.rename(new)
    said = tracked.run(new, "search", "wine.yaml", *ONE, planted=A_DAY_BACK)
    assert fingerprint(said) == undisturbed
    assert_whole(new)
    assert_published(new)
    assert not old.exists()
    assert tracked.run(new, "rerun", "wine/1").startswith("wine/1 identical\n")
    times = "SELECT end_time - start_time FROM runs"
    assert min(took for (took,) in query(new / "mlflow.db", times)) >= 0
    late = "SELECT timestamp - start_time - step FROM metrics JOIN runs USING (run_uuid)"
    assert set(query(new / "mlflow.db", late)) == {(0,)}
