"""Covers what is read of a study's records, and how often."""

from pathlib import Path

import numpy as np
import pytest

from dnnsearch.errors import DamagedFile
from dnnsearch.storage import regular_file
from dnnsearch.storage.array_store import pack, unpack
from dnnsearch.study.stored_study import OpenStudy, open_study
from dnnsearch.trials import record_file


@pytest.fixture
def study(tiny: Path) -> OpenStudy:
    return open_study("tiny", f"sqlite:///{tiny / 'optuna.db'}")


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as old at once; the time of an inode's last change cannot be set back."""
    monkeypatch.setattr(regular_file, "MIN_AGE_NS", 0)


def record_names(monkeypatch: pytest.MonkeyPatch, module: object, name: str) -> list[Path]:
    """Return the list that grows by the first argument of each call of a function."""
    calls: list[Path] = []
    true = getattr(module, name)

    def counted(first: Path, *rest: object) -> object:
        calls.append(first)
        return true(first, *rest)

    monkeypatch.setattr(module, name, counted)
    return calls


@pytest.mark.usefixtures("settled")
def test_the_records_of_a_fingerprint_are_read_once_in_a_process(
    study: OpenStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = record_names(monkeypatch, record_file, "read_stated")
    first = study.fingerprint()
    assert len(read) == len(study.trials())
    assert study.fingerprint() == first
    assert len(read) == len(study.trials())


def test_a_record_is_found_without_listing_the_folder(
    study: OpenStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look through the folder for each of 1,000 records takes a second."""
    listed = record_names(monkeypatch, record_file, "named")
    assert study.fingerprint()
    assert study.record(1).spec.number == 1
    assert not listed


@pytest.mark.usefixtures("settled")
def test_a_record_that_changed_after_it_was_verified_is_refused(study: OpenStudy) -> None:
    first, path = study.fingerprint(), study.path(0)
    content = path.read_bytes()
    document, arrays = unpack(content)
    arrays["steps"] = arrays["steps"] + np.int64(1)
    path.write_bytes(pack(document, arrays))
    for ask in (study.fingerprint, lambda: study.record(0)):
        with pytest.raises(DamagedFile, match="it was changed after it was written: steps"):
            ask()
    path.write_bytes(content)
    assert study.fingerprint() == first


def test_a_file_that_was_written_a_moment_ago_is_verified_again(study: OpenStudy) -> None:
    """Within a tick of the file system's clock a second write leaves the same times."""
    path = study.path(0)
    study.record(0)
    assert record_file.verified_digest(path) is None
