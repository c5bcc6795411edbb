"""The verdicts of the experiment on the cost of a search, and its tiny mode."""

from pathlib import Path

import pytest

from experiments import search_overhead as experiment


@pytest.mark.parametrize(
    ("figure", "more_is_better", "verdict"),
    [
        (15.1, True, "reached"),
        (10.1, True, "floor held"),
        (9.9, True, "missed"),
        (14.9, False, "reached"),
        (22.4, False, "floor held"),
        (22.6, False, "missed"),
    ],
)
def test_a_verdict_compares_the_figure_with_its_aim(
    figure: float, more_is_better: bool, verdict: str
) -> None:
    row = ("work", "measured", figure, "times", 15.0, more_is_better)
    assert experiment.line(row)[-1] == verdict


@pytest.mark.proof
def test_the_tiny_mode_measures_a_search_and_the_memory(tmp_path: Path) -> None:
    out = tmp_path / "overhead.md"
    experiment.main(["--tiny", "--out", str(out)])
    text = out.read_text()
    for unit in ("ms per trial", "MB per worker"):
        assert text.count(f" {unit} |") == 1
