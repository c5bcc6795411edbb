"""The growth of memory, from planted samples and in the tiny mode."""

import math
from pathlib import Path

import pytest

from experiments import many_trials
from experiments.many_trials import Measurement, Sample


@pytest.mark.proof
def test_a_study_of_many_trials_is_watched_to_its_end(tmp_path: Path) -> None:
    out = tmp_path / "many.md"
    (one,) = many_trials.main(["--tiny", "--out", str(out)])
    assert one.samples
    assert all(sample.kilobytes > 10_000 for sample in one.samples)
    assert "KB per trial" in out.read_text()


def test_growth_is_the_slope_after_the_warm_up_and_too_much_is_reported() -> None:
    first = [Sample(1, 100_000.0), Sample(50, 200_000.0)]
    steady = [Sample(trials, 250_000.0 + 60 * trials) for trials in (200, 500, 1000)]
    grown = Measurement("random", "none", 1000, 10.0, first + steady)
    assert math.isclose(grown.growth, 60)
    assert "NOT below" in many_trials.conclusion([grown])
