"""The database of a tracking URI: checks, refusals, and creation through kills and races."""

import shutil
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from dnnsearch.errors import UserError
from dnnsearch.tracking import check_uri, has_store, prepare_database
from dnnsearch.tracking.client import connect
from dnnsearch.tracking.database import schema_versions
from dnnsearch.urls import sqlite_path
from tests.support.databases import PostgreSQL

URI = "sqlite:///mlflow.db"


def script(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)


def refusal(uri: str = URI) -> str:
    with pytest.raises(UserError) as caught:
        check_uri(uri)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("sqlite:///mlflow.db", "mlflow.db"),
        ("sqlite:////data/a b/mlflow.db", "/data/a b/mlflow.db"),
        ("sqlite+pysqlite:///x.db?timeout=3", "x.db"),
        ("sqlite:///:memory:", None),
        ("http://host:5000", None),
        ("postgresql://u@h/db", None),
    ],
)
def test_the_file_of_a_uri(uri, path):
    assert sqlite_path(uri) == (path and Path(path))


def test_looking_for_a_store_creates_none(folder):
    assert has_store(URI)
    assert has_store("http://127.0.0.1:9")  # a server may come back
    assert not has_store("none")
    assert not has_store("sqlite:///new/other.db")
    assert not Path("new").exists()


@pytest.mark.parametrize("uri", ["mlruns", "file:///tmp/mlruns", "", "ftp://x", "sqlit:///a.db"])
def test_an_invalid_tracking_uri_is_refused(uri):
    assert repr(uri) in refusal(uri)


@pytest.mark.parametrize("uri", ["http://nowhere:1", "databricks", "databricks://profile"])
def test_a_server_is_not_asked(uri):
    check_uri(uri)


def test_the_newest_schema_is_the_one_that_mlflow_creates(folder):
    with closing(sqlite3.connect("mlflow.db")) as connection:
        (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    assert version == schema_versions()[1]
    check_uri(URI)


def test_without_mlflows_folder_of_revisions_every_schema_is_taken(folder, monkeypatch):
    elsewhere = SimpleNamespace(submodule_search_locations=[str(folder)])
    monkeypatch.setattr("importlib.util.find_spec", lambda name: elsewhere)
    schema_versions.cache_clear()
    try:
        check_uri(URI)
        assert schema_versions() == (frozenset(), "")
    finally:
        schema_versions.cache_clear()


def test_a_database_of_ours_has_a_write_ahead_log_and_leaves_nothing_beside_it(folder):
    with closing(sqlite3.connect("mlflow.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert {path.name for path in folder.iterdir()} == {"mlflow.db", "record.zip"}


def test_an_older_schema_is_refused_with_the_command_that_mends_it(folder):
    with closing(sqlite3.connect("mlflow.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '451aebb31d03'")
    assert f"mlflow db upgrade {URI}" in refusal()


def test_a_newer_schema_is_refused(folder):
    with closing(sqlite3.connect("mlflow.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    assert "newer MLflow" in refusal()


def test_another_schema_in_postgresql_is_refused_and_left_alone(
    address: str, postgresql: PostgreSQL
) -> None:
    prepare_database(address)  # empty: MLflow will create its tables
    name = address.rpartition("/")[2]
    create = "CREATE TABLE alembic_version AS SELECT '{}' AS version_num"
    for version, said in {
        "451aebb31d03": "mlflow db upgrade postgresql://owner@127",
        "v3.2.0.a": "another program",
    }.items():
        postgresql.execute(name, create.format(version))
        with pytest.raises(UserError, match=said) as caught:
            connect(address)
        assert "s3cret" not in str(caught.value)
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        assert postgresql.execute(name, tables) == [("alembic_version",)]
        postgresql.execute(name, "DROP TABLE alembic_version")


def test_a_half_created_or_empty_database_is_refused(folder):
    with closing(sqlite3.connect("mlflow.db")) as connection, connection:
        connection.execute("DELETE FROM alembic_version")
    assert "no complete MLflow schema" in refusal()
    Path("empty.db").touch()
    assert "no complete MLflow schema" in refusal("sqlite:///empty.db")


def test_a_database_without_one_of_mlflows_tables_is_refused(folder):
    with closing(sqlite3.connect("mlflow.db")) as database:
        database.execute("PRAGMA foreign_keys = OFF")
        database.execute("DROP TABLE runs")
    assert "no complete MLflow schema" in refusal()


def test_another_programs_database_is_refused_and_not_changed(folder):
    with closing(sqlite3.connect("customers.db")) as database:
        database.execute("CREATE TABLE customers (name TEXT)")
        database.commit()
    before = Path("customers.db").read_bytes()
    assert "has another program's tables: name another file" in refusal("sqlite:///customers.db")
    assert Path("customers.db").read_bytes() == before


def test_a_file_that_is_not_a_database_is_refused(folder):
    Path("mlflow.db").write_text("something else")
    assert "not a SQLite database" in refusal()
    Path("folder.db").mkdir()
    assert "something else" in refusal("sqlite:///folder.db")
    assert "not writable" in refusal("sqlite:///mlflow.db/in/a/file.db")


def test_a_damaged_database_is_refused(folder):
    content = bytearray(Path("mlflow.db").read_bytes())
    content[100:6000] = b"\xff" * 5900
    Path("mlflow.db").write_bytes(content)
    assert "damaged" in refusal()


def test_a_locked_database_is_not_refused(folder):
    with closing(sqlite3.connect("mlflow.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("BEGIN EXCLUSIVE")
        check_uri(URI)  # does not raise: MLflow waits for the lock


READ_ONLY = """
    import os, sys
    from dnnsearch.errors import UserError
    from dnnsearch.tracking.database import check_uri, schema_versions
    schema_versions()
    os.chdir(sys.argv[1])
    if os.getuid() == 0:
        os.setuid(65534)
    for uri in sys.argv[2:]:
        try:
            check_uri(uri)
        except UserError as error:
            print(error)
"""


def test_a_read_only_file_or_folder_is_refused(created):
    with tempfile.TemporaryDirectory() as place:  # tmp_path is root's alone, if we are root
        folder = Path(place)
        shutil.copy(created, folder / "mlflow.db")
        (folder / "mlflow.db").chmod(0o444)
        folder.chmod(0o555)
        said = script(READ_ONLY, folder, URI, "sqlite:///new.db").stdout.splitlines()
        folder.chmod(0o755)
    assert "readable and writable" in said[0]
    assert "not writable" in said[1]


RACE = """
    import os, random, signal, sys, time
    from dnnsearch.tracking.database import check_uri, prepare_database
    import dnnsearch.tracking.schema  # imported once, then forked: so kills hit the creation itself
    folder, rounds, together, plant = sys.argv[1], *map(int, sys.argv[2:])
    os.chdir(folder)
    def create():
        if plant:  # as MLflow does it
            dnnsearch.tracking.schema.create_schema("mlflow.db")
        else:
            prepare_database("sqlite:///mlflow.db")
    for i in range(rounds):
        children = []
        for _ in range(together):
            if (pid := os.fork()) == 0:
                create()
                os._exit(0)
            children.append(pid)
        if i < rounds - 1:  # the last round is not killed
            time.sleep(random.Random(i).uniform(0.0, 1.5))
            for pid in children:
                os.kill(pid, signal.SIGKILL)
        ends = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
        if os.path.exists("mlflow.db"):
            check_uri("sqlite:///mlflow.db")
            if i < rounds - 1:
                os.rename("mlflow.db", "mlflow.db.%d" % i)
    print(*ends)
"""


def storm(folder: Path, rounds: int, together: int, plant: bool = False) -> None:
    ends = script(RACE, folder, rounds, together, int(plant)).stdout.split()
    assert ends == ["0"] * together
    left = {path.name for path in folder.iterdir() if not path.name.startswith("mlflow.db")}
    assert not left, "files that killed processes left are removed"


@pytest.mark.proof
def test_four_creators_killed_at_any_moment_leave_a_database_that_opens(tmp_path):
    storm(tmp_path, rounds=2, together=4)


@pytest.mark.proof
def test_many_kills_while_the_database_is_created(tmp_path):
    storm(tmp_path, rounds=40, together=3)


@pytest.mark.proof
def test_the_same_kills_without_our_code_leave_broken_databases(tmp_path):
    with pytest.raises(subprocess.CalledProcessError) as caught:
        storm(tmp_path, rounds=40, together=1, plant=True)
    assert "UserError" in caught.value.stderr


def test_a_database_that_another_process_creates_meanwhile_stays(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    from dnnsearch.tracking import schema

    def slow(path: Path) -> None:
        create(path)
        Path("mlflow.db").write_bytes(b"SQLite format 3\0 another program")

    create = schema.create_schema
    monkeypatch.setattr(schema, "create_schema", slow)
    prepare_database(URI)
    assert Path("mlflow.db").read_bytes().endswith(b"another program")
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]
