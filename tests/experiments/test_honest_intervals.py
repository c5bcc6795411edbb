"""The simulated studies of the experiment on intervals, and its tiny mode."""

from pathlib import Path

import numpy as np
import pytest

from experiments import honest_intervals
from experiments.honest_intervals import Studies, World


def test_its_tiny_mode_writes_the_tables(tmp_path: Path) -> None:
    out = tmp_path / "report.md"
    honest_intervals.main(["--tiny", "--out", str(out)])
    text = out.read_text()
    assert text.startswith("# Do the 95 % intervals of `promote` hold the truth")
    assert "| digits " in text


def test_the_truth_of_the_simulation_is_what_it_says() -> None:
    studies = Studies(World("one", 4000, 0.9, 0.0), seed=0)
    skill = studies.skills(np.array([0.9]))[0]
    means = [studies.measured(skill, studies.examples(1)[0]).mean for _ in range(40)]
    assert np.mean(means) == pytest.approx(0.9, abs=0.003)
