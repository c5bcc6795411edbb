"""A study goes on reading its file as it began; another reading is not called a change of data."""

from pathlib import Path

import pytest

from dnnsearch.data.files.reading_version import CHANGES
from tests.support.paths import ROOT
from tests.support.preloaded import Preloaded

ROWS = 60
RULE = "errors of a spreadsheet are gaps"
# A change of the reading that forgot to ask for the version.
UNASKED = f"""
from dnnsearch.data.files.reading_version import CHANGES
CHANGES[{RULE!r}] = 1
"""
CONFIG = """
data: {file: sales.csv, target: y, columns: {grade: category}}
study: sales
trials: 1
tracking: none
learning_rate: 0.1
iterations: 20
hidden_layers: 1
units: 4
activation: relu
momentum: 0.9
batch_size: full
"""


@pytest.fixture
def sales(tmp_path: Path, program: Preloaded, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A searched study of the first reading, to which an error of a spreadsheet is a level."""
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))
    grade = ["#DIV/0!" if i % 7 == 0 else "good" for i in range(ROWS)]
    lines = [f"{grade[i]},{i * 0.5 % 7},{'ab'[i % 2]}" for i in range(ROWS)]
    (tmp_path / "sales.csv").write_text("\n".join(["grade,size,y", *lines]))
    (tmp_path / "sales.yaml").write_text(CONFIG)
    program.run(tmp_path, "search", "sales.yaml", "--workers=1", "--quiet")
    return tmp_path


def test_every_row_of_the_changes_is_asked_for() -> None:
    code = "".join(path.read_text() for path in (ROOT / "dnnsearch").rglob("*.py"))
    for change in CHANGES:
        assert code.count(f'"{change}"') > 1, change


def test_a_study_of_before_goes_on_reading_as_before(sales: Path, program: Preloaded) -> None:
    program.run(sales, "search", "sales.yaml", "--trials=2", "--workers=1", "--quiet")
    said = program.run(sales, "verify", "sales", "--workers=1", "--quiet")
    assert said.startswith("sales identical: 2 trials")


def test_another_reading_of_the_config_is_said_in_one_line(sales: Path, program: Preloaded) -> None:
    again = ("search", "sales.yaml", "--workers=1", "--quiet")
    said = program.run(sales, *again, "--set", "data.reading=2", code=2)
    assert said == (
        "error: study sales began with reading 1, and 'grade' of its unchanged file is "
        "read otherwise since: set data.reading=1, or start a new study with --study NAME\n"
    )
    program.run(sales, *again, "--set", "data.reading=1")
    program.run(sales, *again, "--set", "data.reading=2", "--study=new")


@pytest.mark.parametrize("command", ["search", "verify", "rerun", "promote"])
def test_a_file_that_is_read_otherwise_is_not_called_a_changed_one(
    command: str, sales: Path, program: Preloaded
) -> None:
    arguments = {"search": ["sales.yaml"], "rerun": ["sales/0"]}.get(command, ["sales"])
    more = [] if command in ("rerun", "promote") else ["--workers=1", "--quiet"]
    (sales / "cache").rename(sales / "elsewhere")
    said = program.run(sales, command, *arguments, *more, planted=UNASKED, code=2)
    *_, line = said.splitlines()
    assert "study sales began with reading 1" in line
    assert "unchanged file is read otherwise by this version of dnnsearch" in line
    assert "changed since" not in said and "different" not in said
    assert "'grade'" in line or command == "rerun"
