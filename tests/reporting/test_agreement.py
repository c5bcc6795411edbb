"""CSV, JSON, Optuna, MLflow and the report agree to the last digit on a study of sixty trials."""

import csv
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna
import pytest

from dnnsearch.reporting.write_report import report
from dnnsearch.study.stored_study import open_study
from dnnsearch.tracking.environment import apply
from tests.support.preloaded import Preloaded

CONFIG = """
data: {name: moons, examples: 150, noise: 0.2, seed: 0}
trials: 60
parallelism: 4
sampler: random
pruner: median
learning_rate: {low: 0.001, high: 10000, log: true}
iterations: 60
curve_every: 5
hidden_layers: [1, 2]
units: {low: 4, high: 8}
activation: [relu, leaky_relu]
momentum: {low: 0.5, high: 0.95}
batch_size: 32
"""
Trials = Mapping[int, Mapping[str, Any]]


@pytest.fixture(scope="module")
def folder(tracked: Preloaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study, with its trials as CSV and JSON."""
    folder = tmp_path_factory.mktemp("sixty")
    (folder / "sixty.yaml").write_text(CONFIG)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DNNSEARCH_CACHE", str(folder / "cache"))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        tracked.run(folder, "search", "sixty.yaml", "--quiet")
        tracked.run(folder, "show", "sixty", "--csv=sixty.csv", "--json=sixty.json")
    return folder


@pytest.fixture(scope="module")
def shown(folder: Path) -> Trials:
    return {row["trial"]: row for row in json.loads((folder / "sixty.json").read_text())}


def test_the_study_has_every_kind_of_end(shown: Trials) -> None:
    assert len(shown) == 60
    assert {row["state"] for row in shown.values()} >= {"finished", "pruned", "diverged"}


def test_csv_and_json_agree(folder: Path, shown: Trials) -> None:
    rows = list(csv.DictReader(io.StringIO((folder / "sixty.csv").read_text())))
    written = {int(row["trial"]): row for row in rows}
    for number, row in shown.items():
        for name, value in row.items():
            text = written[number][name]
            assert text in ("", "nan", "inf") if value is None else text == str(value)


def test_optuna_agrees_with_json(folder: Path, shown: Trials) -> None:
    study = optuna.load_study(study_name="sixty", storage=f"sqlite:///{folder}/optuna.db")
    for trial in study.get_trials():
        row = shown[trial.number]
        assert {name: row[name] for name in trial.params} == trial.params
        is_finished = trial.state == optuna.trial.TrialState.COMPLETE
        assert row["dev_accuracy"] == (trial.value if is_finished else None)
        assert is_finished == (row["state"] == "finished")


def test_mlflow_agrees_with_json(folder: Path, shown: Trials) -> None:
    apply()
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    experiment = client.get_experiment_by_name("sixty")
    assert experiment is not None
    found = client.search_runs(
        [experiment.experiment_id], "tags.`dnnsearch.kind` = 'trial'", max_results=100
    )
    runs = {int(run.data.tags["dnnsearch.trial"]): run for run in found}
    assert runs.keys() == shown.keys()
    for number, row in shown.items():
        metrics, params = runs[number].data.metrics, runs[number].data.params
        assert runs[number].data.tags["dnnsearch.state"] == row["state"]
        assert metrics.get("objective") == row["dev_accuracy"]
        assert metrics["hp.learning_rate"] == row["learning_rate"]
        assert {name: str(row[name]) for name in params} == dict(params)
        if row["state"] != "diverged":  # for these MLflow has the last finite points
            names = ("dev_cost", "train_cost", "dev_accuracy", "train_accuracy")
            assert {n: metrics[n] for n in names} == {n: row[f"final_{n}"] for n in names}


def test_the_report_agrees_with_json(
    folder: Path, shown: Trials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DNNSEARCH_CACHE", str(folder / "cache"))
    page = report([open_study("sixty", "sqlite:///optuna.db")], draws=0).html
    table = re.findall(
        r'<data value="(\d+)">\d+</data></td><td><span class="state (\w+)".*?</td>'
        r'<td(?: class="number"><data value="([^"]+)")?>.*?</td><td>.*?</td><td>(.*?)</td>',
        page,
    )
    reported = {int(n): (state, value, "tie" in tie) for n, state, value, tie in table}
    assert reported == {
        number: (row["state"], str(row["dev_accuracy"] or ""), bool(row["tied"]))
        for number, row in shown.items()
    }
