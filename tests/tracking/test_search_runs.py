"""Covers `mlflow.search_runs` on a study, as a notebook asks for a table of its trials."""

from pathlib import Path

import mlflow
import pytest

from dnnsearch.study.leaderboard.ranking import leaderboard
from dnnsearch.study.stored_study import open_study


def test_a_table_of_the_trials_is_the_leaderboard(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # by the environment: what a process has set once by MLflow's function stays
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{Path.cwd()}/mlflow.db")
    table = mlflow.search_runs(
        experiment_names=["tiny"],
        filter_string="tags.`dnnsearch.kind` = 'trial' AND attributes.status = 'FINISHED'",
        order_by=["metrics.objective DESC"],
    )
    ranked = leaderboard(open_study("tiny", "sqlite:///optuna.db")).ranked
    assert table["tags.dnnsearch.trial"].astype(int).tolist() == [row.number for row in ranked]
    assert table["metrics.objective"].tolist() == [row.value for row in ranked]
    assert table["metrics.dev_accuracy"].tolist() == [row.value for row in ranked]
    for name in ("learning_rate", "iterations", "hidden_layers", "activation", "momentum"):
        assert table[f"params.{name}"].tolist() == [str(row.params[name]) for row in ranked]
    rates = [row.params["learning_rate"] for row in ranked]
    assert table["metrics.hp.learning_rate"].tolist() == pytest.approx(rates)
