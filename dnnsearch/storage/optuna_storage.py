"""The rows of a study in Optuna's storage: a copy for people and for Optuna's own tools.

Only the coordinator writes here, a trial in two transactions. Rows are never what a search
continues from: they are compared with the replayed study, and what is missing is added.
"""

import contextlib
import os
import sqlite3
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import optuna
import sqlalchemy
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.storages._rdb import models
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from dnnsearch.errors import UserError
from dnnsearch.storage import database_templates, optuna_rows, postgresql
from dnnsearch.storage.sqlite import sqlite_path

optuna.logging.set_verbosity(optuna.logging.ERROR)
BUSY_SECONDS = 10
TABLES = list(models.BaseModel.metadata.tables)
CREATION = 0x646E6E73  # the advisory lock of whoever creates the tables in PostgreSQL
ALONE = sqlalchemy.text("SELECT pg_advisory_lock(:key)")


def open_storage(url: str, create: bool = False) -> RDBStorage:
    """Optuna's storage at `url`.

    Raises UserError when there is none (unless it is to be created), when it cannot be read or
    written, or when its schema is another version's.
    """
    path = sqlite_path(url)
    if url.startswith("sqlite") and (
        path is None or path.name in ("", ":memory:") or path.is_dir()
    ):
        raise UserError(f"storage: must name a file that lasts, but got {url!r}")
    with _database_errors(url):
        if postgresql.is_postgresql(url):
            return _open_postgresql(url, create)
        if path and not path.exists():
            if not create:
                raise UserError(f"there is no study yet: {path} does not exist")
            _create(path)
        if path and create and not os.access(path.parent, os.W_OK):
            raise UserError(f"the storage {url} cannot be written: its folder is read-only")
        return _connect(url)


def is_there(url: str) -> bool:
    """Whether Optuna has its tables at `url`; raises UserError when that cannot be seen."""
    if (path := sqlite_path(url)) is not None:
        return path.exists()
    if not postgresql.is_postgresql(url):
        return True
    with _database_errors(url), postgresql.session(url) as session:
        return "version_info" in sqlalchemy.inspect(session).get_table_names()


def _connect(url: str) -> RDBStorage:
    path = sqlite_path(url)
    if path and _is_archived(path):
        address = f"file:{quote(str(path))}?immutable=1"
        return RDBStorage(url, {"creator": lambda: sqlite3.connect(address, uri=True)})
    storage = RDBStorage(url, {"connect_args": {"timeout": BUSY_SECONDS} if path else {}})
    # the last connection that is closed moves the write-ahead log into the file: at exit, at least
    weakref.finalize(storage, storage.engine.dispose)
    if path:
        sqlalchemy.event.listen(storage.engine, "connect", _write_ahead)
        storage.engine.dispose()
    return storage


def _is_archived(path: Path) -> bool:
    """Whether nobody can write here, not even the files that a write-ahead log needs."""
    log = path.with_name(f"{path.name}-wal")
    return not os.access(path.parent, os.W_OK) and not log.exists()


def _write_ahead(connection: sqlite3.Connection, _: Any) -> None:
    """A power cut may take the last rows, which are then written again; never the file."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def _create(path: Path) -> None:
    """Make the tables under a temporary name and link them into place, unless somebody else has.

    A process that is killed while it creates tables would leave a database that never opens again.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".new-") as folder:
        new = Path(folder, path.name)
        database_templates.create_from_template(new, f"optuna-{optuna.__version__}", _create_tables)
        with contextlib.suppress(FileExistsError):
            os.link(new, path)


def _create_tables(path: Path) -> None:
    RDBStorage(f"sqlite:///{path}").engine.dispose()


def _open_postgresql(url: str, create: bool) -> RDBStorage:
    """Its tables are created by one process at a time; the next goes on where one was killed."""
    with postgresql.session(url) as session:
        there = set(sqlalchemy.inspect(session).get_table_names())
        if "alembic_version" in there and "version_info" not in there:
            raise UserError(
                f"the storage {url} holds another program's tables, such as MLflow's: it must be "
                "a database of Optuna's own"
            )
        if "version_info" not in there and not create:
            raise UserError(f"there is no study yet: {url} is empty")
        if create and (refusal := postgresql.refusal(session, TABLES)):
            raise UserError(f"the storage {url} cannot be written: {refusal}")
        session.execute(ALONE, {"key": CREATION})
        return _connect_postgresql(url)


def _connect_postgresql(url: str) -> RDBStorage:
    settings = {"connect_args": postgresql.CONNECT, "pool_pre_ping": True}
    storage = RDBStorage(postgresql.engine_url(url).render_as_string(hide_password=False), settings)
    storage.url = url  # as the user wrote it, for messages
    return storage


@contextlib.contextmanager
def _database_errors(url: str) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, StorageInternalError) as error:
        inner = error.__cause__ if isinstance(error, StorageInternalError) else error
        cause = postgresql.reason(inner or error)
        raise UserError(f"the storage {url} cannot be used: {cause}") from error
    except OSError as error:
        raise UserError(f"the storage {url} cannot be used: {error.strerror}") from error
    except ImportError as error:
        advice = f"; install it with: {postgresql.INSTALL}" if "psycopg" in str(error) else ""
        raise UserError(
            f"the storage {url} needs a driver: {error.__cause__ or error}{advice}"
        ) from error
    except RuntimeError as error:
        advice = f"upgrade it with: optuna storage upgrade --storage {url}"
        raise UserError(f"the storage {url} has another version's schema; {advice}") from error


def study_names(storage: RDBStorage) -> list[str]:
    with _database_errors(storage.url):
        return sorted(study.study_name for study in storage.get_all_studies())


def create_study(storage: RDBStorage, study: str, direction: str) -> None:
    """An empty study, to `maximize` or to `minimize`."""
    with _database_errors(storage.url):
        storage.create_new_study([StudyDirection[direction.upper()]], study)


class Rows:
    """One study's rows, in the order of the trials' numbers."""

    def __init__(self, storage: RDBStorage, study: str) -> None:
        self.storage, self.study = storage, study
        try:
            with _database_errors(storage.url):
                self.study_id = storage.get_study_id_from_name(study)
        except KeyError:
            known = ", ".join(study_names(storage)) or "none"
            raise UserError(f"there is no study {study}; known studies: {known}") from None

    @property
    def attributes(self) -> dict[str, Any]:
        with _database_errors(self.storage.url):
            return self.storage.get_study_user_attrs(self.study_id)

    def set_attribute(self, name: str, value: Any) -> None:
        with _database_errors(self.storage.url):
            self.storage.set_study_user_attr(self.study_id, name, value)

    def trials(self) -> list[FrozenTrial]:
        with _database_errors(self.storage.url):
            return self.storage.get_all_trials(self.study_id, deepcopy=False)

    def trial(self, number: int) -> FrozenTrial:
        """One of them; the trial must be there."""
        with _database_errors(self.storage.url):
            found = self.storage.get_trial_id_from_study_id_trial_number(self.study_id, number)
            return self.storage.get_trial(found)

    def ask(self, trial: FrozenTrial) -> int:
        """Add a trial as RUNNING and return its id in the storage."""
        with _database_errors(self.storage.url):
            return optuna_rows.add(self.storage, self.study_id, trial)

    def tell(
        self,
        trial_id: int,
        state: TrialState,
        value: float | None,
        curve: Sequence[tuple[int, float]],
        attributes: dict[str, Any],
    ) -> None:
        """End a trial; its curve goes in as intermediate values."""
        with _database_errors(self.storage.url):
            optuna_rows.end(self.storage, trial_id, state, value, curve, attributes)

    def remove(self) -> None:
        with _database_errors(self.storage.url):
            self.storage.delete_study(self.study_id)
