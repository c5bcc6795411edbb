"""`compare`, by the real command: common seeds, the same dev rows, no opening of the test set."""

import json
import re
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import dnnsearch
from dnnsearch.promotion.candidates import hyperparameters_of
from dnnsearch.promotion.comparison.compare_studies import COMMAND, _absent
from dnnsearch.promotion.comparison.comparison_text import _absence
from dnnsearch.promotion.fresh_training import paired_rounds, records_of
from dnnsearch.study.evaluation_log import EvaluationLog
from dnnsearch.study.leaderboard.ranking import leaderboard
from dnnsearch.study.stored_study import OpenStudy, open_study
from dnnsearch.trials.record import decode
from tests.promotion.conftest import Promote
from tests.support.preloaded import Preloaded

SMALL = ("--top", "2", "--replicates", "4", "--json")
OTHER = ("search", "clean.yaml", "--study=other", "--set=seed=7", "--set=activation=relu")


def opened(folder: Path, name: str) -> OpenStudy:
    return open_study(name, f"sqlite:///{folder}/optuna.db")


@pytest.fixture
def other(program: Preloaded, folder: Path) -> Path:
    """Return the folder with a second study of the same rows."""
    program.run(folder, *OTHER)
    return folder


def test_the_best_of_each_study_are_compared_with_the_same_seeds(
    program: Preloaded, other: Path
) -> None:
    said = json.loads(program.run(other, "compare", "clean", "other", *SMALL))
    assert [one["study"] for one in said["entrants"]] == ["clean"] * 2 + ["other"] * 2
    records = [
        decode(path.read_bytes())
        for name in ("clean", "other")
        for path in records_of(opened(other, name), COMMAND).paths()
    ]
    assert len(records) == 4
    assert len({(one.spec.seed, one.spec.streams, one.spec.replicates) for one in records}) == 1
    (difference,) = said["differences"]
    best = {
        name: max(one["confirmed"] for one in said["entrants"] if one["study"] == name)
        for name in ("clean", "other")
    }
    gap = best[said["best"]] - best[difference["to"]]
    assert difference["value"] == pytest.approx(gap)
    assert difference["low"] <= gap <= difference["high"]
    assert EvaluationLog(opened(other, "clean").rows).entries == []
    again = dnnsearch.compare("other", "clean", top=2, replicates=4)
    assert again.best == said["best"]
    assert again.differences == said["differences"]
    assert len(records_of(opened(other, "clean"), COMMAND).paths()) == 2  # nothing trained again


def test_what_follows_and_which_study_is_ahead_is_said(program: Preloaded, other: Path) -> None:
    said = program.run(other, "compare", "clean", "other", *SMALL[:-1])
    assert "training 4 configurations with fresh seeds, 4 trainings in all ..." in said
    ahead = (
        r"(and of (\w+) are not distinguishable: \1 is ahead of \3|is better than that of \w+:) by"
    )
    found = rf"the best of (clean|other) {ahead} \+0\.\d{{4}} \(two-sided 95 %: "
    assert re.match(found, said.splitlines()[-1]), said


def test_a_champion_that_takes_no_part_is_named_with_the_option_that_takes_it_in(
    promote: Promote, folder: Path
) -> None:
    trial = promote("clean")["trial"]
    study = opened(folder, "clean")
    rank = [row.number for row in leaderboard(study).ranked].index(trial) + 1
    assert _absent(study, []) == (trial, rank)
    champion: Any = SimpleNamespace(hyperparameters=hyperparameters_of(study, trial))
    assert _absent(study, [champion]) is None
    assert _absent(opened(folder, "noise"), []) is None
    start = "note: the champion of clean, trial 4, is not among the best of its search"
    assert _absence("clean", 4, 7) == f"{start}: it is number 7 there, and --top 7 takes it in"
    assert _absence("clean", 4, 21) == start


def test_a_killed_comparison_resumes(program: Preloaded, other: Path) -> None:
    failpoint = f"dnnsearch.storage.atomic_write:write_whole:after:3:{other / 'killed'}"
    command = program.start(other, "compare", "clean", "other", *SMALL, failpoint=failpoint)
    assert command.wait() == -signal.SIGKILL, command.said
    kept = {path.name for path in records_of(opened(other, "clean"), COMMAND).paths()}
    assert len(kept) == 2
    program.run(other, "compare", "clean", "other", *SMALL)
    assert kept == {path.name for path in records_of(opened(other, "clean"), COMMAND).paths()}


def test_folds_are_compared_on_the_out_of_fold_rows(program: Preloaded, folder: Path) -> None:
    for name, seed in (("a", "1"), ("b", "2")):
        settings = ("--trials=2", "--set=folds=3", f"--set=seed={seed}")
        program.run(folder, "search", "clean.yaml", f"--study={name}", *settings)
    said = program.run(folder, "compare", "a", "b", "--top=1", "--replicates=4")
    assert "the same 2 cross-validations; dev_accuracy over 3 folds" in said
    assert "seeds and 300 examples" in said


@pytest.mark.parametrize(("asked", "rounds"), [(None, 4), (2, 2), (10, 2), (11, 3), (40, 8)])
def test_with_folds_the_networks_are_those_of_whole_cross_validations(
    asked: int | None, rounds: int
) -> None:
    folds: Any = SimpleNamespace(config=SimpleNamespace(folds=5))
    assert paired_rounds(folds, asked) == rounds
    plain: Any = SimpleNamespace(config=SimpleNamespace(folds=None))
    assert paired_rounds(plain, asked) == 1


def test_a_study_that_ignores_a_column_has_the_same_dev_rows(
    program: Preloaded, folder: Path
) -> None:
    ignored = '--set=data.columns={"city": "ignored"}'
    program.run(folder, "search", "clean.yaml", "--study=fewer", "--trials=2", ignored)
    said = json.loads(program.run(folder, "compare", "clean", "fewer", *SMALL))
    assert {one["study"] for one in said["entrants"]} == {"clean", "fewer"}


def test_other_dev_rows_are_refused_in_one_line_before_anything_is_trained(
    program: Preloaded, folder: Path
) -> None:
    search = ("search", "clean.yaml", "--study=split", "--trials=1", "--set=split.seed=1")
    program.run(folder, *search)
    (said,) = program.run(folder, "compare", "clean", "split", code=2).splitlines()
    assert said.startswith("error: studies clean and split have other dev rows: split.seed (was 0")
    assert said.endswith("of these two: dnnsearch show clean split")
    (said,) = program.run(folder, "compare", "clean", "noise", code=2).splitlines()
    assert "studies clean and noise have other dev rows: data.contents.file (was " in said
    assert len(said) < 250
    (said,) = program.run(folder, "compare", "clean", "clean", code=2).splitlines()
    assert said == "error: compare needs two studies or more, but got clean"
    assert records_of(opened(folder, "clean"), COMMAND).paths() == []
