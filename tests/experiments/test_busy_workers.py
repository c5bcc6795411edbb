"""The share of time in which workers train, from planted records."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from experiments import busy_workers as experiment


def record(seconds: float, updates: int = 100, end: str = "finished") -> Any:
    document = {"made": {"seconds": seconds}}
    spec = SimpleNamespace(updates=100)
    return SimpleNamespace(document=document, spec=spec, iterations=updates, end=end, cost=updates)


def test_workers_that_train_all_the_time_are_busy() -> None:
    both = [record(2.0), record(1.0), record(1.0)]
    assert experiment.use(both, ends=[12.0, 11.0, 12.0], workers=2).busy == 1.0


def test_waiting_between_trials_and_for_the_last_one_counts_as_idle() -> None:
    assert experiment.use([record(1.0), record(1.0)], ends=[11.0, 13.0], workers=1).busy == (
        pytest.approx(2 / 3)
    )
    assert experiment.use([record(2.0)], ends=[12.0], workers=2).busy == 0.5


def test_the_median_share_of_updates_before_pruning_is_measured() -> None:
    pruned = [record(1.0, updates, "pruned") for updates in (10, 20, 60)]
    use = experiment.use([*pruned, record(1.0)], ends=[1, 2, 3, 4], workers=1)
    assert (use.trials, use.pruned, use.done_when_pruned) == (4, 3, 0.2)


@pytest.mark.proof
def test_the_tiny_mode_searches_and_writes_its_row(tmp_path: Path) -> None:
    out = tmp_path / "busy.md"
    experiment.main(["--tiny", "--out", str(out)])
    assert "| halving |" in out.read_text()
