"""The Markdown file that an experiment writes."""

from pathlib import Path

import pytest

from experiments import report

DOC = """Why?

Question:    why
Result:      because
"""


def test_a_table_is_aligned_in_its_source() -> None:
    lines = report.table(["name", "n"], [["a", 1], ["long", 1000]]).splitlines()
    assert lines == ["| name |    n |", "| ---- | ---- |", "| a    |    1 |", "| long | 1000 |"]


def test_a_report_begins_with_the_experiments_header(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report.write(tmp_path / "why.md", DOC, "first", "second")
    heading, header = "# Why?", "```text\nQuestion:    why\nResult:      because\n```"
    written = (tmp_path / "why.md").read_text()
    assert written == f"{heading}\n\n{header}\n\nfirst\n\nsecond\n"
    assert capsys.readouterr().out == "first\n\nsecond\n"


def test_the_report_lies_next_to_the_experiment_unless_out_is_given() -> None:
    assert report.arguments("here/why.py", DOC, []).out == Path("here/why.md")
    assert report.arguments("here/why.py", DOC, ["--out", "x.md"]).out == Path("x.md")
