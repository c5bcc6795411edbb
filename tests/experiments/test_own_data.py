from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import own_data as experiment
from experiments.own_data import Scores


@pytest.mark.parametrize(
    ("differences", "says"),
    [([0.1, 0.11, 0.09], "ahead"), ([-0.1, 0.1, 0.0], "not behind"), ([-0.1, -0.11], "behind")],
)
def test_the_verdict_is_that_of_the_interval(differences: list[float], says: str) -> None:
    scores = [Scores(0.8 + difference, 0.8) for difference in differences]
    assert experiment.verdict(scores)[-1] == says


def test_the_tiny_mode_searches_a_file_and_writes_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=60)
    frame = pd.DataFrame({"x": x, "z": rng.choice(["a", "b"], 60), "y": np.where(x > 0, "p", "n")})
    frame.to_csv(tmp_path / "clouds.csv", index=False)
    monkeypatch.setattr(experiment, "SETS", {"clouds": experiment.Set("clouds.csv", "y")})
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))
    out = tmp_path / "own_data.md"
    experiment.main(["--tiny", "--data", str(tmp_path), "--splits", "1", "--out", str(out)])
    assert "| clouds |" in out.read_text()
