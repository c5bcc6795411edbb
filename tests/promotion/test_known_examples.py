"""A table of copies with random labels: `promote` and `report` count the copies, and say so."""

import json
from pathlib import Path

import pytest

from tests.support.preloaded import Preloaded

TABLE = Path(__file__).parents[1] / "cases" / "duplicates" / "dup.csv"
SMALL = ["--set=trials=2", "--set=iterations=60", "--set=tracking=none", "--set=folds=none"]


@pytest.mark.parametrize(
    ("rows", "known"), [("apart", 100), pytest.param("together", 0, marks=pytest.mark.proof)]
)
def test_test_examples_that_were_trained_on_are_counted(
    program: Preloaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: str, known: int
) -> None:
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "dup.csv").write_bytes(TABLE.read_bytes())
    equal = f"--set=split.equal_rows={rows}"
    program.run(tmp_path, "new", "dup.csv", "--target=y", equal, *SMALL)
    program.run(tmp_path, "search", "configs/dup.yaml")
    command = program.start(tmp_path, "promote", "dup", "--top=1", "--replicates=2", "--json")
    assert command.wait() in (0, 1)
    document = json.loads(command.said.splitlines()[-1])
    assert document["known"] == known
    warnings = [line for line in document["lines"] if "equal an example of train or dev" in line]
    assert [int(line.split()[1]) for line in warnings] == ([known] if known else [])
    program.run(tmp_path, "report", "dup", "--quiet")
    page = (tmp_path / "report-dup.html").read_text()
    assert (f"{known} of 100 test examples one of train or dev" in page) == (known > 0)
    assert ('data-kind="known"' in page) == (known > 0)
