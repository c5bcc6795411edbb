"""Covers how durations and output files of options are checked."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dnnsearch.cli.options import seconds, writable
from dnnsearch.errors import UserError


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", 90), ("90s", 90), ("15m", 900), ("1.5h", 5400), ("1h30m", 5400), ("2d", 172800)],
)
def test_a_duration_is_read_in_its_usual_forms(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "m", "3x", "15 m", "-5m", "1h-3m", "inf", "1e3"])
def test_a_wrong_duration_is_an_error_with_an_example(text: str) -> None:
    with pytest.raises(UserError, match="--for must be a time such as 90s, 15m or 1h30m"):
        seconds(text)


def test_a_file_is_writable_if_its_folder_exists(tmp_path: Path) -> None:
    assert writable(tmp_path / "a.csv") == tmp_path / "a.csv"
    with pytest.raises(UserError, match="there is no folder"):
        writable(tmp_path / "nowhere" / "a.csv")
    with pytest.raises(UserError, match="it is a folder"):
        writable(tmp_path)


def test_a_database_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE runs (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(UserError, match=r"mlflow.db is a database and would be overwritten"):
        writable(path)
    assert path.read_bytes() == before
    assert writable(tmp_path / "report.html") == tmp_path / "report.html"
