"""The report on a champion: it shows only networks that were not trained on dev."""

from pathlib import Path

import numpy as np

import dnnsearch
from dnnsearch.promotion.candidates import confirmations, memo
from dnnsearch.reporting.analysis.champion_trial import (
    confusion,
    most_confidently_wrong,
    networks_to_show,
)
from dnnsearch.reporting.analysis.report_data import read
from dnnsearch.study.evaluation_log import EvaluationLog
from dnnsearch.study.stored_study import open_study
from tests.promotion.conftest import Promote


def test_the_champion_is_shown_by_the_networks_that_confirmed_it(
    promote: Promote, folder: Path
) -> None:
    storage = f"sqlite:///{folder}/optuna.db"
    study = open_study("clean", storage)
    data = read(study)
    assert networks_to_show(data, study, print).title.startswith("The best trial, number ")
    said = promote("clean")
    seen = networks_to_show(data, study, print)
    assert seen.title == f"The champion, of trial {said['trial']}"
    assert "4 networks that confirmed it, trained on train alone" in seen.reason
    (record,) = seen.records
    assert record.spec.train_examples == study.record(said["trial"]).spec.train_examples
    counts = confusion(data, seen.records)
    assert counts is not None
    confirmed = next(c for c in said["candidates"] if c["trial"] == said["trial"])["confirmed"]
    assert np.trace(counts) / counts.sum() == np.float64(confirmed)
    assert most_confidently_wrong(data, study, seen.records)
    assert len(EvaluationLog(study.rows).entries) == 1  # the report does not evaluate the test set


def test_without_the_confirmation_the_best_trial_is_shown_and_the_report_says_so(
    promote: Promote, folder: Path
) -> None:
    study = open_study("clean", f"sqlite:///{folder}/optuna.db")
    said = promote("clean")
    for path in memo(study).paths():
        path.unlink()
    assert confirmations(study, said["trial"]) == []
    seen = networks_to_show(read(study), study, print)
    assert seen.title.startswith("The best trial, number ")
    assert f"The champion, of trial {said['trial']}, was trained on this dev set" in seen.reason


def test_a_promoted_study_has_the_test_figure_of_its_champion(promote: Promote) -> None:
    made = promote("clean")
    found = dnnsearch.cite("clean")
    score = made["test"]["ensemble"]
    assert f"test_accuracy {score['value']:.4f} (95 %: {score['low']:.4f}" in found.text
    assert f"The champion, 4 networks of trial {made['trial']}" in found.text
    assert "test set opened once, by clean: this figure counts" in found.text
    assert f"where guessing has {made['test']['guess']:.4f}" in found.text
    assert found.document["figure"]["trial"] == made["trial"]
    assert f"{score['value']:.4f}" in found.markdown
