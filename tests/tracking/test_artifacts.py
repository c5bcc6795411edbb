"""The folder of a run's files; test_tracker.py covers that they are written whole."""

from pathlib import Path

from dnnsearch.tracking.artifacts import present_folder


def test_in_a_moved_folder_folder_artifacts_are_found_next_to_the_database(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    tail = Path("mlruns", "1", "run", "artifacts")
    assert present_folder(old / tail, new) == old / tail  # of an experiment that has none yet
    (new / "mlruns" / "1").mkdir(parents=True)
    assert present_folder(old / tail, new) == new / tail
    (old / "mlruns" / "1").mkdir(parents=True)
    assert present_folder(old / tail, new) == old / tail  # nothing was moved
