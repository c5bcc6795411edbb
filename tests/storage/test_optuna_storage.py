"""Covers the rows of a study in SQLite: what is written, what is refused, and races to create."""

import copy
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
import sqlalchemy
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.storages._rdb import models
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from dnnsearch.errors import UserError
from dnnsearch.storage.optuna_models import WRITTEN, row_models
from dnnsearch.storage.optuna_storage import Rows, create_study, open_storage

CREATE = (
    "import sys; from dnnsearch.storage.optuna_storage import open_storage;"
    "open_storage(sys.argv[1], create=True)"
)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'optuna.db'}"


@pytest.fixture
def rows(url: str) -> Rows:
    storage = open_storage(url, create=True)
    create_study(storage, "digits", "maximize")
    return Rows(storage, "digits")


def asked(number: int) -> FrozenTrial:
    """Return a trial as the replayed study has it when it was just asked."""
    trial = create_trial(
        state=TrialState.RUNNING,
        params={"learning_rate": 0.1, "activation": "tanh"},
        distributions={
            "learning_rate": FloatDistribution(0.001, 1),
            "activation": CategoricalDistribution(["relu", "tanh"]),
        },
        user_attrs={"spec": "3fa9"},
        system_attrs={"fixed_params": {"learning_rate": 0.1}},
    )
    trial.number = number
    return trial


def test_optunas_own_calls_read_what_is_written(rows: Rows, url: str) -> None:
    rows.tell(rows.ask(asked(0)), TrialState.COMPLETE, 0.9, [(0, 0.5), (10, 0.9)], {"a": 1})
    rows.ask(asked(1))
    study = optuna.load_study(study_name="digits", storage=url)
    assert study.best_value == 0.9
    assert study.trials[0].intermediate_values == {0: 0.5, 10: 0.9}
    assert study.trials[0].user_attrs == {"spec": "3fa9", "a": 1}
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "RUNNING"]


@pytest.fixture(params=["our rows", "without Optuna's models"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Write by the table models, and as with a release that has renamed one of them."""
    if request.param != "our rows":
        monkeypatch.delattr(models, "TrialUserAttributeModel")
    row_models.cache_clear()
    assert (row_models() is not None) == (request.param == "our rows")
    yield
    row_models.cache_clear()


@pytest.mark.usefixtures("way")
def test_the_rows_are_those_that_optunas_own_calls_write(rows: Rows, url: str) -> None:
    curve, attributes = [(0, 0.5), (10, float("nan")), (20, float("inf"))], {"a": {"b": [1, None]}}
    storage, theirs = rows.storage, optuna.storages.RDBStorage(f"{url}.theirs")
    trial_id = rows.ask(asked(0))
    rows.tell(trial_id, TrialState.PRUNED, None, curve, attributes)
    rows.tell(rows.ask(asked(1)), TrialState.COMPLETE, 1 / 3, curve, attributes)
    study_id = theirs.create_new_study([StudyDirection.MAXIMIZE], "digits")
    for number, state in enumerate([TrialState.PRUNED, TrialState.COMPLETE]):
        trial_id = theirs.create_new_trial(study_id, asked(number))
        for step, value in curve:
            theirs.set_trial_intermediate_value(trial_id, step, value)
        theirs.set_trial_user_attr(trial_id, "a", attributes["a"])
        theirs.set_trial_state_values(trial_id, state, [1 / 3] if number else None)
    assert content(storage) == content(theirs)


def content(storage: optuna.storages.RDBStorage) -> dict[str, list[str]]:
    """All that the tables say of trials, but for when they began and ended."""
    found = {}
    with storage.engine.connect() as connection:
        for name, table in models.BaseModel.metadata.tables.items():
            if name.startswith("trial"):
                columns = [c for c in table.c if not c.name.startswith("datetime")]
                found[name] = sorted(map(repr, connection.execute(sqlalchemy.select(*columns))))
    assert found["trials"]
    return found


@pytest.mark.usefixtures("way")
def test_the_trials_are_those_that_optunas_own_calls_return(rows: Rows) -> None:
    curve = [(10, float("-inf")), (0, 0.5), (20, float("nan")), (30, float("inf"))]
    rows.tell(rows.ask(asked(0)), TrialState.PRUNED, None, curve[:2], {"a": {"b": [1, None]}})
    rows.tell(rows.ask(asked(1)), TrialState.COMPLETE, 1 / 3, curve[1:2], {})
    rows.tell(rows.ask(asked(2)), TrialState.FAIL, float("inf"), [], {"reason": "ä"})
    rows.ask(asked(3))
    create_study(rows.storage, "moons", "minimize")  # whose trials are not those of digits
    Rows(rows.storage, "moons").ask(asked(0))
    theirs = rows.storage.get_all_trials(rows.study_id)
    assert rows.trials() == theirs
    assert [list(trial.params) for trial in rows.trials()] == [list(t.params) for t in theirs]
    assert [rows.id_of(trial) for trial in rows.trials()] == [rows.id_of(t) for t in theirs]


def test_thousands_of_rows_are_read_with_few_objects(rows: Rows) -> None:
    """Optuna's own reading makes a mapped object of each row: half a second for 1,000 trials."""
    for number in range(3):
        rows.tell(rows.ask(asked(number)), TrialState.COMPLETE, 1.0, [(0, 1.0)], {})
    mapped: list[object] = []
    sqlalchemy.event.listen(
        models.BaseModel, "load", lambda one, _: mapped.append(one), propagate=True
    )
    assert len(rows.trials()) == 3
    assert not mapped


def test_a_table_with_another_column_is_not_written_by_us(monkeypatch: pytest.MonkeyPatch) -> None:
    further = {**WRITTEN, "TrialModel": WRITTEN["TrialModel"] - {"datetime_start"}}
    monkeypatch.setattr("dnnsearch.storage.optuna_models.WRITTEN", further)
    assert row_models.__wrapped__() is None


def test_the_id_of_a_trial_is_known_without_optunas_private_one(rows: Rows) -> None:
    ids = [rows.ask(asked(0)), rows.ask(asked(1))]
    trials = [copy.copy(trial) for trial in rows.trials()]
    assert [rows.id_of(trial) for trial in trials] == ids
    for trial in trials:
        del trial._trial_id
    assert [rows.id_of(trial) for trial in trials] == ids


@pytest.mark.usefixtures("way")
def test_a_trial_that_another_process_has_removed_is_one_line(rows: Rows) -> None:
    trial_id = rows.ask(asked(0))
    rows.remove()
    with pytest.raises(UserError, match=f"trial {trial_id} has been removed"):
        rows.tell(trial_id, TrialState.COMPLETE, 0.9, [], {"a": 1})


def test_a_trial_takes_few_transactions(rows: Rows) -> None:
    commits = 0

    def count(_: object) -> None:
        nonlocal commits
        commits += 1

    from sqlalchemy import event

    event.listen(rows.storage.engine, "commit", count)
    trial_id = rows.ask(asked(0))
    rows.tell(trial_id, TrialState.COMPLETE, 0.9, [(step, 0.5) for step in range(100)], {"a": 1})
    assert commits <= 2


def test_a_missing_database_is_only_created_on_request(tmp_path: Path, url: str) -> None:
    with pytest.raises(UserError, match="there is no study yet"):
        open_storage(url)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///."])
def test_a_storage_that_is_not_a_file_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        UserError, match="storage: must be a persistent file, not :memory:, but got 'sqlite:"
    ):
        open_storage(url, create=True)
    assert not list(tmp_path.iterdir())


def test_the_error_for_an_unknown_study_names_the_known_ones(rows: Rows) -> None:
    with pytest.raises(UserError, match="no study wine; known studies: digits"):
        Rows(rows.storage, "wine")
    with pytest.raises(UserError, match=r"digtis \(did you mean digits\?\); known studies: digits"):
        Rows(rows.storage, "digtis")


def test_the_error_for_an_unknown_study_names_few_of_many(rows: Rows) -> None:
    for number in range(30):
        create_study(rows.storage, f"study_{number:02}", "maximize")
    with pytest.raises(UserError, match=r"studies: digits, study_00.*, study_18 and 11 more$"):
        Rows(rows.storage, "wine")


def test_a_file_that_is_not_a_database_is_one_line(tmp_path: Path, url: str) -> None:
    (tmp_path / "optuna.db").write_text("not a database" * 100)
    with pytest.raises(UserError, match="file is not a database"):
        open_storage(url)


def test_another_schema_is_one_line_with_the_command_that_upgrades_it(
    rows: Rows, tmp_path: Path, url: str
) -> None:
    with sqlite3.connect(tmp_path / "optuna.db") as connection:
        connection.execute("UPDATE version_info SET schema_version = 1")
        connection.execute("UPDATE alembic_version SET version_num = 'v0.9.0.a'")
    connection.close()
    with pytest.raises(UserError, match=f"optuna storage upgrade --storage {url}"):
        open_storage(url)


@pytest.mark.proof
def test_eight_first_starts_at_once_leave_one_working_database(tmp_path: Path, url: str) -> None:
    starts = [subprocess.Popen([sys.executable, "-c", CREATE, url]) for _ in range(8)]
    assert [start.wait() for start in starts] == [0] * 8
    open_storage(url)
    assert not list(tmp_path.glob(".new-*"))


def test_a_kill_while_the_tables_are_created_leaves_a_working_folder(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))  # which has no copy yet
    with subprocess.Popen([sys.executable, "-c", CREATE, url]) as start:
        while not list(tmp_path.glob(".new-*/*")):
            time.sleep(0.001)
        start.send_signal(signal.SIGKILL)
    assert start.returncode == -signal.SIGKILL
    create_study(open_storage(url, create=True), "digits", "maximize")
