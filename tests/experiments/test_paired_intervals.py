"""The experiment on intervals of paired differences, in its tiny mode."""

from pathlib import Path

from experiments import paired_intervals


def test_its_tiny_mode_writes_the_table(tmp_path: Path) -> None:
    out = tmp_path / "report.md"
    paired_intervals.main(["--tiny", "--out", str(out)])
    text = out.read_text()
    assert text.startswith("# Do the intervals of `why` and `compare` hold the true difference")
    assert "| 2 classes | " in text
    assert "best of 8 |" in text
