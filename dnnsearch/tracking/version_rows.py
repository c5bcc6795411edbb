"""Read from MLflow's SQLite file which version of a model is the champion.

MLflow's import takes a second and 100 MB, for one row that every prediction asks for. A table with
other columns than those here is not read, and MLflow has to be asked: so it is for a server and for
other databases, too. Does not import MLflow.
"""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from dnnsearch.storage import sqlite_connection
from dnnsearch.tracking.version import CHAMPION, Version, registered_name

LOCK_SECONDS = 5.0  # to wait for another process, as MLflow does
# Table -> the columns that are read; `workspace` came with a later release of MLflow.
COLUMNS: Mapping[str, frozenset[str]] = {
    table: frozenset(columns.split())
    for table, columns in {
        "registered_model_aliases": "alias version name",
        "model_versions": "name version current_stage",
        "model_version_tags": "key value name version",
    }.items()
}
WORKSPACE = "default"  # the one that MLflow uses unless it is told another one


class UnknownTables(Exception):
    """MLflow's tables are not those that are known here."""


def champion_version(path: Path, study: str) -> Version | None:
    """Return the version with the alias `champion` under the study's name; None if there is none.

    Raise UnknownTables if only MLflow can say so, sqlite3.Error if the file cannot be read.
    """
    with sqlite_connection.connection(path, timeout=LOCK_SECONDS) as opened:
        has_workspaces = _check_columns(opened)
        inside = f"AND workspace = '{WORKSPACE}'" if has_workspaces else ""
        name = registered_name(study)
        found = opened.execute(
            "SELECT version FROM registered_model_aliases JOIN model_versions "
            f"USING (name, version{', workspace' if has_workspaces else ''}) "
            f"WHERE name = ? AND alias = ? {inside} AND current_stage != 'Deleted_Internal'",
            (name, CHAMPION),
        ).fetchone()
        if found is None:
            return None
        (version,) = found
        tags = opened.execute(
            f"SELECT key, value FROM model_version_tags WHERE name = ? AND version = ? {inside}",
            (name, version),
        )
        return Version.of(name, version, dict(tags))


def _check_columns(opened: sqlite3.Connection) -> bool:
    """Return whether rows are kept apart by workspace; raise UnknownTables."""
    present = {table: sqlite_connection.columns_of(opened, table) for table in COLUMNS}
    if any(not columns <= present[table] for table, columns in COLUMNS.items()):
        raise UnknownTables
    apart = {"workspace" in columns for columns in present.values()}
    if len(apart) > 1:
        raise UnknownTables
    return apart == {True}
