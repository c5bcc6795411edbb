"""Promotions of every kind of study: folds, regressions, groups, each objective."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnsearch.models import model_file
from tests.promotion.conftest import people
from tests.support.preloaded import Preloaded

SMALL = """
trials: 3
parallelism: 3
learning_rate: {low: 0.05, high: 0.3, log: true}
iterations: 40
hidden_layers: 1
units: [4, 8]
activation: tanh
momentum: 0.9
batch_size: 32
tracking: none
"""
KINDS = {
    "folds": "data: {file: t.csv, target: left}\nfolds: 3\nobjective: dev_f1\n",
    "value": "data: {file: t.csv, target: income}\nobjective: dev_rmse\n",
    "folded": "data: {file: t.csv, target: income}\nfolds: 3\nobjective: dev_r2\n",
    "groups": "data: {file: t.csv, target: left}\nsplit: {by: house}\nobjective: dev_f1\n",
    "limited": "data: wine\nmax_cost: 700000000\npruner: median\nobjective: dev_roc_auc\n",
}


# each starts the program twice, so only one kind runs every day
@pytest.mark.parametrize(
    "kind", ["folds", *(pytest.param(k, marks=pytest.mark.proof) for k in KINDS if k != "folds")]
)
def test_a_study_of_this_kind_is_promoted(
    program: Preloaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))
    table = people(np.random.default_rng(0)).assign(house=np.arange(400) // 4)
    table["income"] = np.log(table["income"])
    table.to_csv("t.csv", index=False)
    Path(f"{kind}.yaml").write_text(KINDS[kind] + SMALL)
    program.run(tmp_path, "search", f"{kind}.yaml")
    command = program.start(tmp_path, "promote", kind, "--top", "2", "--replicates", "3", "--json")
    assert command.wait() in (0, 1), command.said
    said = json.loads(command.said.splitlines()[-1])
    ensemble = said["test"]["ensemble"]
    assert ensemble["low"] <= ensemble["value"] <= ensemble["high"]
    assert said["replicates"] == 3
    model = model_file.read(Path(said["file"]))
    rows = pd.read_csv("t.csv") if kind != "limited" else np.ones((400, 13))
    assert len(model.predict(rows)) == 400
    if kind == "folds":  # each of four rounds is a cross-validation with seeds of its own
        assert [one["networks"] for one in said["candidates"]] == [4, 4]
    if kind == "value":
        assert said["test"]["guess"] > ensemble["value"] or not said["found"]


@pytest.mark.parametrize(
    "objective", [pytest.param("dev_accuracy", marks=pytest.mark.proof), "dev_roc_auc"]
)
def test_a_test_file_of_one_row_is_no_reason_to_be_sure_of_anything(
    program: Preloaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, objective: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))
    table = people(np.random.default_rng(0), 120)
    table.iloc[1:].to_csv("t.csv", index=False)
    table.iloc[:1].to_csv("one.csv", index=False)
    data = f"data: {{file: t.csv, test_file: one.csv, target: left}}\nobjective: {objective}\n"
    Path("one.yaml").write_text(data + SMALL)
    program.run(tmp_path, "search", "one.yaml", "--trials=2", "--workers=1")
    promote = ("promote", "one", "--top=2", "--replicates=3", "--workers=1", "--quiet")
    said = program.run(tmp_path, *promote, code=1)
    assert "1 test examples" in said
    assert "nan" not in said.split()
    said = program.run(tmp_path, *promote, "--json", code=1)
    assert "NaN" not in said
    assert "Infinity" not in said
    program.run(tmp_path, "report", "one")
