"""`promote --outer`, by the real command: every row is tested once, and a killed run resumes."""

import json
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

import dnnsearch
from dnnsearch.promotion.nested.outer_studies import folder as outer_folder
from dnnsearch.statistics.fold_interval import fold_interval
from dnnsearch.study.evaluation_log import EvaluationLog
from dnnsearch.study.stored_study import OpenStudy, open_study
from tests.support.preloaded import Preloaded

OUTER = ("promote", "two", "--top=1", "--replicates=2", "--outer=2", "--json")


def opened(folder: Path) -> OpenStudy:
    return open_study("two", f"sqlite:///{folder}/optuna.db")


@pytest.fixture
def two(program: Preloaded, folder: Path) -> Path:
    """Return the folder with a study of two trials."""
    program.run(folder, "search", "clean.yaml", "--trials=2", "--study=two")
    return folder


def test_every_row_is_tested_once_by_a_model_that_was_made_without_it(
    program: Preloaded, two: Path
) -> None:
    said = json.loads(program.run(two, *OUTER))
    outer, folds = said["outer"], said["outer"]["folds"]
    assert [fold["rows"] for fold in folds] == [200, 200]
    assert outer["value"] == pytest.approx(np.mean([fold["value"] for fold in folds]))
    interval = fold_interval([fold["value"] for fold in folds], [200, 200], is_share=True)
    assert (outer["low"], outer["high"]) == (interval.low, interval.high)
    assert sum(one["times"] for one in outer["winners"]) == 2
    assert any("over all 400 rows" in line for line in said["lines"])
    entries = EvaluationLog(opened(two).rows).entries
    assert [entry.get("note", "") for entry in entries] == ["", "2 outer folds"]
    program.run(two, "verify", "two", "--quiet")
    program.run(two, "fingerprint", "two")
    again = dnnsearch.promote("two", top=1, replicates=2, outer=2)
    assert again.document["outer"] == outer
    assert len(EvaluationLog(opened(two).rows).entries) == 2
    assert "test set opened 2 times, by two, two (2 outer folds)" in again.text


@pytest.mark.proof
def test_a_killed_validation_resumes_with_the_same_figure(program: Preloaded, two: Path) -> None:
    marker = two / "killed"
    failpoint = f"dnnsearch.promotion.nested.nested_validation:promote:after:1:{marker}"
    command = program.start(two, *OUTER, failpoint=failpoint)
    assert command.wait() == -signal.SIGKILL, command.said
    records = outer_folder(opened(two)) / "records"
    kept = {path: path.stat().st_mtime_ns for path in records.rglob("0*.npz")}
    assert kept
    said = json.loads(program.run(two, *OUTER))
    assert kept.items() <= {p: p.stat().st_mtime_ns for p in records.rglob("0*.npz")}.items()
    shutil.rmtree(outer_folder(opened(two)))
    assert json.loads(program.run(two, *OUTER))["outer"] == said["outer"]


def test_a_test_file_and_a_split_by_time_are_refused_in_one_line(
    program: Preloaded, folder: Path
) -> None:
    rows = (folder / "noise.csv").read_text()
    (folder / "test.csv").write_text(rows)
    settings = ("--trials=1", "--set=data.test_file=test.csv")
    program.run(folder, "search", "clean.yaml", "--study=official", *settings)
    said = program.run(
        folder, "promote", "official", "--top=1", "--replicates=2", "--outer=2", "--quiet", code=2
    )
    refused = "error: --outer needs a test set drawn from the rows; official has a file"
    assert said.splitlines()[-1] == refused
