"""Covers the copies of new databases that a machine keeps, and the creation in place."""

from pathlib import Path

import pytest

from dnnsearch.storage import database_templates
from dnnsearch.storage.atomic_write import temporary_prefix
from dnnsearch.storage.database_templates import create_in_place
from dnnsearch.storage.optuna_storage import Rows, create_study, open_storage, study_names


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / database_templates.FOLDER


def made(path: Path, content: bytes = b"new") -> bytes:
    database_templates.create_from_template(
        path, "some-1.0", lambda path: path.write_bytes(content) and None
    )
    return path.read_bytes()


def test_the_second_is_a_copy_of_the_first(tmp_path: Path, cache: Path) -> None:
    assert made(tmp_path / "first", b"old") == b"old"
    assert made(tmp_path / "second") == b"old"
    assert [path.suffix for path in cache.iterdir()] == [".db"]


def test_a_damaged_copy_is_made_again(tmp_path: Path, cache: Path) -> None:
    made(tmp_path / "first", b"old")
    (kept,) = cache.iterdir()
    kept.write_bytes(b"ol")
    assert made(tmp_path / "second") == b"new"
    assert made(tmp_path / "third", b"newest") == b"new"


def test_if_no_copy_can_be_kept_it_is_made_each_time(tmp_path: Path, cache: Path) -> None:
    cache.parent.mkdir()
    cache.write_bytes(b"no folder")
    assert made(tmp_path / "first", b"old") == b"old"
    assert made(tmp_path / "second") == b"new"


def test_the_study_in_one_database_is_not_in_the_next(tmp_path: Path) -> None:
    for name in ("first", "second"):
        storage = open_storage(f"sqlite:///{tmp_path}/{name}.db", create=True)
        assert study_names(storage) == []
        create_study(storage, name, "maximize")
        assert Rows(storage, name).trials() == []


def test_a_failed_creation_leaves_nothing_and_the_next_one_removes_what_a_kill_left(
    tmp_path: Path,
) -> None:
    left = tmp_path / f"{temporary_prefix(Path('new.db'))}killed"
    left.mkdir()
    (left / "new.db-journal").touch()

    def fail(path: Path) -> None:
        path.touch()
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        create_in_place(tmp_path / "new.db", fail)
    assert list(tmp_path.iterdir()) == []
    create_in_place(tmp_path / "new.db", lambda path: path.write_bytes(b"new") and None)
    assert [path.name for path in tmp_path.iterdir()] == ["new.db"]


def test_a_database_that_another_process_has_created_meanwhile_stays(tmp_path: Path) -> None:
    def create(path: Path) -> None:
        path.write_bytes(b"ours")
        (tmp_path / "new.db").write_bytes(b"theirs")

    create_in_place(tmp_path / "new.db", create)
    assert (tmp_path / "new.db").read_bytes() == b"theirs"
    create_in_place(tmp_path / "new.db", lambda path: pytest.fail("it is there already"))
