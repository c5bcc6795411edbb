"""Covers the lock that keeps the folders of the array store from `clean`."""

import os
from pathlib import Path

import pytest

from dnnsearch.storage.array_lock import lock_shared, removal_lock


def test_a_folder_is_free_unless_it_is_locked_whatever_its_name_is_then(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    locks = [lock_shared(folder), lock_shared(folder)]
    folder = folder.rename(tmp_path / "b")
    for lock in locks:
        with removal_lock(folder) as is_free:
            assert not is_free
        os.close(lock)
    with removal_lock(folder) as is_free:
        assert is_free


def test_a_folder_that_is_removed_while_it_is_locked_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    monkeypatch.setattr("portalocker.lock", lambda *_: folder.rmdir())
    with pytest.raises(FileNotFoundError):
        lock_shared(folder)


def test_what_is_no_folder_is_free_to_be_removed(tmp_path: Path) -> None:
    with removal_lock(tmp_path / "none") as is_free:
        assert is_free
