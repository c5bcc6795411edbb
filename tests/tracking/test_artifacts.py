"""Where a run's files lie; that they are written whole is tested with the tracker."""

from pathlib import Path

from dnnsearch.tracking.artifacts import _moved


def test_in_a_moved_folder_artifacts_are_looked_for_beside_the_database(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    tail = Path("mlruns", "1", "run", "artifacts")
    assert _moved(old / tail, new) == old / tail  # of an experiment that has none yet
    (new / "mlruns" / "1").mkdir(parents=True)
    assert _moved(old / tail, new) == new / tail
    (old / "mlruns" / "1").mkdir(parents=True)
    assert _moved(old / tail, new) == old / tail  # nothing was moved
