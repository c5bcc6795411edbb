"""The comparison of Optuna, MLflow and records: planted differences are named."""

import shutil
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from mlflow import MlflowClient

from experiments.agreement import disagreements, runs_of
from experiments.processes import finish, start, write_config
from experiments.storm import CONFIG, MEMORY

pytestmark = pytest.mark.proof

STUDY, TRIALS = "agreed", 6

Plant = Callable[[Path, MlflowClient], object]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A study in which two trials fail, and its fingerprint."""
    folder = tmp_path_factory.mktemp("undisturbed")
    config = {**CONFIG, "trials": TRIALS, "iterations": {"low": 1, "high": 50}}
    output = finish(start(write_config(folder, STUDY, config), memory=MEMORY))
    return folder, output.split()[-1]


def client_of(folder: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{folder}/mlflow.db")


def test_an_undisturbed_study_has_no_disagreement(undisturbed: tuple[Path, str]) -> None:
    folder, fingerprint = undisturbed
    assert disagreements(folder / "agreed.yaml", STUDY, TRIALS, fingerprint) == []


def run_id(client: MlflowClient, number: int) -> str:
    (run,) = runs_of(client, STUDY)[1][number]
    return str(run.info.run_id)


def parent_id(client: MlflowClient) -> str:
    (run,) = runs_of(client, STUDY)[0]
    return str(run.info.run_id)


def second_run(folder: Path, client: MlflowClient) -> None:
    tags = client.get_run(run_id(client, 3)).data.tags
    client.create_run(client.get_run(parent_id(client)).info.experiment_id, tags=tags)


def an_asked_trial(folder: Path, client: MlflowClient) -> None:
    optuna.load_study(study_name=STUDY, storage=f"sqlite:///{folder}/optuna.db").ask()


@pytest.mark.parametrize(
    ("plant", "complaint"),
    [
        (second_run, "trial 3 has 2 runs in MLflow"),
        (
            lambda folder, client: client.update_run(run_id(client, 0), "RUNNING"),
            "trial 0 is COMPLETE in Optuna, RUNNING and finished in MLflow",
        ),
        (
            lambda folder, client: client.set_tag(run_id(client, 1), "dnnsearch.digest", "0"),
            "trial 1 has different digests in Optuna and in MLflow",
        ),
        (
            lambda folder, client: client.log_metric(run_id(client, 0), "objective", 2.0),
            "trial 0 has the value ",
        ),
        (
            lambda folder, client: client.update_run(parent_id(client), "RUNNING"),
            "the parent run is RUNNING",
        ),
        (
            lambda folder, client: client.set_tag(parent_id(client), "dnnsearch.fingerprint", "0"),
            "the parent run shows fingerprint 0",
        ),
        (an_asked_trial, "Optuna has the trials [0, 1, 2, 3, 4, 5, 6] instead of 6"),
        (
            lambda folder, client: next((folder / "records" / STUDY).iterdir()).unlink(),
            "5 record files instead of 6",
        ),
    ],
)
def test_a_planted_disagreement_is_named(
    undisturbed: tuple[Path, str], tmp_path: Path, plant: Plant, complaint: str
) -> None:
    folder, fingerprint = undisturbed
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    plant(copy, client_of(copy))
    found = disagreements(copy / "agreed.yaml", STUDY, TRIALS, fingerprint)
    assert any(text.startswith(complaint) for text in found), found
