"""The simulated tables of the experiment on intervals of single rows, and its tiny mode."""

from pathlib import Path

from experiments import row_intervals


def test_its_tiny_mode_writes_the_tables(tmp_path: Path) -> None:
    out = tmp_path / "report.md"
    row_intervals.main(["--tiny", "--out", str(out)])
    text = out.read_text()
    assert text.startswith("# Do intervals and sets of labels of single rows hold")
    assert "| regression, the same noise " in text
    assert "| accuracy " in text
