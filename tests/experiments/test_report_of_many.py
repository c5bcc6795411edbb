"""The limits of a report on many trials, and its tiny mode."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from experiments import report_of_many as experiment

GOOD = experiment.Page(1000, 20.0, 6.0, [12, 3000], [])


@pytest.mark.proof
@pytest.mark.skipif(not shutil.which("chromedriver"), reason="needs chromium and chromedriver")
def test_a_small_study_is_reported_and_opened_in_a_browser(tmp_path: Path) -> None:
    (page,) = experiment.main(["--tiny", "--out", str(tmp_path / "report.md")])
    assert page.is_good
    assert "console errors" in (tmp_path / "report.md").read_text()


def test_a_page_without_a_mark_or_over_a_limit_is_reported() -> None:
    assert "is within" in experiment.conclusion([GOOD])
    bad = [replace(GOOD, plots=[0, 9]), replace(GOOD, seconds=61), replace(GOOD, megabytes=9.0)]
    for page in (*bad, replace(GOOD, errors=["oh"])):
        assert "is NOT within" in experiment.conclusion([page])
