"""The tiny mode of the experiment on the cost of exactness."""

import pytest

from experiments import exact_speed
from experiments.speed_training import Seconds


def test_a_row_has_the_medians_and_the_ratio_round_by_round():
    rounds: list[Seconds] = [{"portable": 1e-6 * n, "exact": 2e-6 * n} for n in (1, 5, 2)]
    assert exact_speed.row("job", rounds, ["portable", "exact"]) == [
        "job",
        "2.0",
        "4.0",
        "2.00",
        "3",
    ]


@pytest.mark.proof
def test_the_tiny_mode_times_each_of_the_numerics_and_writes_the_tables(tmp_path):
    exact_speed.main(["--tiny", "--out", str(tmp_path / "report.md")])
    text = (tmp_path / "report.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| 455x30, 30-16-8-2, batch 32")]
    assert len(rows) == 2, "one alone, one stacked"
