"""`promote --outer`, by the real command: every row is tested once, and a killed run resumes."""

import copy
import json
import shlex
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dnnsearch
from dnnsearch.deployment.bundle.archive import decode, encode
from dnnsearch.deployment.bundle.study_export import export, report_mark
from dnnsearch.errors import UserError
from dnnsearch.promotion.nested.outer_verification import verify_outer
from dnnsearch.reporting.citation import cite
from dnnsearch.reporting.html.test_figure_section import figure_section
from dnnsearch.reproduce.verify import Verification
from dnnsearch.statistics.fold_interval import fold_interval
from dnnsearch.study.evaluation_log import EvaluationLog
from dnnsearch.study.outer_figure import OuterFigure
from dnnsearch.study.outer_studies import folder as outer_folder
from dnnsearch.study.promoted_figure import promoted_figure
from dnnsearch.study.stored_study import OpenStudy, open_study
from dnnsearch.study.trial_views import study_info
from tests.support.preloaded import Preloaded

OUTER = ("promote", "two", "--top=1", "--replicates=2", "--outer=2", "--json")


def opened(folder: Path) -> OpenStudy:
    return open_study("two", f"sqlite:///{folder}/optuna.db")


@pytest.fixture
def two(program: Preloaded, folder: Path) -> Path:
    """Return the folder with a study of two trials."""
    program.run(folder, "search", "clean.yaml", "--trials=2", "--study=two")
    return folder


@pytest.mark.usefixtures("forked_calls")
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
    assert sum("it covers new rows, new seeds and another" in line for line in said["lines"]) == 1
    entries = EvaluationLog(opened(two).rows).entries
    assert [entry.get("note", "") for entry in entries] == ["", "2 outer folds"]
    assert "of 2 outer folds identical" in program.run(two, "verify", "two", "--quiet")
    program.run(two, "fingerprint", "two")
    again = dnnsearch.promote("two", top=1, replicates=2, outer=2)
    assert again.document["outer"] == outer
    assert len(EvaluationLog(opened(two).rows).entries) == 2
    assert "test set opened 2 times, by two, two (2 outer folds)" in again.text
    check_shown(two, outer)
    check_exported(program, two, outer)
    check_verified(two, outer)


@pytest.mark.proof
def test_an_exported_validation_is_imported_and_one_of_before_is_said_to_be_one(
    program: Preloaded, two: Path
) -> None:
    outer = json.loads(program.run(two, *OUTER))["outer"]
    (imported, verified), here, cache = check_exported(program, two, outer)
    for command in (imported, verified):  # as they are pasted
        said = program.run(here, *shlex.split(command)[1:], **cache)
    assert "two-outer-1-of-2 identical: 2 trials" in said
    program.run(here, "export", "two", "again.dnnstudy", "--quiet", **cache)
    whole = (two / "two.dnnstudy").read_bytes()
    assert (here / "again.dnnstudy").read_bytes() == whole
    members = decode(whole, "two")
    without = {n: c for n, c in members.items() if not n.startswith("outer-")}
    assert len(members) > len(without) + 10
    before = {**without, "report.html": without["report.html"] + report_mark(without)}
    (here / "before.dnnstudy").write_bytes(encode(before))
    said = program.run(here, "verify", "before.dnnstudy", "--data=clean.csv", "--quiet", **cache)
    assert "not compared, for the studies of the folds are not here or in the file; wh" in said


def check_shown(two: Path, outer: dict[str, Any]) -> None:
    """Wherever the study's figure is shown, that of the procedure is too; the archive has it."""
    shown = f"over all 400 rows, where guessing has {outer['guess']:.4f}; how often each won: "
    assert shown in " ".join(cite(opened(two))["sentences"])
    assert shown in figure_section(promoted_figure(opened(two)))
    info = study_info(opened(two))
    assert shown in info.test_sentences
    assert info.test_metrics["test_accuracy_outer_low"] == outer["low"]
    archived = json.loads(
        decode(export(opened(two), with_data=False, page=str), "two")["study.json"]
    )
    assert OuterFigure.of(archived["attributes"]["outer"]).figure["value"] == outer["value"]


def check_exported(
    program: Preloaded, two: Path, outer: dict[str, Any]
) -> tuple[list[str], Path, dict[str, str]]:
    """The file has the studies of the folds, so that the figure is verified and repeated there.

    Return the commands that repeat the search of the first, the folder of the file and its cache.
    """
    program.run(two, "export", "two", "--quiet")
    members = decode((two / "two.dnnstudy").read_bytes(), "two")
    here = two / "here"
    here.mkdir()
    shutil.copy(two / "clean.csv", here)
    cache = {"DNNSEARCH_CACHE": str(here / "cache")}
    (here / "two.dnnstudy").write_bytes(encode(members))
    given = ("two.dnnstudy", "--data=clean.csv")
    said = program.run(here, "verify", *given, "--quiet", **cache)
    (line,) = (line for line in said.splitlines() if "outer folds" in line)
    assert line.startswith(f"  test_accuracy {outer['value']:.4f} of 2 outer folds identical: ")
    _, _, repeat = line.partition("to repeat the search of the first: ")
    commands = repeat.split(" && ")
    assert [words[:2] for words in map(shlex.split, commands)] == [
        ["dnnsearch", "import"],
        ["dnnsearch", "verify"],
    ]
    changed = json.loads(members["outer-2/study.json"])
    changed["config"]["split"]["outer_fold"] = "1/2"
    marked = {**members, "outer-2/study.json": json.dumps(changed).encode()}
    marked["report.html"] += report_mark(marked)
    (here / "forged.dnnstudy").write_bytes(encode(marked))
    said = program.run(here, "verify", "forged.dnnstudy", "--data=clean.csv", code=2, **cache)
    assert "its config does not lead to its definition: split.outer_fold" in said
    return commands, here, cache


TRIALS = Verification("identical", ["two identical: 2 trials", "fingerprint 0"])


def check_verified(two: Path, outer: dict[str, Any]) -> None:
    """A figure that was changed in the storage is found; without the folds' studies it is said."""
    first, line, last = verify_outer(opened(two), TRIALS).lines
    shown = f"  test_accuracy {outer['value']:.4f} of 2 outer folds identical: their networks"
    assert line.startswith(f"{shown} scored again on 400 rows; to repeat the search of the first: ")
    assert (first, last) == tuple(TRIALS.lines)
    rows = opened(two).rows
    true = rows.attributes["outer"]
    for part, value in (("value", 0.999), ("rows", 300), ("trial", 7), ("hyperparameters", {})):
        forged = copy.deepcopy(true)
        forged["folds"][1][part] = value
        rows.set_attribute("outer", forged)
        found = verify_outer(opened(two), TRIALS)
        assert found.exit_code == 1
        assert "outer fold" in found.lines[0]
        with pytest.raises(UserError, match="outer fold 2 of 2: .*; to write it anew: "):
            cite(opened(two))
    rows.set_attribute("outer", {**true, "trials": 400})
    different = "outer fold 1 of 2: the study has 400 as its trials, and the fold's own 2"
    assert different in verify_outer(opened(two), TRIALS).lines[0]
    rows.set_attribute("outer", true)
    shutil.rmtree(outer_folder(opened(two)))
    (_, note, _) = verify_outer(opened(two), TRIALS).lines
    assert "of 2 outer folds: not compared, for the studies of the folds are not here" in note
    (*_, last) = cite(opened(two))["sentences"]
    assert last.endswith("This is as the study has it, for the studies of the folds are not here.")


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
