"""`why`, by the real command: paired seeds, intervals, resumption, and the report's first plot."""

import json
import signal
from pathlib import Path

import numpy as np
import pytest

import dnnsearch
from dnnsearch.promotion.ablation.ablation import COMMAND, find_route
from dnnsearch.promotion.ablation.ablation_text import OTHER_SEEDS
from dnnsearch.promotion.fresh_training import records_of
from dnnsearch.study.evaluation_log import EvaluationLog
from dnnsearch.study.stored_study import OpenStudy, open_study
from dnnsearch.trials.record import Record, decode
from tests.promotion.conftest import Promote
from tests.support.preloaded import Preloaded

SMALL = ("--replicates", "4", "--json")


def opened(folder: Path) -> OpenStudy:
    return open_study("clean", f"sqlite:///{folder}/optuna.db")


def stored(folder: Path) -> list[Record]:
    return [decode(path.read_bytes()) for path in records_of(opened(folder), COMMAND).paths()]


def test_the_champion_is_explained_by_networks_with_the_same_seeds(
    program: Preloaded, promote: Promote, folder: Path
) -> None:
    program.run(folder, "why", "clean", "--quiet", "--replicates", "2")  # the best trial
    promoted = promote("clean")
    said = json.loads(program.run(folder, "why", "clean", *SMALL))
    assert said["champion"]
    assert said["to"] == promoted["trial"]
    route = find_route(opened(folder), print)
    records = [one for one in stored(folder) if one.spec.replicates == 4]
    assert len(records) == len(route.configurations)
    assert len({(one.spec.seed, one.spec.streams) for one in records}) == 1
    assert records[0].spec.seed != opened(folder).config.seed
    assert {one.spec.hyperparameters for one in records} == set(route.configurations)
    assert len(said["changes"]) == len(route.steps)
    total = sum(change["step"]["value"] for change in said["changes"])
    assert np.isclose(total, said["whole"]["value"])
    assert said["changes"][-1]["value"] - said["start"] == pytest.approx(total)
    for change in said["changes"]:
        assert change["step"]["low"] <= change["step"]["value"] <= change["step"]["high"]
    assert len(EvaluationLog(opened(folder).rows).entries) == 1  # the promotion's opening alone
    assert said["lines"].count(OTHER_SEEDS) == 1


def test_how_many_trainings_follow_is_said_first(program: Preloaded, folder: Path) -> None:
    count = len(find_route(opened(folder), print).configurations)
    first = program.run(folder, "why", "clean", *SMALL[:-1]).splitlines()[0]
    assert (
        first == f"training {count} configurations with fresh seeds, {count} trainings in all ..."
    )


def test_a_killed_run_resumes_and_gives_the_same_result(program: Preloaded, folder: Path) -> None:
    failpoint = f"dnnsearch.storage.atomic_write:write_whole:after:2:{folder / 'killed'}"
    command = program.start(folder, "why", "clean", *SMALL, failpoint=failpoint)
    assert command.wait() == -signal.SIGKILL, command.said
    kept = {path.name for path in records_of(opened(folder), COMMAND).paths()}
    assert len(kept) == 2
    said = program.run(folder, "why", "clean", *SMALL)
    again = dnnsearch.why("clean", replicates=4)
    assert kept < {path.name for path in records_of(opened(folder), COMMAND).paths()}
    assert json.loads(said) == again.document
    assert again.text.startswith("study clean: from trial 0 to the best trial, trial ")


def test_the_first_plot_of_a_report_is_what_why_has_measured(
    program: Preloaded, folder: Path
) -> None:
    program.run(folder, "report", "clean", "--out", "before.html")
    assert "is better than trial 0" not in (folder / "before.html").read_text()
    said = json.loads(program.run(folder, "why", "clean", *SMALL))
    program.run(folder, "report", "clean", "--out", "after.html")
    page = (folder / "after.html").read_text()
    assert 0 < page.index("is better than trial 0") < page.index("<h2>History")
    assert "gained when made" in page
    assert all(change["change"] in page for change in said["changes"])


def test_a_study_whose_best_trial_is_trial_0_has_nothing_to_explain(
    program: Preloaded, folder: Path
) -> None:
    program.run(folder, "search", "clean.yaml", "--trials=1", "--study=one")
    said = program.run(folder, "why", "one")
    assert said.strip().endswith("has the configuration of trial 0: nothing to explain")


def test_a_report_leaves_the_plot_out_if_a_record_is_missing(
    program: Preloaded, folder: Path
) -> None:
    program.run(folder, "why", "clean", *SMALL)
    for path in records_of(opened(folder), COMMAND).paths()[:1]:
        path.unlink()
    program.run(folder, "report", "clean", "--out", "after.html")
    assert "is better than trial 0" not in (folder / "after.html").read_text()
