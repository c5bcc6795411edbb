"""From data to a served model: search, promote, predict, serve."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_digits

from dnnsearch.tracking import registry
from tests.support.scoring import Server as ScoringServer

pytestmark = pytest.mark.flaky(reruns=1)  # servers that start slowly on a busy machine

SMALL = """
trials: 3
parallelism: 3
learning_rate: {low: 0.05, high: 0.5, log: true}
iterations: 150
hidden_layers: 1
units: [8, 16]
activation: tanh
momentum: 0.9
batch_size: 32
"""


def mixed() -> pd.DataFrame:
    """Return a table with numbers, gaps, a long tail and rare categories; the target is text."""
    rng = np.random.default_rng(5)
    age, pay = rng.normal(40, 12, 400), rng.lognormal(8, 1, 400)
    plan = rng.choice(["gold", "basic", "none", "odd"], 400, p=[0.3, 0.5, 0.19, 0.01])
    stays = (age - 40) / 6 + np.log(pay) - 8 + 2.0 * (plan == "gold") > 0.6
    age[::9] = np.nan
    zone = rng.integers(1, 4, 400)
    labels = np.where(stays, "stays", "leaves")
    return pd.DataFrame({"plan": plan, "age": age, "pay": pay, "zone": zone, "what": labels})


def bundled(load) -> pd.DataFrame:
    found = load()
    return pd.DataFrame(found.data, columns=found.feature_names).assign(note="kept")


TABLES = {
    "digits": (lambda: bundled(load_digits), "data: digits"),
    "breast_cancer": (lambda: bundled(load_breast_cancer), "data: breast_cancer"),
    "mixed": (mixed, "data: {file: mixed.csv, target: what}"),
}


class Place:
    """A folder in which the program is run, as a user would."""

    def __init__(self, folder: Path, tracking: str, name: str) -> None:
        make, data = TABLES[name]
        self.folder, self.tracking, self.name, self.table = folder, tracking, name, make()
        self.environment = {**os.environ, "DNNSEARCH_CACHE": str(folder / "cache")}
        self.environment |= {"MLFLOW_TRACKING_URI": tracking}
        self.table.to_csv(folder / f"{name}.csv", index=False)
        (folder / f"{name}.yaml").write_text(f"{data}{SMALL}")

    def run(self, *arguments: str, code: int = 0) -> str:
        command = [sys.executable, "-m", "dnnsearch", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == code, done.stderr
        return done.stdout

    def promoted(self) -> dict:
        self.run("search", f"{self.name}.yaml", "--quiet", "--workers", "2")
        assert "no champion yet" in self._refusal()
        promote = ["promote", self.name, "--top", "2", "--replicates", "3", "--json"]
        return json.loads(self.run(*promote))

    def _refusal(self) -> str:
        command = [sys.executable, "-m", "dnnsearch", "predict", self.name, f"{self.name}.csv"]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 2
        return done.stderr

    def predicted(self, model: str) -> pd.DataFrame:
        self.run("predict", model, f"{self.name}.csv", "--out", "answers.parquet")
        return pd.read_parquet(self.folder / "answers.parquet")


def check(place: Place) -> pd.DataFrame:
    """Search, promote, and predict by both names of the model; return the predictions."""
    place.promoted()
    found = place.predicted(place.name)
    pd.testing.assert_frame_equal(found, place.predicted(f"models:/{place.name}@champion"))
    own = pd.read_csv(place.folder / f"{place.name}.csv", dtype="str", keep_default_na=False)
    pd.testing.assert_frame_equal(found[own.columns], own)
    version = registry.champion_version(place.tracking, place.name)
    assert version is not None
    assert version.uri == f"models:/{place.name}/1"
    return found


@pytest.mark.proof
def test_a_users_table_is_searched_promoted_and_predicted(folder: Path) -> None:
    place = Place(folder, f"sqlite:///{folder}/mlflow.db", "mixed")
    found = check(place)
    assert (found["prediction"] == place.table["what"]).mean() > 0.8


@pytest.mark.proof
@pytest.mark.parametrize("name", TABLES)
def test_search_promote_predict_and_serve_with_a_real_server_of_mlflows(
    name: str, tmp_path: Path, server, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, server.url, name)
    found = check(place)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    scoring = ScoringServer(tmp_path, name)
    try:
        status, answers = scoring.ask((tmp_path / f"{name}.csv").read_bytes(), "text/csv")
    finally:
        scoring.kill()
    assert status == 200
    columns = [column for column in found if column not in place.table]
    assert answers == found[columns].to_dict("records")
