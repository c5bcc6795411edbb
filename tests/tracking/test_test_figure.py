"""The test figure in descriptions, and a real promotion in a real MLflow."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mlflow import MlflowClient

from dnnsearch.models import model_file
from dnnsearch.promotion.nested.nested_validation import keep
from dnnsearch.study.outer_figure import OuterFigure, OuterFold
from dnnsearch.study.stored_study import open_study
from dnnsearch.tracking.test_figure import MARK, VERDICT_END, with_figure
from tests.promotion.conftest import CONFIG, SMALL, people
from tests.support.preloaded import Preloaded


def test_a_new_figure_replaces_the_old_one_and_keeps_verdict_and_rest() -> None:
    first = with_figure("**finished**: 6 of 6 trials\n\nBest", "A 0.9.")
    assert first == f"{MARK}A 0.9.\n\n**finished**: 6 of 6 trials\n\nBest"
    reported = f"The verdict.{VERDICT_END}{first}"
    assert with_figure(reported, "B 0.8.") == reported.replace("A 0.9.", "B 0.8.")
    assert with_figure(first, "") == "**finished**: 6 of 6 trials\n\nBest"


@pytest.fixture
def said(program: Preloaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the JSON document of a promotion whose model became the champion in MLflow."""
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    people(np.random.default_rng(7)).to_csv("clean.csv", index=False)
    # by its whole path: in a process, MLflow remembers what it has opened under a relative one
    tracking = f"tracking: sqlite:///{tmp_path}/mlflow.db"
    config = CONFIG.format(name="clean").replace("tracking: none", tracking)
    Path("clean.yaml").write_text(config)
    program.run(tmp_path, "search", "clean.yaml")
    document = json.loads(program.run(tmp_path, "promote", "clean", *SMALL).splitlines()[-1])
    assert document["champion"]
    return dict(document)


def test_every_copy_of_the_promoted_model_is_verified(
    program: Preloaded, tmp_path: Path, said: dict[str, Any]
) -> None:
    verify = ("verify", "clean", "--quiet")
    assert "note:" not in program.run(tmp_path, *verify)
    (promoted,) = tmp_path.glob("records/clean/promotion/*.dnn")
    (registered,) = tmp_path.glob("mlruns/**/model.dnn")
    true = promoted.read_bytes()
    model = model_file.decode(true, "true")
    model.parameters.flat[0, 0] += 1e-3
    changed = model_file.encode(model)
    for path, words in (
        (
            promoted,
            f"model {promoted.relative_to(tmp_path)} was changed: its name has another digest",
        ),
        (registered, "models:/clean/1, is not what any promotion in the log makes again"),
    ):
        assert path.read_bytes() == true
        path.write_bytes(changed)
        first = program.run(tmp_path, *verify, code=1).splitlines()[0]
        assert first.endswith(words)
        path.write_bytes(true)
    other = promoted.with_name(f"00001-{model_file.digest(changed)[:16]}.dnn")
    other.write_bytes(changed)
    note = (
        f"  note: the promoted model {other.relative_to(tmp_path)} is of no promotion in the log\n"
    )
    assert note in program.run(tmp_path, *verify), "it may be another study's of this name"


def test_study_model_and_version_have_the_figure_as_metrics_and_description(
    program: Preloaded, tmp_path: Path, said: dict[str, Any]
) -> None:
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = client.get_experiment_by_name("clean")
    assert experiment is not None
    (parent,) = client.search_runs([experiment.experiment_id], "tags.`dnnsearch.kind` = 'study'")
    version = client.get_model_version_by_alias("clean", "champion")
    model = client.get_logged_model(version.source.removeprefix("models:/"))
    of_model = {metric.key: metric.value for metric in model.metrics or []}
    ensemble, area = said["test"]["ensemble"], said["metrics"]["dev_roc_auc"]
    for metrics in (parent.data.metrics, of_model):
        assert metrics["test_accuracy"] == ensemble["value"]
        assert metrics["test_accuracy_low"] == ensemble["low"]
        assert metrics["test_accuracy_guess"] == said["test"]["guess"]
        assert metrics["test_roc_auc_high"] == area["high"]
        assert metrics["test_accuracy_trees"] == said["baselines"]["trees"]["dev_accuracy"]["value"]
    sentence = f"test_accuracy {ensemble['value']:.4f} (95 %: {ensemble['low']:.4f} to "
    for text in (
        parent.data.tags["mlflow.note.content"].removeprefix(MARK),
        version.description,
        client.get_registered_model("clean").description,
    ):
        assert text.startswith(sentence)
        assert "Test set opened once, by clean: this figure counts." in text

    params = {"learning_rate": 0.1, "activation": "tanh", "hidden_layers": 0}
    folds = [OuterFold(trial, params, 0.8 + trial / 10, 0.5, 200) for trial in (0, 1)]
    outer = OuterFigure("dev_accuracy", 6, folds)
    keep(open_study("clean", "sqlite:///optuna.db"), outer, print)
    parent = client.get_run(parent.info.run_id)
    assert parent.data.metrics["test_accuracy_outer_high"] == outer.figure["high"]
    for text in (
        parent.data.tags["mlflow.note.content"],
        client.get_model_version_by_alias("clean", "champion").description,
        client.get_registered_model("clean").description,
    ):
        assert outer.sentence in text

    program.run(tmp_path, "search", "clean.yaml", "--trials", "7")
    again = client.get_run(parent.info.run_id)
    assert again.data.tags["mlflow.note.content"].startswith(f"{MARK}{sentence}")
    program.run(tmp_path, "rm", "clean", "--yes")
    assert client.search_registered_models() == []
