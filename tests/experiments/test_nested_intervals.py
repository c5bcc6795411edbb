"""The simulated tables of the experiment on the procedure's figure, and its tiny mode."""

from pathlib import Path

from experiments import nested_intervals


def test_its_tiny_mode_writes_the_table(tmp_path: Path) -> None:
    out = tmp_path / "report.md"
    nested_intervals.main(["--tiny", "--out", str(out)])
    text = out.read_text()
    assert text.startswith("# Does the interval of `promote --outer` hold the score")
    assert "| classes, 200 rows " in text
