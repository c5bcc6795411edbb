"""Covers that databases are opened by SQLite alone, so that the process keeps its locks."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dnnsearch.config.yaml_file import read as read_yaml
from dnnsearch.data.files.open_bytes import opened, sha256, unpacked
from dnnsearch.errors import UserError
from dnnsearch.models.model_file import read
from dnnsearch.storage.sqlite_connection import connection, is_database

NAME = "a ?#%41.db"  # what means something in a URI


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / NAME
    with closing(sqlite3.connect(path)) as made:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("CREATE TABLE a (b)")
    return path


@pytest.fixture
def held(database: Path) -> Iterator[Path]:
    """The database, while this process reads it."""
    with closing(sqlite3.connect(database)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM a").fetchone()
        assert is_locked(database)
        yield database
        reader.execute("COMMIT")


def is_locked(path: Path) -> bool:
    """Whether this process has locks on the database and on its shared memory."""
    held = [line.split()[-4:-2] for line in Path("/proc/locks").read_text().splitlines()]
    inodes = {file.split(":")[2] for process, file in held if process == str(os.getpid())}
    shared = path.with_name(f"{path.name}-shm")
    return {str(path.stat().st_ino), str(shared.stat().st_ino)} <= inodes


def test_a_database_is_told_from_other_files(database: Path, tmp_path: Path) -> None:
    assert is_database(database)
    for name, content in {"short": b"a,b\n", "long": b"a,b\n1,2\n" * 999, "empty": b""}.items():
        (tmp_path / name).write_bytes(content)
        assert not is_database(tmp_path / name)
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "missing", ".", "null\0byte"):
        assert not is_database(tmp_path / name)
    assert not (tmp_path / "missing").exists()


def test_a_database_that_is_locked_or_damaged_is_one(database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = DELETE")
        writer.execute("BEGIN EXCLUSIVE")
        assert is_database(database)
    content = bytearray(database.read_bytes())
    content[100:4000] = b"\xff" * 3900
    database.write_bytes(content)
    assert is_database(database)


def test_a_connection_creates_no_file(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError), connection(tmp_path / "new.db"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_looking_at_a_database_keeps_the_locks(held: Path) -> None:
    assert is_database(held)
    with connection(held) as other:
        assert other.execute("SELECT count(*) FROM a").fetchone() == (0,)
    assert is_locked(held)
    held.open("rb").close()
    assert not is_locked(held)  # as the test would see it


def test_a_database_in_the_place_of_another_file_is_refused_unopened(held: Path) -> None:
    for reads in (sha256, unpacked, lambda path: opened(path).__enter__()):
        with pytest.raises(ValueError, match="it is a SQLite database"):
            reads(held)
    for refuses in (read, read_yaml):
        with pytest.raises(UserError, match="it is a SQLite database"):
            refuses(held)
    assert is_locked(held)
