"""Covers Optuna's storage in a real PostgreSQL: races and kills at its creation, and misuse."""

import subprocess
import sys

import optuna
import pytest
from optuna.trial import TrialState

from dnnsearch.errors import UserError
from dnnsearch.storage import postgresql as sessions
from dnnsearch.storage.optuna_storage import Rows, create_study, open_storage
from dnnsearch.study.leaderboard.ranking import leaderboards
from tests.storage.test_optuna_storage import asked
from tests.support.databases import PASSWORD, PostgreSQL

AT_ONCE = """
import os, sys
from dnnsearch.storage.optuna_storage import open_storage

def start():
    child = os.fork()
    if child == 0:
        try:
            open_storage(sys.argv[1], create=True)
            os._exit(0)
        finally:
            os._exit(1)
    return child

print([os.waitpid(child, 0)[1] for child in [start() for _ in range(8)]])
"""
KILLED = """
import os, signal, sys
from sqlalchemy import Engine, event
from dnnsearch.storage.optuna_storage import open_storage

def start(last):
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    @event.listens_for(Engine, "before_cursor_execute")
    def look(connection, cursor, statement, *_):
        if last in statement:
            os.kill(os.getpid(), signal.SIGKILL)
    open_storage(sys.argv[1], create=True)
    os._exit(0)

print([start(last) for last in (
    "CREATE TABLE trials", "CREATE TABLE trial_heartbeats", "INSERT INTO version_info",
    "CREATE TABLE alembic_version", "INSERT INTO alembic_version"
)])
"""


def script(text: str, url: str) -> list[int]:
    """The list of numbers that a Python program prints."""
    done = subprocess.run(
        [sys.executable, "-c", text, url], check=True, stdout=subprocess.PIPE, text=True
    )
    return [int(number) for number in done.stdout.strip("[]\n").split(",")]


def refused(url: str, create: bool = False) -> str:
    """Return the error of opening the storage; it never has the password."""
    with pytest.raises(UserError) as caught:
        open_storage(url, create)
    said = str(caught.value)
    assert PASSWORD not in said and "s3cret" not in said
    return said


def test_optunas_own_calls_read_what_is_written(address: str) -> None:
    storage = open_storage(address, create=True)
    create_study(storage, "digits", "maximize")
    rows = Rows(storage, "digits")
    curve = [(0, 0.1), (10, 1 / 3)]
    rows.tell(rows.ask(asked(0)), TrialState.COMPLETE, 1 / 3, curve, {"a": 1})
    rows.ask(asked(1))
    study = optuna.load_study(study_name="digits", storage=address)
    assert study.best_value == 1 / 3
    assert study.trials[0].intermediate_values == dict(curve)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "RUNNING"]


def test_eight_first_starts_at_once_leave_one_working_database(address: str) -> None:
    assert script(AT_ONCE, address) == [0] * 8
    create_study(open_storage(address), "digits", "maximize")


def test_kills_while_the_tables_are_created_leave_a_working_database(address: str) -> None:
    assert script(KILLED, address) == [-9] * 5
    create_study(open_storage(address, create=True), "digits", "maximize")


def test_tables_are_only_created_on_request(address: str, postgresql: PostgreSQL) -> None:
    assert "there is no study yet" in refused(address)
    assert leaderboards(address) == []
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    assert postgresql.execute(address.rpartition("/")[2], tables) == [(0,)]


def test_a_wrong_password_is_one_line(address: str) -> None:
    said = refused(address.replace("s3cret", "s3cret-not"), create=True)
    assert 'password authentication failed for user "owner"' in said


def test_no_server_is_one_line(address: str, postgresql: PostgreSQL) -> None:
    nobody = address.replace(str(postgresql.port), "1")
    assert "port 1 failed: Connection refused" in refused(nobody, create=True)


def test_no_such_database_is_one_line(address: str) -> None:
    assert "does not exist" in refused(f"{address}missing", create=True)


def test_a_read_only_database_is_refused_before_a_search_and_can_be_read(
    address: str, postgresql: PostgreSQL
) -> None:
    create_study(open_storage(address, create=True), "digits", "maximize")
    name = address.rpartition("/")[2]
    postgresql.execute(name, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    assert "cannot be written: it is read-only" in refused(address, create=True)
    assert Rows(open_storage(address), "digits").trials() == []


def test_the_error_for_a_role_without_rights_names_the_right(
    address: str, postgresql: PostgreSQL
) -> None:
    name = address.rpartition("/")[2]
    postgresql.execute(name, f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
    reader = address.replace("owner", name)
    postgresql.execute(name, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    assert f"{name} may not create tables there" in refused(reader, create=True)
    create_study(open_storage(address, create=True), "digits", "maximize")
    assert f"{name} may not write to its table studies" in refused(reader, create=True)
    assert "permission denied for table version_info" in refused(reader)
    postgresql.execute(name, f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}")
    assert Rows(open_storage(reader), "digits").trials() == []


def test_another_schema_is_one_line_with_the_command_that_upgrades_it(
    address: str, postgresql: PostgreSQL
) -> None:
    open_storage(address, create=True)
    name = address.rpartition("/")[2]
    postgresql.execute(
        name,
        "UPDATE version_info SET schema_version = 1",
        "UPDATE alembic_version SET version_num = 'v0.9.0.a'",
    )
    assert "optuna storage upgrade --storage postgresql://owner@127" in refused(address, True)


def test_another_programs_database_is_refused_and_not_changed(
    address: str, postgresql: PostgreSQL
) -> None:
    name = address.rpartition("/")[2]
    postgresql.execute(name, "CREATE TABLE alembic_version (version_num varchar(32))")
    assert "holds another program's tables" in refused(address, create=True)
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    assert postgresql.execute(name, tables) == [("alembic_version",)]


def test_without_the_driver_one_line_says_how_to_install_it(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert 'pip install "dnnsearch[postgresql]"' in refused(address)


def test_the_server_notices_sessions_of_lost_machines(address: str) -> None:
    with sessions.session(address) as session:
        shown = [
            session.exec_driver_sql(f"SHOW {name}").scalar() for name in sessions.SERVER_SETTINGS
        ]
    assert shown == ["10", "5", "3", "25000", "0"]
