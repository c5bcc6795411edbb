"""The tiny mode of the experiment on the cost of exactness."""

import pytest

from experiments import exact_speed
from experiments.speed_training import Seconds


def test_a_row_has_the_medians_and_the_ratio_round_by_round():
    times = {"portable": 1e-6, "exact": 2e-6, "PyTorch": 4e-6}
    rounds: list[Seconds] = [{name: n * t for name, t in times.items()} for n in (1, 5, 2)]
    cells = exact_speed.row("job", rounds, list(times))
    assert cells == ["job", "2.0", "4.0", "8.0", "2.00", "3", "0.50"]


def test_the_parts_of_an_update_add_up():
    times = {"portable": 9e-6, "float32 products": 4e-6, "exact": 20e-6}
    rounds = [{**times, "float64 products": 8e-6, "rounding": 5e-6}]
    cells = exact_speed.part_row("job", rounds)
    assert cells == ["job", "9.0", "4.0", "5.0", "20.0", "8.0", "5.0", "7.0"]


@pytest.mark.proof
def test_the_tiny_mode_times_each_of_the_numerics_and_writes_the_tables(tmp_path):
    exact_speed.main(["--tiny", "--out", str(tmp_path / "report.md")])
    text = (tmp_path / "report.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| 455x30, 30-16-8-2, batch 32")]
    assert len(rows) == 4, "times and their parts, alone and stacked"
