"""The report on a user's own file, with categories, missing values, a rare class and folds."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnsearch.study.leaderboard.ranking import leaderboard
from dnnsearch.study.stored_study import open_study
from tests.support.preloaded import Preloaded


def test_the_report_shows_no_rows_of_the_file_and_no_metric_but_the_objective(
    program: Preloaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    x = rng.normal(size=300)
    frame = pd.DataFrame(
        {"x": np.where(rng.random(300) < 0.1, np.nan, x), "y": rng.normal(size=300)}
    )
    frame["city"] = rng.choice(["Brest", "Quimper"], 300)
    frame["left"] = np.where(x + rng.normal(size=300) > 1.9, "yes", "no")
    frame.to_csv(tmp_path / "people.csv", index=False)
    few = ("--set=trials=4", "--set=tracking=none", "--set=iterations=60", "--set=curve_every=30")
    program.run(tmp_path, "new", "people.csv", "--target", "left")
    program.run(tmp_path, "search", "configs/people.yaml", *few)
    program.run(tmp_path, "report", "people", "--out", "people.html")
    page = (tmp_path / "people.html").read_text()
    assert "Most confident errors" in page
    assert re.search(r"row \d+ of people.csv</code>", page)
    assert "fold by fold" in page
    assert "the best dev_accuracy" not in page, "the cost was the objective"
    monkeypatch.chdir(tmp_path)
    board = leaderboard(open_study("people", "sqlite:///optuna.db"))
    assert board.objective == "dev_cost"
