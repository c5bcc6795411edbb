"""The program that measures how far a coordinator reaches, in its tiny mode."""

from pathlib import Path

import pytest

from experiments import scaling


@pytest.mark.proof
def test_its_report_has_speed_overhead_and_the_workers_that_are_fed(tmp_path: Path) -> None:
    out = tmp_path / "scaling.md"
    scaling.main(["--tiny", "--out", str(out)])
    text = out.read_text()
    assert "| local pool |" in text
    assert "| Dask       |" in text
    assert "ms through Dask" in text
    assert "| seconds a trial takes |" in text


def test_a_coordinator_with_a_dearer_trial_feeds_fewer_workers() -> None:
    assert scaling.fed(0.5, 1.0) == 2
    assert scaling.fed(0.05, 1.0) == 16
    assert scaling.fed(0.05, 10.0, most=64) == 64
