"""Opens Optuna's storage without Alembic, if its schema is the newest that Optuna knows.

Each time a storage is opened, Optuna imports Alembic and runs all migration files to learn which
version is the newest. The text of these files says it, too. Any other storage, a new one too, is
Optuna's to check, and so is every storage if a release has changed what is private here.
"""

import importlib.util
from collections.abc import Mapping
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import sqlalchemy
from optuna.storages import RDBStorage
from sqlalchemy.exc import SQLAlchemyError

from dnnsearch.storage.schema_versions import migrations

MODULE, MANAGER = "optuna.storages._rdb.storage", "_VersionManager"
VERSION = sqlalchemy.text("SELECT version_num FROM alembic_version")
IS_COMPLETE = sqlalchemy.text("SELECT 1 FROM version_info")  # Optuna's last row of a new storage


def open_rdb_storage(url: str, engine_settings: Mapping[str, Any]) -> RDBStorage:
    """Return `RDBStorage(url, engine_settings)`, which raises RuntimeError for another schema."""
    module, given = import_module(MODULE), dict(engine_settings)
    if not newest_version() or not hasattr(module, MANAGER):
        return RDBStorage(url, given)
    optunas_own()
    setattr(module, MANAGER, SchemaCheck)
    try:
        return RDBStorage(url, given)
    finally:
        setattr(module, MANAGER, optunas_own())


@cache
def optunas_own() -> Any:
    """Return Optuna's class; the first call is before any storage has another one."""
    return getattr(import_module(MODULE), MANAGER)


class SchemaCheck:
    """Stands for Optuna's version manager, and asks it for all but the usual answer."""

    def __init__(self, *given: Any) -> None:
        self._given = given  # the URL, the engine, the session

    @cached_property
    def _own(self) -> Any:
        return optunas_own()(*self._given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)

    def check_table_schema_compatibility(self) -> None:
        """Raise RuntimeError if the schema is of another version."""
        if not self._is_newest():
            self._own.check_table_schema_compatibility()

    def _is_newest(self) -> bool:
        try:
            with self._given[1].connect() as connection:
                versions = connection.execute(VERSION).scalars().all()
                rows = connection.execute(IS_COMPLETE).all()
        except SQLAlchemyError:
            return False  # Optuna meets the same, or creates what is missing
        return versions == [newest_version()] and len(rows) == 1


@cache
def newest_version() -> str:
    """Return the newest version that the installed Optuna knows; empty if that cannot be read."""
    spec = importlib.util.find_spec(MODULE)
    if spec is None or spec.origin is None:
        return ""
    return migrations(Path(spec.origin).parent / "alembic" / "versions")[1]
