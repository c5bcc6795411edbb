"""What a report shows of a champion: never networks that were trained on the shown examples."""

from pathlib import Path

import numpy as np

from dnnsearch.promotion.candidates import confirmations, memo
from dnnsearch.promotion.evaluation_log import EvaluationLog
from dnnsearch.reporting.analysis.champion_trial import confusion, shown, worst
from dnnsearch.reporting.analysis.report_data import read
from dnnsearch.study.stored_study import open_study
from tests.promotion.conftest import Promote


def test_the_champion_is_shown_by_the_networks_that_confirmed_it(
    promote: Promote, folder: Path
) -> None:
    storage = f"sqlite:///{folder}/optuna.db"
    study = open_study("clean", storage)
    material = read(study)
    assert shown(material, study, print).who.startswith("The best trial, number ")
    said = promote("clean")
    seen = shown(material, study, print)
    assert seen.who == f"The champion, of trial {said['trial']}"
    assert "4 networks that confirmed it, trained on train alone" in seen.why
    (record,) = seen.records
    assert record.spec.train_examples == study.record(said["trial"]).spec.train_examples
    counts = confusion(material, seen.records)
    assert counts is not None
    confirmed = next(c for c in said["candidates"] if c["trial"] == said["trial"])["confirmed"]
    assert np.trace(counts) / counts.sum() == np.float64(confirmed)
    assert worst(material, study, seen.records)
    assert len(EvaluationLog(study.rows).entries) == 1  # the page has not looked at the test set


def test_without_its_confirmation_the_best_trial_is_shown_with_the_reason(
    promote: Promote, folder: Path
) -> None:
    study = open_study("clean", f"sqlite:///{folder}/optuna.db")
    said = promote("clean")
    for path in memo(study).paths():
        path.unlink()
    assert confirmations(study, said["trial"]) == []
    seen = shown(read(study), study, print)
    assert seen.who.startswith("The best trial, number ")
    assert f"The champion, of trial {said['trial']}, has learnt this dev set" in seen.why
