"""Check the database of a tracking URI before use, and create it if it is a SQLite file.

A check does not import MLflow, and of a file it takes milliseconds.
"""

import importlib.util
import os
import re
import sqlite3
from functools import cache
from importlib import metadata
from pathlib import Path

from dnnsearch.errors import UserError
from dnnsearch.storage import database_templates, permissions, sqlite_connection
from dnnsearch.storage.schema_versions import migrations
from dnnsearch.urls import UNTRACKED, sqlite_path, without_password

SCHEMES = ("sqlite", "postgresql", "mysql", "mssql", "http", "https", "databricks")
OWN_TABLES = {"alembic_version", "experiments", "runs", "metrics", "params", "tags"}  # of MLflow


def check_uri(uri: str) -> None:
    """Raise UserError if MLflow could not work with `uri`.

    No request is sent to a server: it may be away and come back. Does not import MLflow.
    """
    scheme = re.match(r"[a-z]+", uri)
    if "://" not in uri.replace("databricks", "databricks://", 1) or (
        scheme is None or scheme[0] not in SCHEMES
    ):
        raise UserError(
            f"tracking: must be an MLflow tracking URI such as sqlite:///mlflow.db or "
            f"http://host:5000, but got {uri!r}"
        )
    path = sqlite_path(uri)
    if path is not None and os.path.lexists(path):
        _check_file(path, uri)
    elif path is not None:
        _check_folder(path)


def has_store(uri: str) -> bool:
    """Return whether there may be a tracking store at `uri`, without creating one.

    False for `none`, and for a SQLite file that does not exist yet. True for every server: it is
    not asked. Does not import MLflow.
    """
    path = sqlite_path(uri)
    return uri != UNTRACKED and (path is None or path.exists())


def prepare_database(uri: str) -> None:
    """Check `uri`, and create MLflow's database if it is SQLite and there is no file yet.

    Any number of processes may do so at once, and each may be killed at any moment. Raise UserError
    like `check_uri`, and if PostgreSQL does not answer or has the tables of another MLflow version.
    """
    check_uri(uri)
    if uri.startswith("postgresql"):
        _check_postgresql(uri)
    path = sqlite_path(uri)
    if path is not None and not path.exists():
        try:
            permissions.create_folder(path.parent)
            database_templates.create_in_place(path, _create_tables)
        except OSError as error:
            raise UserError(f"tracking: cannot create {path}: {error.strerror}") from error


def _check_folder(path: Path) -> None:
    folder = next(p for p in path.absolute().parents if os.path.exists(p))  # noqa: PTH110
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(f"tracking: cannot create {path}: the folder {folder} is not writable")


def _check_file(path: Path, uri: str) -> None:
    if not path.is_file():
        raise UserError(f"tracking: {path} must be a database file, but is something else")
    if not os.access(path, os.R_OK | os.W_OK) or not os.access(path.parent, os.W_OK):
        raise UserError(f"tracking: {path} must be readable and writable, its folder too")
    try:
        _check_schema(path, uri)
    except sqlite3.OperationalError:
        pass  # locked at the moment: the writer will wait
    except sqlite3.DatabaseError as error:
        if sqlite_connection.is_foreign(error):
            raise UserError(f"tracking: {path} is not a SQLite database") from None
        raise UserError(f"tracking: {path} is damaged: {error}") from error


def _check_schema(path: Path, uri: str) -> None:
    with sqlite_connection.connection(path) as opened:
        tables = {name for (name,) in opened.execute("SELECT name FROM sqlite_master")}
        version = None
        if "alembic_version" in tables:
            version = opened.execute("SELECT version_num FROM alembic_version").fetchone()
    if tables and tables.isdisjoint(OWN_TABLES):
        raise UserError(
            f"tracking: {path} has another program's tables: name another file, such as "
            f"sqlite:///{path.stem}-2{path.suffix}"
        )
    if version is not None:
        _check_version(version[0], str(path), uri)
    if version is None or not tables.issuperset(OWN_TABLES):
        raise UserError(
            f"tracking: {path} has no complete MLflow schema (was MLflow killed while it "
            f"created it?): move the file away and start again"
        )


def _check_postgresql(uri: str) -> None:
    """Raise UserError for an older or newer schema: MLflow would add its tables to an older one."""
    import sqlalchemy  # its import takes time, and SQLite does not need it

    from dnnsearch.storage import postgresql

    shown = without_password(uri)
    try:
        with postgresql.session(uri) as session:
            if "alembic_version" not in sqlalchemy.inspect(session).get_table_names():
                return
            version = session.scalar(sqlalchemy.text("SELECT version_num FROM alembic_version"))
    except (sqlalchemy.exc.SQLAlchemyError, ImportError) as error:
        cause = postgresql.reason(error)
        raise UserError(f"tracking: {shown} cannot be used: {cause}") from error
    _check_version(version, shown, shown)


def _check_version(version: str | None, place: str, uri: str) -> None:
    known, newest = schema_versions()
    if not known:
        return
    if version not in known:
        raise UserError(
            f"tracking: {place} was written by a newer MLflow, or by another program: use that "
            "MLflow, or another database"
        )
    if version != newest:
        raise UserError(
            f"tracking: {place} has the schema of an older MLflow: copy the database, then run "
            f"`mlflow db upgrade {uri}`"
        )


@cache
def schema_versions() -> tuple[frozenset[str], str]:
    """Return all schema versions that the installed MLflow knows, and the newest.

    They are read from a folder that is private: without it there are none, and the newest is ''.
    """
    spec = importlib.util.find_spec("mlflow")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0], "store", "db_migrations", "versions")
    return migrations(folder)


def _create_tables(path: Path) -> None:
    from dnnsearch.tracking import schema

    name = f"mlflow-{schema_versions()[1] or metadata.version('mlflow')}"
    database_templates.create_from_template(path, name, schema.create_tables)
    schema.create_schema(path)
