"""The report on a study with folds, and on a regression."""

import numpy as np
import pandas as pd

from dnnsearch.reporting.analysis.analyses import analyse
from dnnsearch.reporting.analysis.report_data import read
from dnnsearch.reporting.analysis.ties import indistinct, tie_meaning
from dnnsearch.reporting.citation import cite
from dnnsearch.reporting.html.sections import curves
from dnnsearch.reporting.html.sections import leaderboard as leaderboard_section
from dnnsearch.reporting.terminal import with_ties
from dnnsearch.statistics.interval import wilson
from dnnsearch.study.leaderboard.ranking import binomial_error, leaderboard
from tests.reporting.conftest import Searched


def test_the_interval_of_an_accuracy_over_folds_counts_all_their_examples(
    searched: Searched,
) -> None:
    study = searched("data: wine\nfolds: 3\n")
    best, predictions = leaderboard(study).best, study.record(0).arrays["dev_predictions"]
    assert predictions.shape[0] == 3
    assert best.value is not None
    assert best.error == binomial_error(best.value, predictions.size)
    assert read(study).interval(best) == wilson(best.value, predictions.size)
    data = read(study)
    assert data.interval_covers(best) == "the interval covers the dev rows, not new seeds"
    assert tie_meaning(data).endswith("which cover the dev examples of all folds, not new seeds")
    assert indistinct(data) == "this dev set"


def test_a_regression_has_no_plot_of_accuracies(searched: Searched) -> None:
    x = np.random.default_rng(0).standard_normal((90, 2))
    pd.DataFrame({"x": x[:, 0], "y": x.sum(axis=1)}).to_csv("t.csv", index=False)
    study = searched("data: {file: t.csv, target: y}\nfolds: 3\nobjective: dev_r2\n")
    data = read(study)
    section = str(curves(data))
    assert "cost of the best 2 trials" in section
    assert "accuracy" not in section
    assert "Bias is the train error" not in section
    ties = "which cover the 3 folds of a trial alone, not the dev examples"
    assert tie_meaning(data).endswith(ties) and with_ties(study).tie_meaning.endswith(ties)
    assert indistinct(data) == "its 3 folds"
    assert ties in str(leaderboard_section(data, analyse(data, draws=0)))
    interval = data.interval(leaderboard(study).best)
    assert interval is not None
    assert interval.high <= 1
    assert cite(study)["sentences"][1].count("covers the 3 folds alone, not new rows)") == 1
