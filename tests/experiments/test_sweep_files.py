"""The sweep of files as people have them: none ends in a traceback, every advice works.

`make test` takes one file of each kind, `make proof` the others.
"""

import random
from pathlib import Path

import pytest

from experiments import sweep_files
from experiments.file_kinds import KINDS, Made, make
from experiments.file_kinds.made import csv, frame
from experiments.sweep_files import ADVISED, LACKING, READ, outcome

SEEDS = 5  # of each kind: more than 250 files in all
ADVISED_KINDS = {"names twice", "a misspelt target", "stata", "databases", "old excel", "pickles"}
CASES = [
    pytest.param(kind, seed, marks=pytest.mark.proof) if seed else (kind, seed)
    for kind in KINDS
    for seed in range(SEEDS)
]


@pytest.mark.parametrize(("kind", "seed"), CASES)
def test_a_file_is_read_at_once_or_after_the_advice(tmp_path: Path, kind: str, seed: int) -> None:
    found = outcome(make(kind, seed), tmp_path)
    assert found.end in (READ, ADVISED, LACKING), found.said
    assert found.end == ADVISED or kind not in ADVISED_KINDS
    assert found.end != LACKING or kind in ("no tables", "too little"), found.said


def test_there_are_more_than_250_files_and_each_kind_varies() -> None:
    made = {kind: {make(kind, seed).content for seed in range(SEEDS)} for kind in KINDS}
    assert sum(map(len, made.values())) > 250
    assert make("dates", 3) == make("dates", 3)


def test_the_sweep_sees_a_traceback_and_an_advice_that_does_not_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = csv(frame(random.Random(0)))
    twice = Made("a.csv", table.replace(b"share", b"price", 1))

    def broken(*arguments: object) -> Path:
        raise KeyError("planted")

    with monkeypatch.context() as patch:
        patch.setattr(sweep_files, "new", broken)
        assert outcome(twice, tmp_path).end == sweep_files.BROKEN
    monkeypatch.setattr(
        sweep_files, "REMEDIES", [("nothing", ".", lambda found, attempt, made: attempt)]
    )
    assert outcome(twice, tmp_path).end == sweep_files.STUCK


def test_the_program_writes_its_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_bytes(make("gaps", 0).content)
    out = tmp_path / "sweep.md"
    sweep_files.main(["--tiny", "--out", str(out), "--data", str(tmp_path / "data")])
    assert "| truths " in out.read_text() and "| a.csv " in capsys.readouterr().out
