"""The counts of the experiment on learning rates, and its tiny mode."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from experiments import learning_rate_and_depth as experiment


def record(*accuracies: float) -> Any:
    return SimpleNamespace(final={"train_accuracy": np.array(accuracies)})


def test_a_cell_counts_what_trained_and_what_diverged() -> None:
    assert experiment.cell(record(1.0, 0.9, 0.5)) == "0.80 (2)"
    assert experiment.cell(record(1.0, np.nan)) == "0.50 (1) 1x"


def test_the_window_has_the_rates_at_which_every_seed_trains() -> None:
    trains, not_all, diverged = record(0.9, 1.0), record(0.89, 1.0), record(np.nan, 1.0)
    found = {(0.3, 1): trains, (0.1, 1): trains, (1.0, 1): not_all, (2.0, 1): diverged}
    assert experiment.window({**found, (9.0, 2): trains}, 1) == [0.1, 0.3]


def test_networks_above_the_window_are_counted_by_how_they_end() -> None:
    found = {
        (0.3, 1): record(0.9, 1.0),
        (1.0, 1): record(0.89, 1.0, 0.2),
        (2.0, 1): record(np.nan, 0.1, 0.3),
        (9.0, 2): record(np.nan, np.nan, 0.9),
    }
    assert experiment.above_window(found, 1) == [6, 1, 2, 1]
    assert experiment.above_window(found, 2) == [3, 2, 0, 1]


def test_the_tiny_mode_writes_a_row_for_each_learning_rate(tmp_path: Path) -> None:
    out = tmp_path / "rates.md"
    experiment.main(["--tiny", "--out", str(out)])
    rows = [line.split("|")[1].strip() for line in out.read_text().splitlines() if "|" in line]
    assert [rows.count(rate) for rate in ("0.1", "10000")] == [1, 1]
