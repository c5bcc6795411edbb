"""The rows of a study in Optuna's storage: a copy for users and for Optuna's own tools.

Only the coordinator writes here, each trial in two transactions. A search is never resumed from the
rows: they are compared with the replayed study, and missing ones are added.
"""

import contextlib
import os
import sqlite3
import warnings
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import optuna
import sqlalchemy
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from dnnsearch.errors import UserError
from dnnsearch.storage import optuna_rows, postgresql
from dnnsearch.storage.database_templates import create_from_template, create_in_place
from dnnsearch.storage.optuna_models import table_names
from dnnsearch.storage.optuna_schema import open_rdb_storage
from dnnsearch.urls import DEFAULT_STORAGE, sqlite_path
from dnnsearch.validators import nearest, shortened

optuna.logging.set_verbosity(optuna.logging.ERROR)
BUSY_SECONDS = 10
MAX_NAMES = 20  # of studies in a message
CREATION_KEY = 0x646E6E73  # of the advisory lock of the process that creates the tables
ADVISORY_LOCK = sqlalchemy.text("SELECT pg_advisory_lock(:key)")


def open_storage(url: str, create: bool = False) -> RDBStorage:
    """Open Optuna's storage at `url`, or create it if there is none and `create` is true.

    Raise UserError if there is none, if it cannot be read or written, or if its schema is of
    another version.
    """
    path = _sqlite_path(url)
    if url.startswith("sqlite") and (path is None or path.is_dir()):
        raise UserError(f"storage: must be a persistent file, not :memory:, but got {url!r}")
    with _database_errors(url):
        if postgresql.is_postgresql(url):
            return _open_postgresql(url, create)
        if path and not path.exists():
            if not create:
                folder = path.absolute().parent
                raise UserError(
                    f"there is no study yet: no {path.name} is in {folder}; `dnnsearch search "
                    "CONFIG` makes one"
                )
            _create(path)
        if path and create and not os.access(path.parent, os.W_OK):
            raise UserError(f"the storage {url} cannot be written: its folder is read-only")
        return _connect(url)


def _sqlite_path(url: str) -> Path | None:
    """Return the file of a SQLite URL; raise UserError if it is not a URL."""
    try:
        sqlalchemy.make_url(url)
    except SQLAlchemyError:
        example = f"an address such as {DEFAULT_STORAGE}"
        raise UserError(f"storage: must be {example}, but got {url!r}") from None
    return sqlite_path(url)


def is_there(url: str) -> bool:
    """Return whether Optuna has its tables at `url`; raise UserError if it cannot be read."""
    if (path := _sqlite_path(url)) is not None:
        return path.exists()
    if not postgresql.is_postgresql(url):
        return True
    with _database_errors(url), postgresql.session(url) as session:
        return "version_info" in sqlalchemy.inspect(session).get_table_names()


def _connect(url: str) -> RDBStorage:
    path = sqlite_path(url)
    if path and _is_archived(path):
        address = f"{path.absolute().as_uri()}?immutable=1"
        return open_rdb_storage(url, {"creator": lambda: sqlite3.connect(address, uri=True)})
    storage = open_rdb_storage(url, {"connect_args": {"timeout": BUSY_SECONDS} if path else {}})
    # closing the last connection moves the write-ahead log into the file: at exit at the latest
    weakref.finalize(storage, storage.engine.dispose)
    if path:
        sqlalchemy.event.listen(storage.engine, "connect", _write_ahead)
        storage.engine.dispose()
    return storage


def _is_archived(path: Path) -> bool:
    """Return whether the folder is read-only: SQLite cannot create a write-ahead log there."""
    log = path.with_name(f"{path.name}-wal")
    return not os.access(path.parent, os.W_OK) and not log.exists()


def _write_ahead(connection: sqlite3.Connection, _: Any) -> None:
    """Use a write-ahead log: a power cut may lose the last rows (written again), never the file."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def _create(path: Path) -> None:
    name = f"optuna-{optuna.__version__}"

    def create_tables(new: Path) -> None:
        RDBStorage(f"sqlite:///{new}").engine.dispose()

    create_in_place(path, lambda new: create_from_template(new, name, create_tables))


def _open_postgresql(url: str, create: bool) -> RDBStorage:
    """Create the tables in one process at a time; the next one resumes if that is killed."""
    with postgresql.session(url) as session:
        there = set(sqlalchemy.inspect(session).get_table_names())
        if "alembic_version" in there and "version_info" not in there:
            raise UserError(
                f"the storage {url} holds another program's tables, such as MLflow's: it must be "
                "a database of Optuna's own"
            )
        if "version_info" not in there and not create:
            raise UserError(f"there is no study yet: {url} is empty")
        if create and (refusal := postgresql.refusal(session, table_names())):
            raise UserError(f"the storage {url} cannot be written: {refusal}")
        session.execute(ADVISORY_LOCK, {"key": CREATION_KEY})
        return _connect_postgresql(url)


def _connect_postgresql(url: str) -> RDBStorage:
    settings = {"connect_args": postgresql.CONNECT, "pool_pre_ping": True}
    address = postgresql.engine_url(url).render_as_string(hide_password=False)
    storage = open_rdb_storage(address, settings)
    storage.url = url  # as the user wrote it: for messages
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
    """Return the names of all studies, sorted."""
    with _database_errors(storage.url):
        return sorted(study.study_name for study in storage.get_all_studies())


def study_attributes(storage: RDBStorage) -> dict[str, dict[str, Any]]:
    """Return the user attributes of all studies, by name."""
    with _database_errors(storage.url):
        return {study.study_name: study.user_attrs for study in storage.get_all_studies()}


def create_study(storage: RDBStorage, study: str, direction: str) -> None:
    """Create an empty study; `direction` is `maximize` or `minimize`."""
    with _database_errors(storage.url):
        storage.create_new_study([StudyDirection[direction.upper()]], study)


def _unknown(study: str, names: list[str]) -> str:
    """Return that none of the studies has this name, or that it is a trial of one of them."""
    whole, _, number = study.rpartition("/")
    if whole in names and number.isdecimal():
        one = f"for one trial: dnnsearch show {study}, or dnnsearch rerun {study}"
        return f"{study} is a trial, and this command takes a study, such as {whole}; {one}"
    known = shortened(names, MAX_NAMES) or "none"
    return f"there is no study {study}{nearest(study, names)}; known studies: {known}"


class Rows:
    """One study's rows, in the order of the trials' numbers.

    Raise UserError if there is no such study; every method does if the database fails.
    """

    def __init__(self, storage: RDBStorage, study: str) -> None:
        self.storage, self.study = storage, study
        try:
            with _database_errors(storage.url):
                self.study_id = storage.get_study_id_from_name(study)
        except KeyError:
            raise UserError(_unknown(study, study_names(storage))) from None

    @property
    def attributes(self) -> dict[str, Any]:
        """Return the study's user attributes."""
        with _database_errors(self.storage.url):
            return self.storage.get_study_user_attrs(self.study_id)

    def set_attribute(self, name: str, value: Any) -> None:
        """Set a user attribute of the study; the value must be JSON."""
        with _database_errors(self.storage.url):
            self.storage.set_study_user_attr(self.study_id, name, value)

    def name_value(self, objective: str) -> None:
        """Let Optuna's own tools call the value of a trial by the objective's name."""
        with _database_errors(self.storage.url), warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            optuna.load_study(study_name=self.study, storage=self.storage).set_metric_names(
                [objective]
            )

    def trials(self) -> list[FrozenTrial]:
        """Return all trials; they are Optuna's own objects, not to be changed."""
        with _database_errors(self.storage.url):
            return optuna_rows.read(self.storage, self.study_id)

    def trial(self, number: int) -> FrozenTrial:
        """Return the trial with this number, which must exist."""
        with _database_errors(self.storage.url):
            trial_id = self.storage.get_trial_id_from_study_id_trial_number(self.study_id, number)
            return self.storage.get_trial(trial_id)

    def id_of(self, trial: FrozenTrial) -> int:
        """Return the id in the storage of a trial of `trials`."""
        known = getattr(trial, "_trial_id", None)  # private; without it, the storage is asked
        if known is not None:
            return int(known)
        with _database_errors(self.storage.url):
            storage = self.storage
            return storage.get_trial_id_from_study_id_trial_number(self.study_id, trial.number)

    def add(self, trial: FrozenTrial) -> None:
        """Add a trial that has ended; its number must be the next one."""
        with _database_errors(self.storage.url):
            self.storage.create_new_trial(self.study_id, template_trial=trial)

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
        """End a trial; its curve is stored as intermediate values."""
        with _database_errors(self.storage.url):
            optuna_rows.end(self.storage, trial_id, state, value, curve, attributes)

    def remove(self) -> None:
        """Delete the study with all its rows."""
        with _database_errors(self.storage.url):
            self.storage.delete_study(self.study_id)
