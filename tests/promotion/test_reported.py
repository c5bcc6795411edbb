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
from dnnsearch.statistics.interval import score_text
from dnnsearch.study.evaluation_log import EvaluationLog
from dnnsearch.study.leaderboard.ranking import leaderboard
from dnnsearch.study.stored_study import open_study
from tests.promotion.conftest import Promote
from tests.support.preloaded import Preloaded


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
    assert leaderboard(study).champion == said["trial"]
    assert len(EvaluationLog(study.rows).entries) == 1  # the report does not evaluate the test set


BETTER_BASELINES = """
import sys
if module := sys.modules.get("dnnsearch.promotion.baselines_on_test"):
    real = module._scores
    def better(*arguments):
        found = real(*arguments)
        found["linear"]["dev_accuracy"] |= {"value": 0.999, "low": 0.998, "high": 1.0}
        found["trees"]["dev_accuracy"] |= {"value": 0.998, "low": 0.5, "high": 0.999}
        return found
    module._scores = better
"""


def test_a_promotion_and_its_report_say_which_baselines_are_better_than_the_champion(
    program: Preloaded, promote: Promote, folder: Path
) -> None:
    said = promote("clean", planted=BETTER_BASELINES)
    assert said["champion"]
    apart = (
        "a linear model is better than the ensemble, by test_accuracy; their 95 % intervals do not "
        "overlap, so this is hardly chance"
    )
    alike = (
        "boosted trees have the better test_accuracy, but not beyond chance: the 95 % intervals "
        "overlap"
    )
    notes = [line for line in said["lines"] if line.startswith("  note: ")]
    assert notes == [f"  note: {apart}", f"  note: {alike}"]
    program.run(folder, "report", "clean", "--out", "report.html")
    page = (folder / "report.html").read_text()
    first = page[page.index("<section>") : page.index("</section>")]
    for sentence in (apart, alike):
        assert f"{sentence[:1].upper()}{sentence[1:]}." in first


def test_the_report_after_a_promotion_begins_with_the_test_figure(
    program: Preloaded, promote: Promote, folder: Path
) -> None:
    program.run(folder, "report", "clean", "--out", "before.html")
    before = (folder / "before.html").read_text()
    assert "On the test set" not in before
    assert ">champion</abbr>" not in before and "dnnsearch predict clean" not in before
    said = promote("clean")
    program.run(folder, "report", "clean", "--out", "after.html")
    page = (folder / "after.html").read_text()
    first = page[page.index("<section>") : page.index("</section>")]
    assert "<h2>On the test set</h2>" in first
    shown = [said["test"]["ensemble"], said["test"]["single"]]
    shown += [figures["dev_accuracy"] for figures in said["baselines"].values()]
    shown += [figures["dev_roc_auc"] for figures in (said["metrics"], *said["baselines"].values())]
    shown += said["single_metrics"].values()
    assert set(said["single_metrics"]) == set(said["metrics"]) > {"dev_accuracy", "dev_cost"}
    for figure in shown:
        assert score_text(figure) in first
    assert f"{said['test']['guess']:.4f}" in first
    for name in said["metrics"]:  # a row each: columns of many metrics would not fit the page
        assert f"<tr><td>{name.removeprefix('dev_')}</td>" in first
    assert "The figure of the champion" in first
    assert "<h2>In the search</h2>" in page
    assert "dnnsearch promote clean" in page and "dnnsearch predict clean ROWS.csv" in page
    (marked,) = [row for row in page.split("<tr>") if ">champion</abbr>" in row]
    assert f'<data value="{said["trial"]}">' in marked
    assert page.count("more data, weight_decay or dropout") <= 1  # once for all trials
    assert "Test set opened once, by clean: this figure counts." in first
    assert "The matrix counts 400 answers: those of 4 networks, each to 100 examples." in page


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


def test_a_promoted_study_has_the_test_figure_of_its_champion(promoted: dict) -> None:
    made = promoted
    found = dnnsearch.cite("clean")
    score = made["test"]["ensemble"]
    assert f"test_accuracy {score['value']:.4f} (95 %: {score['low']:.4f}" in found.text
    assert f"The champion, 4 networks of trial {made['trial']}" in found.text
    assert "test set opened once, by clean: this figure counts" in found.text
    assert f"where guessing has {made['test']['guess']:.4f}" in found.text
    assert found.document["figure"]["trial"] == made["trial"]
    assert f"{score['value']:.4f}" in found.markdown
