"""Covers who may read and write what is created, and whose cache is used."""

import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dnnsearch.errors import UserError
from dnnsearch.storage import permissions
from dnnsearch.storage.array_store import ArrayStore, default_root
from dnnsearch.storage.atomic_write import write_whole
from dnnsearch.storage.optuna_storage import open_storage
from dnnsearch.storage.study_lock import study_lock
from dnnsearch.tracking import prepare_database
from tests.support.users import ANN, TEAM, python_of_all, run_as


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def umask() -> Iterator[None]:
    """The umask of people who work in groups."""
    before = os.umask(0o002)
    yield
    os.umask(before)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's default cache, which is not there yet."""
    monkeypatch.delenv("DNNSEARCH_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return tmp_path / "caches" / "dnnsearch"


def create_all(folder: Path) -> dict[str, int]:
    """Create what a study has in the folder; return the modes of all that is then there."""
    storage = open_storage(f"sqlite:///{folder}/optuna.db", create=True)
    with sqlite3.connect(folder / "optuna.db") as connection:  # which has a write-ahead log
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE another (one)")
        connection.commit()
        with study_lock(storage.url, "wine"):
            write_whole(folder / "records" / "wine" / "0.npz", b"")
            prepare_database(f"sqlite:///{folder}/mlflow.db")
            found = {str(path.relative_to(folder)): mode(path) for path in folder.rglob("*")}
    connection.close()
    storage.engine.dispose()
    return found


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("template", ["kept", "missing"])
def test_the_umask_decides_who_may_write_what_lies_beside_a_project(
    template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if template == "missing":  # then SQLite itself would create the databases
        monkeypatch.setenv("DNNSEARCH_CACHE", os.devnull)
    found = create_all(tmp_path)
    assert found.pop("records") == found.pop("records/wine") == 0o775
    assert {"optuna.db", "optuna.db-wal", "mlflow.db", "optuna.db.wine.lock"} < found.keys()
    assert set(found.values()) == {0o664}, found


@pytest.mark.usefixtures("umask")
def test_what_lies_in_a_shared_temporary_folder_is_its_owners_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    found = create_all(tmp_path)
    assert found.pop("records") == 0o700
    del found["records/wine"], found["records/wine/0.npz"]  # nobody else can enter
    assert set(found.values()) == {0o600}, found


@pytest.mark.usefixtures("umask")
def test_the_default_cache_is_created_for_its_owner_and_then_used(cache: Path) -> None:
    ArrayStore(default_root()).put({})
    assert mode(cache) == 0o700
    assert default_root() == cache / "arrays"


@pytest.mark.parametrize("bits", [0o777, 0o775])
@pytest.mark.parametrize("which", ["", "arrays"])
def test_a_default_cache_that_others_can_write_is_refused(
    cache: Path, bits: int, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (cache / "arrays").mkdir(parents=True)
    (cache / which).chmod(bits)
    monkeypatch.setattr(permissions, "_is_own_group", lambda gid: False)
    with pytest.raises(
        UserError, match="can be written by other users: run chmod -R go-w "
    ) as caught:
        default_root()
    assert os.system(str(caught.value).partition("run ")[2].partition(",")[0]) == 0
    assert default_root() == cache / "arrays"


def test_a_group_of_the_users_own_is_nobody_else(cache: Path) -> None:
    (cache / "arrays").mkdir(parents=True)
    cache.chmod(0o775)
    if os.geteuid() == 0:
        os.chown(cache, 0, 0)
        assert default_root() == cache / "arrays"
        os.chown(cache, 0, TEAM)
        with pytest.raises(UserError, match="other users"):
            default_root()


def test_a_default_cache_of_another_user_is_refused_but_not_one_that_is_named(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    cache.mkdir(parents=True)
    os.chown(cache, ANN, TEAM)
    with pytest.raises(UserError, match="belongs to another user: .*DNNSEARCH_CACHE=FOLDER"):
        default_root()
    monkeypatch.setenv("DNNSEARCH_CACHE", str(cache))
    assert default_root() == cache


def test_another_user_gets_one_line_for_a_cache_that_is_not_theirs() -> None:
    python = python_of_all()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "dnnsearch").mkdir()
        folder.chmod(0o755)
        command = [python, "-m", "dnnsearch", "clean"]
        done = run_as(ANN, command, folder, 0o022, XDG_CACHE_HOME=name)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: the cache {name}/dnnsearch belongs to another user")
    assert done.stderr.count("\n") == 1


def test_an_old_database_keeps_its_mode(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "optuna.db")):
        pass
    (tmp_path / "optuna.db").write_bytes(b"")
    (tmp_path / "optuna.db").chmod(0o640)
    open_storage(f"sqlite:///{tmp_path}/optuna.db", create=True).engine.dispose()
    assert mode(tmp_path / "optuna.db") == 0o640
