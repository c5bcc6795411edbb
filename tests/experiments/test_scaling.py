"""The program that measures how many workers one coordinator keeps busy."""

from pathlib import Path

import pytest

from experiments import scaling


@pytest.mark.proof
def test_its_report_has_the_speed_the_overhead_and_the_workers_kept_busy(tmp_path: Path) -> None:
    out = tmp_path / "scaling.md"
    scaling.main(["--tiny", "--out", str(out)])
    text = out.read_text()
    assert "| local pool |" in text
    assert "| Dask       |" in text
    assert "ms through Dask" in text
    assert "| seconds per trial |" in text


def test_a_coordinator_that_needs_longer_for_a_trial_keeps_fewer_workers_busy() -> None:
    assert scaling.workers_kept_busy(0.5, 1.0) == 2
    assert scaling.workers_kept_busy(0.05, 1.0) == 16
    assert scaling.workers_kept_busy(0.05, 10.0, most=64) == 64
