"""Covers studies whose MLflow experiment, storage or folder was renamed, deleted or copied.

A study is found by its identity: MLflow has one parent run of it, and each trial once.
"""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.conftest import (
    TRIALS,
    UNTRACKED,
    assert_published,
    assert_whole,
    digests,
    fingerprint,
    query,
)
from tests.support.databases import PostgreSQL
from tests.support.preloaded import Preloaded
from tests.tracking.conftest import Server

SEARCH = ("search", "wine.yaml", "--workers=1", "--quiet")
FILE = "records/wine/study-*.json"
FLIPPED = """
import dnnsearch.trials.run
true = dnnsearch.trials.run.run_trial
def flipped(spec, *rest):
    result = true(spec, *rest)
    if spec.number == 3:
        result.parameters.view("u4")[0, -1] ^= 1
    return result
dnnsearch.trials.run.run_trial = flipped
"""
FAILING = """
import dnnsearch.trials.run
true = dnnsearch.trials.run.run_trial
def run_trial(spec, *rest):
    if spec.number == 2:
        raise MemoryError("a planted accident")
    return true(spec, *rest)
dnnsearch.trials.run.run_trial = run_trial
"""
PARENT = (
    "SELECT run_uuid FROM runs JOIN tags USING (run_uuid) "
    "WHERE key = 'dnnsearch.kind' AND value = 'study'"
)
IDENTITY = "SELECT value_json FROM study_user_attributes WHERE key = 'id'"
TRIAL_TAGS = "SELECT value FROM tags WHERE key = 'dnnsearch.trial'"


def rename_experiment(folder: Path, name: str = "renamed") -> None:
    """Rename the study's experiment, as MLflow's user interface does."""
    with closing(sqlite3.connect(folder / "mlflow.db")) as database, database:
        database.execute("UPDATE experiments SET name = ? WHERE name = 'wine'", [name])


def delete_storage(folder: Path) -> None:
    for path in folder.glob("optuna.db*"):
        path.unlink()


def runs(folder: Path) -> int:
    """Return the number of all runs, deleted ones too."""
    ((found,),) = query(folder / "mlflow.db", "SELECT count(*) FROM runs")
    return int(found)


def identity(folder: Path) -> str:
    ((found,),) = query(folder / "optuna.db", IDENTITY)
    return str(json.loads(found))


def assert_published_once(folder: Path, trials: int = TRIALS) -> None:
    """Check that MLflow has one parent run and one run for each trial; none was deleted."""
    assert runs(folder) == trials + 1
    assert len(query(folder / "mlflow.db", PARENT)) == 1
    numbers = [int(value) for (value,) in query(folder / "mlflow.db", TRIAL_TAGS)]
    assert sorted(numbers) == list(range(trials))


def test_a_study_is_published_once_although_its_experiment_was_renamed(
    tracked: Preloaded, folder: Path, undisturbed: str
) -> None:
    tracked.run(folder, *SEARCH, "--trials=3")
    rename_experiment(folder)
    tracked.run(folder, "publish", "wine")
    assert_published_once(folder, 3)
    assert fingerprint(tracked.run(folder, *SEARCH)) == undisturbed
    assert_published(folder)
    assert_published_once(folder)
    assert "MLflow's run" in tracked.run(folder, "rerun", "wine/1")
    assert "MLflow has it with the study's run" in tracked.run(folder, "report", "wine")
    assert f" {TRIALS + 4} runs in MLflow" in tracked.run(folder, "rm", "wine", "--yes")
    assert not list(folder.glob("records/wine"))


@pytest.mark.proof
def test_a_champion_is_registered_in_a_renamed_experiment(tracked: Preloaded, folder: Path) -> None:
    tracked.run(folder, *SEARCH)
    rename_experiment(folder)
    tracked.run(folder, "promote", "wine", "--top=1", "--replicates=2")
    assert_published_once(folder)
    database = folder / "mlflow.db"
    ((experiment,),) = query(database, "SELECT experiment_id FROM logged_models")
    names = query(database, f"SELECT name FROM experiments WHERE experiment_id = {experiment}")
    assert names == [("renamed",)]


@pytest.mark.parametrize("renamed", [False, True])
def test_a_study_whose_storage_was_deleted_is_replayed_as_the_same_study(
    tracked: Preloaded, folder: Path, undisturbed: str, renamed: bool
) -> None:
    tracked.run(folder, *SEARCH)
    before = identity(folder)
    delete_storage(folder)
    if renamed:
        rename_experiment(folder)
    assert fingerprint(tracked.run(folder, *SEARCH)) == undisturbed
    assert identity(folder) == before
    assert_whole(folder)
    assert_published(folder)
    assert_published_once(folder)


@pytest.mark.proof
def test_a_study_from_before_writes_its_identity_down_if_it_is_searched_again(
    tracked: Preloaded, folder: Path, undisturbed: str
) -> None:
    tracked.run(folder, *SEARCH, "--trials=3")
    before = identity(folder)
    next(folder.glob(FILE)).unlink()
    tracked.run(folder, *SEARCH)
    delete_storage(folder)
    assert fingerprint(tracked.run(folder, *SEARCH)) == undisturbed
    assert identity(folder) == before
    assert_published_once(folder)


def test_a_study_that_is_not_tracked_keeps_its_identity_without_its_storage(
    program: Preloaded, folder: Path, undisturbed: str
) -> None:
    program.run(folder, *SEARCH, *UNTRACKED)
    before = identity(folder)
    delete_storage(folder)
    assert fingerprint(program.run(folder, *SEARCH, *UNTRACKED)) == undisturbed
    assert identity(folder) == before
    program.run(folder, "rm", "wine", "--yes")
    program.run(folder, *SEARCH, *UNTRACKED)
    assert identity(folder) != before


def test_another_definition_is_another_study_in_the_same_folder(
    program: Preloaded, folder: Path
) -> None:
    program.run(folder, *SEARCH, *UNTRACKED, "--trials=2")
    before = identity(folder)
    delete_storage(folder)
    program.run(folder, *SEARCH, *UNTRACKED, "--trials=2", "--set=seed=1")
    assert identity(folder) != before
    assert len(list(folder.glob(FILE))) == 2
    program.run(folder, "rm", "wine", "--yes")
    (left,) = folder.glob(FILE)
    assert json.loads(left.read_text())["identity"] == before


@pytest.mark.proof
def test_retries_are_replayed_without_the_storage_that_planned_them(
    tracked: Preloaded, folder: Path
) -> None:
    tracked.run(folder, *SEARCH, planted=FAILING)
    retried = fingerprint(tracked.run(folder, *SEARCH, "--retry-failed"))
    delete_storage(folder)
    assert fingerprint(tracked.run(folder, *SEARCH)) == retried
    assert_published(folder, TRIALS + 1)
    assert_published_once(folder, TRIALS + 1)
    assert "identical" in tracked.run(folder, "verify", "wine", "--workers=1", "--quiet")


def test_a_copied_folder_is_the_same_study_and_publishes_nothing_twice(
    tracked: Preloaded, tmp_path: Path, folder: Path, undisturbed: str
) -> None:
    tracking = f"--set=tracking=sqlite:///{folder}/mlflow.db"
    tracked.run(folder, *SEARCH, tracking, "--trials=2")
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("mlflow.db", "mlruns", "copy"))
    both = [tracked.start(place, *SEARCH, tracking) for place in (folder, copy)]
    for command in both:
        assert command.wait() == 0, command.said
        assert fingerprint(command.said) == undisturbed
    assert "lacked 0 of 7 trials" in tracked.run(copy, "publish", "wine")
    assert_published(folder)
    assert len(query(folder / "mlflow.db", PARENT)) == 1


def diverged_copy(tracked: Preloaded, folder: Path) -> tuple[Path, str]:
    """Return a copy of the folder in which trial 3 will have another result, and the tracking."""
    tracking = f"--set=tracking=sqlite:///{folder}/mlflow.db"
    tracked.run(folder, *SEARCH, tracking, "--trials=3")
    copy = folder / "copy"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("mlflow.db", "mlruns", "copy"))
    tracked.run(folder, *SEARCH, tracking)
    return copy, tracking


def test_a_trial_that_differs_from_mlflows_is_refused_in_one_line(
    tracked: Preloaded, folder: Path
) -> None:
    copy, tracking = diverged_copy(tracked, folder)
    tags = "SELECT key, value FROM tags JOIN runs USING (run_uuid) ORDER BY run_uuid, key, value"
    before = query(folder / "mlflow.db", tags)
    said = tracked.run(copy, *SEARCH, tracking, planted=FLIPPED)
    refusals = [line for line in said.splitlines() if "trial 3 of study wine" in line]
    assert len(refusals) == 1
    here, there = digests(copy)["3"], digests(folder)["3"]
    assert f"{there[:12]}... in MLflow and {here[:12]}... here" in refusals[0]
    said = tracked.run(copy, "publish", "wine", code=2)
    assert "trial 3 of study wine" in said
    assert len(said.splitlines()) == 1
    assert query(folder / "mlflow.db", tags) == before
    assert_published(folder)
    assert_published_once(folder)
    tracked.run(copy, *SEARCH, tracking, "--study=other")  # the advice


def test_a_copy_that_went_another_way_is_not_promoted(tracked: Preloaded, folder: Path) -> None:
    tracked.run(folder, *SEARCH)
    with closing(sqlite3.connect(folder / "mlflow.db")) as database, database:
        other = "UPDATE tags SET value = ? WHERE key = 'dnnsearch.digest' AND value = ?"
        database.execute(other, ["0" * 64, digests(folder)["3"]])
    promote = ("promote", "wine", "--top=1", "--replicates=2", "--workers=1", "--quiet")
    said = tracked.run(folder, *promote, code=2)
    (line,) = said.splitlines()
    assert line.startswith("error: trial 3 of study wine has another result in MLflow")
    assert not list(folder.glob("records/wine/promotion/*"))


def test_what_a_person_deleted_stays_deleted_in_a_renamed_experiment(
    tracked: Preloaded, folder: Path
) -> None:
    tracked.run(folder, *SEARCH)
    rename_experiment(folder)
    delete_storage(folder)
    database = folder / "mlflow.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            f"UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid IN ({PARENT})"
        )
    assert "was deleted in MLflow" in tracked.run(folder, *SEARCH)
    assert "was deleted in MLflow" in tracked.run(folder, "publish", "wine", code=2)
    assert_published_once(folder)


def test_a_damaged_identity_is_refused_in_one_line(tracked: Preloaded, folder: Path) -> None:
    tracked.run(folder, *SEARCH)
    (path,) = folder.glob(FILE)
    document = json.loads(path.read_text())
    tampered = json.dumps(document | {"identity": "0" * 32})
    for content in (tampered, "{", "[]", ""):
        path.write_text(content)
        delete_storage(folder)
        said = tracked.run(folder, *SEARCH, code=2)
        assert f"{path.relative_to(folder)} is damaged" in said
        assert len(said.splitlines()) == 1
    assert_published_once(folder)


@pytest.fixture
def server(tracked: Preloaded, tmp_path: Path) -> Iterator[Server]:
    shutil.copy(tracked.empty_tracking_database, tmp_path / "server.db")
    server = Server(f"sqlite:///{tmp_path}/server.db", tmp_path / "server.log")
    server.command.argv.extend(["--artifacts-destination", str(tmp_path / "artifacts")])
    server.start()
    yield server
    server.kill()


@pytest.fixture
def database(tmp_path: Path) -> str:
    """The URL of MLflow's database that the server has, too."""
    return f"sqlite:///{tmp_path}/server.db"


@pytest.mark.parametrize("mlflow", ["database", pytest.param("server", marks=pytest.mark.proof)])
def test_records_in_mlflow_tell_a_new_storage_the_identity(
    tracked: Preloaded,
    tmp_path: Path,
    folder: Path,
    undisturbed: str,
    mlflow: str,
    request: pytest.FixtureRequest,
) -> None:
    found = request.getfixturevalue(mlflow)
    places = ("--set=records=mlflow", f"--set=tracking={getattr(found, 'url', found)}")
    tracked.run(folder, *SEARCH, *places)
    before = identity(folder)
    for is_cache_lost in (False, True):
        delete_storage(folder)
        if is_cache_lost:
            shutil.rmtree(folder / "cache")
        assert fingerprint(tracked.run(folder, *SEARCH, *places)) == undisturbed
        assert identity(folder) == before
        numbers = query(tmp_path / "server.db", TRIAL_TAGS)
        assert len(numbers) == TRIALS
        assert len(query(tmp_path / "server.db", PARENT)) == 1
        assert len(list(folder.glob("cache/records/*"))) == 1


@pytest.mark.proof
def test_a_new_postgresql_database_takes_the_identity_up(
    tracked: Preloaded, folder: Path, postgresql: PostgreSQL, undisturbed: str
) -> None:
    for _ in range(2):
        storage = postgresql.address(postgresql.database())
        said = tracked.run(folder, *SEARCH, f"--storage={storage}")
        assert fingerprint(said) == undisturbed
    assert_published_once(folder)
