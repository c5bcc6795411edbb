"""What counts as found on the test set: a better score than guessing, or a better ranking."""

import json
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnsearch.promotion.evaluation import found_by
from tests.promotion.conftest import CONFIG, SMALL
from tests.support.preloaded import Preloaded

GUESS = {"dev_accuracy": 0.667, "dev_roc_auc": 0.5, "dev_cost": 0.6}


def figures(**lows: float) -> dict[str, dict[str, float]]:
    """Return figures with these worse ends of their intervals."""
    return {
        name: {"value": low, "low": low, "high": low, "guess": GUESS[name]}
        for name, low in lows.items()
    }


@pytest.mark.parametrize(
    ("objective", "lows", "shown"),
    [
        ("dev_accuracy", {"dev_accuracy": 0.64, "dev_roc_auc": 0.66}, ["dev_roc_auc"]),
        (
            "dev_accuracy",
            {"dev_accuracy": 0.7, "dev_roc_auc": 0.66},
            ["dev_accuracy", "dev_roc_auc"],
        ),
        ("dev_accuracy", {"dev_accuracy": 0.64, "dev_roc_auc": 0.48}, []),
        ("dev_roc_auc", {"dev_accuracy": 0.7, "dev_roc_auc": 0.48}, []),
        ("dev_cost", {"dev_cost": 0.5, "dev_roc_auc": 0.48}, ["dev_cost"]),
        ("dev_accuracy", {"dev_accuracy": 0.7, "dev_roc_auc": float("nan")}, ["dev_accuracy"]),
    ],
)
def test_something_is_found_if_the_objective_or_the_ranking_beats_guessing(
    objective: str, lows: dict[str, float], shown: list[str]
) -> None:
    assert found_by(objective, figures(**lows)) == shown


@pytest.fixture
def ranked(program: Preloaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a study of a table whose third of positives is only ranked."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(1200, 3))
    logit = 0.75 * x[:, 0] + 0.3 * x[:, 1]
    left = rng.random(1200) < 1 / (1 + np.exp(-(logit - 0.95)))
    table = pd.DataFrame(x.round(3), columns=["a", "b", "c"])
    table.assign(left=np.where(left, "yes", "no")).to_csv(tmp_path / "ranked.csv", index=False)
    (tmp_path / "ranked.yaml").write_text(CONFIG.format(name="ranked"))
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))
    program.run(tmp_path, "search", "ranked.yaml")
    return tmp_path


def test_a_model_that_only_ranks_is_promoted_and_the_output_says_what_to_set(
    program: Preloaded, ranked: Path
) -> None:
    said = json.loads(program.run(ranked, "promote", "ranked", *SMALL).splitlines()[-1])
    accuracy, area = (said["metrics"][name] for name in ("dev_accuracy", "dev_roc_auc"))
    assert accuracy["low"] <= accuracy["guess"] < 0.75
    assert area["low"] > area["guess"] == 0.5
    assert (said["found"], said["found_by"], said["champion"]) == (True, ["dev_roc_auc"], True)
    (line,) = (line for line in said["lines"] if line.startswith("found by test_roc_auc, "))
    setting = shlex.split(line.partition(": --set ")[2])[0]
    found = program.run(
        ranked, "search", "ranked.yaml", "--set", setting, "--study", "area", "--trials", "2"
    )
    assert "dev_roc_auc" in found
    program.run(ranked, "report", "ranked", "--out", "ranked.html")
    assert "Nothing was found" not in (ranked / "ranked.html").read_text()
