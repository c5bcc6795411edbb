"""The fuzzer with ten inputs of each kind, and what it says of a bad refusal."""

from pathlib import Path

import pytest

from dnnsearch.errors import UserError
from experiments import fuzz
from experiments.fuzz_measures import Tally, attempt


def test_ten_damaged_configs_and_tables_are_taken_or_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_a_process = fuzz.in_a_process
    run = {"configs": fuzz.run, "tables": in_a_process}  # one of them in a process of its own
    monkeypatch.setattr(fuzz, "in_a_process", lambda section, *rest: run[section](section, *rest))
    out, keep = tmp_path / "fuzz.md", tmp_path / "kept.json"
    options = ["--tiny", "--only", "configs", "--only", "tables", "--keep", str(keep)]
    done = fuzz.main([*options, "--out", str(out)])
    assert [tally.problems for tally in done.values()] == [[], []]
    assert [tally.inputs for tally in done.values()] == [11, 11]  # one of ten also by the command
    assert "22 inputs, 0 problems" in out.read_text()
    again = fuzz.main([*options, "--out", str(out)])  # nothing is run again
    assert {n: vars(t) for n, t in again.items()} == {n: vars(t) for n, t in done.items()}


def refused(text: str) -> str:
    raise UserError(text)


def test_a_traceback_a_line_as_long_as_a_page_and_a_hang_are_problems(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def endless() -> str:
        while True:
            pass

    monkeypatch.setattr("experiments.fuzz_measures.MAX_SECONDS", 0.2)
    tally = Tally("tests")
    attempt(tally, 0, refused, "one line")
    attempt(tally, 1, refused, "x" * 3000)
    attempt(tally, 2, lambda: str(1 // 0))
    attempt(tally, 3, endless)
    assert tally.ends == {"one line": 1, "problem": 3}
    long, error, hang = tally.problems
    assert "not one line" in long and "ZeroDivisionError" in error and "HangError" in hang
    assert tally.row()[:5] == ["tests", 4, 0, 1, 3]
