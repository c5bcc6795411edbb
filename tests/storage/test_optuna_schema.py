"""Covers how Optuna's storage is opened: without Alembic, unless Optuna has to look itself."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import pytest
from optuna.storages import RDBStorage
from optuna.storages._rdb import storage as optunas

from dnnsearch.storage import optuna_schema
from dnnsearch.storage.optuna_schema import newest_version
from dnnsearch.storage.optuna_storage import create_study, open_storage, study_names
from dnnsearch.storage.schema_versions import migrations

OWN = optunas._VersionManager


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'optuna.db'}"
    create_study(open_storage(url, create=True), "digits", "maximize")
    return url


def change(tmp_path: Path, statement: str) -> None:
    with closing(sqlite3.connect(tmp_path / "optuna.db")) as database, database:
        database.execute(statement)


def refuse(*_: object) -> NoReturn:
    raise AssertionError("Optuna was asked")


@pytest.fixture
def without_alembic(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let Optuna's version manager, which imports Alembic, fail."""
    monkeypatch.setattr(optuna_schema, "optunas_own", lambda: refuse)
    yield
    optunas._VersionManager = OWN


@pytest.mark.usefixtures("without_alembic")
def test_a_storage_with_the_newest_schema_is_opened_without_alembic(url: str) -> None:
    assert study_names(open_storage(url)) == ["digits"]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM alembic_version",
        "DROP TABLE alembic_version",
        "DELETE FROM version_info",
        "UPDATE alembic_version SET version_num = 'v0.9.0.a'",
    ],
)
def test_any_other_storage_is_for_optuna_to_check(
    tmp_path: Path, url: str, without_alembic: None, statement: str
) -> None:
    change(tmp_path, statement)
    with pytest.raises(AssertionError, match="Optuna was asked"):
        open_storage(url)


def test_a_storage_without_its_version_is_completed_as_optuna_does(
    tmp_path: Path, url: str
) -> None:
    change(tmp_path, "DELETE FROM alembic_version")
    assert open_storage(url).get_current_version() == newest_version()


def test_the_newest_version_is_the_one_that_optuna_says(url: str) -> None:
    storage = RDBStorage(url)
    assert newest_version() == storage.get_head_version() == storage.get_current_version()
    storage.engine.dispose()


def test_an_opened_storage_answers_what_optuna_asks_of_it_later(url: str) -> None:
    assert newest_version() in open_storage(url).get_all_versions()
    assert optunas._VersionManager is OWN


@pytest.mark.parametrize("lost", ["the class", "the folder"])
def test_if_a_release_has_moved_what_is_private_optuna_checks(
    url: str, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    if lost == "the class":
        monkeypatch.setattr(optuna_schema, "MANAGER", "_moved")
    else:
        monkeypatch.setattr(optuna_schema, "newest_version", lambda: "")
    assert isinstance(open_storage(url)._version_manager, OWN)


def test_migrations_with_two_ends_or_none_have_no_newest_version(tmp_path: Path) -> None:
    assert migrations(tmp_path / "none") == (frozenset(), "")
    (tmp_path / "a.py").write_text('revision = "a.1"\ndown_revision = None\n')
    (tmp_path / "b.py").write_text('revision = "b"\ndown_revision = "a.1"\n')
    assert migrations(tmp_path) == ({"a.1", "b"}, "b")
    (tmp_path / "c.py").write_text('revision = "c"\ndown_revision = "a.1"\n')
    assert migrations(tmp_path) == (frozenset(), "")
