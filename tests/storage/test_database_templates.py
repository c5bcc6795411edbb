"""Empty databases are made once on a machine, and a damaged copy is never used."""

from pathlib import Path

import pytest

from dnnsearch.storage import database_templates
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


def test_a_damaged_copy_is_made_anew(tmp_path: Path, cache: Path) -> None:
    made(tmp_path / "first", b"old")
    (kept,) = cache.iterdir()
    kept.write_bytes(b"ol")
    assert made(tmp_path / "second") == b"new"
    assert made(tmp_path / "third", b"newest") == b"new"


def test_without_a_place_to_keep_it_it_is_made_each_time(tmp_path: Path, cache: Path) -> None:
    cache.parent.mkdir()
    cache.write_bytes(b"no folder")
    assert made(tmp_path / "first", b"old") == b"old"
    assert made(tmp_path / "second") == b"new"


def test_what_one_study_holds_is_not_in_the_next_database(tmp_path: Path) -> None:
    for name in ("first", "second"):
        storage = open_storage(f"sqlite:///{tmp_path}/{name}.db", create=True)
        assert study_names(storage) == []
        create_study(storage, name, "maximize")
        assert Rows(storage, name).trials() == []
