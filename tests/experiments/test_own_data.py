"""The verdicts of the comparison with scikit-learn, and its tiny mode."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import own_data as experiment
from experiments.own_data import Scores


@pytest.mark.parametrize(
    ("differences", "says"),
    [([0.1, 0.11, 0.09], "ahead"), ([-0.1, 0.1, 0.0], "undecided"), ([-0.1, -0.11], "behind")],
)
def test_the_verdict_is_that_of_the_interval(differences: list[float], says: str) -> None:
    scores = [Scores(0.8 + difference, np.nan, 0.8) for difference in differences]
    _, mean, _, found, *champion = experiment.verdicts(scores)
    assert (mean, found) == (f"{0.8 + np.mean(differences):.4f}", says)
    assert champion == ["-"] * 3


@pytest.mark.proof
def test_the_tiny_mode_searches_a_file_and_writes_the_table(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=60)
    city = rng.choice(["a", "b"], 60)
    frame = pd.DataFrame({"x": x, "city": city, "quality": np.where(x > 0, 6, 5)})
    file = tmp_path / experiment.SETS["wine_red"].file
    file.parent.mkdir()
    frame.to_csv(file, index=False)
    out = tmp_path / "own_data.md"
    command = [sys.executable, "-m", "experiments.own_data", "--tiny", "--only", "wine_red"]
    command += ["--data", str(tmp_path), "--splits", "1", "--out", str(out)]
    environment = {**os.environ, "DNNSEARCH_CACHE": str(tmp_path / "cache")}
    subprocess.run(command, check=True, env=environment, capture_output=True)
    assert "| wine_red |" in out.read_text()
