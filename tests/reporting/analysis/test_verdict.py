"""The sentences of the verdict: on what mattered, on the gain, and on the baselines."""

from dataclasses import replace

import numpy as np
import pytest

from dnnsearch.promotion.ablation.ablation import Ablation, Route
from dnnsearch.reporting.analysis.analyses import analyse
from dnnsearch.reporting.analysis.findings import findings
from dnnsearch.reporting.analysis.importance import Importance, Share
from dnnsearch.reporting.analysis.known_examples import KnownExamples
from dnnsearch.reporting.analysis.report_data import read
from dnnsearch.reporting.analysis.verdict import others, verdict, what_mattered
from dnnsearch.reporting.html.sections import leaderboard
from dnnsearch.statistics.interval import Interval
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.study.baselines.baselines_file import Baselines
from dnnsearch.trials.hyperparameters import Hyperparameters
from tests.support import rigs

EXPLAINED = "all hyperparameters together explain 60 % of the differences between finished trials"
TOGETHER = "--set split.equal_rows=together"
FIRST, LAST = (Hyperparameters(rate, 10, (8,), "relu", 0.9, 32) for rate in (0.1, 0.2))


def importance(**shares: tuple[float, float]) -> Importance:
    both = zip(*shares.values(), strict=True)
    named = [
        {name: Share(mean, Interval(mean, mean)) for name, mean in zip(shares, one, strict=True)}
        for one in both
    ]
    return Importance(50, *named, explained=0.9, missing=[])


@pytest.mark.parametrize(
    ("shares", "says"),
    [
        (
            {"depth": (0.95, 0.9), "rate": (0.05, 0.1)},
            f"Only depth mattered: {EXPLAINED}, depth 90 to 95 % of that.",
        ),
        (
            {"depth": (0.8, 0.75), "rate": (0.1, 0.25)},
            f"most is depth, then rate: {EXPLAINED}, depth 75 to 80 % of that, rate 10 to 25 %.",
        ),
        ({"depth": (0.78, 0.74), "rate": (0.06, 0.26)}, "trials, depth 74 to 78 % of that."),
        ({"depth": (0.9, 0.05), "rate": (0.05, 0.9)}, "The methods disagree"),
    ],
)
def test_a_hyperparameter_is_named_alone_only_if_no_other_one_counts(
    shares: dict, says: str
) -> None:
    assert says in what_mattered(replace(importance(**shares), explained=0.6))


def test_what_explains_little_is_told_so_that_it_agrees_with_the_warning_of_a_bound() -> None:
    little = replace(importance(depth=(0.5, 0.5)), explained=0.1)
    unclear = (
        "Which hyperparameters mattered is not clear: all hyperparameters together explain "
        "{} of the differences between finished trials"
    )
    assert what_mattered(little) == f"{unclear.format('10 %')}."
    assert what_mattered(replace(little, explained=-0.2)) == f"{unclear.format('none')}."
    assert what_mattered(little, ["batch_size"]) == (
        f"{unclear.format('10 %')}; but towards a bound of batch_size trials improve."
    )


def test_the_value_of_the_best_trial_is_called_optimistic_and_has_no_interval() -> None:
    rng = np.random.default_rng(0)
    data = read(rigs.rigged(rigs.clean(rng), rng, 10))
    found = verdict(data, analyse(data, 0), [])[0]
    assert f"{data.board.best.value:.4f}, which is optimistic because dev chose the trial" in found
    assert "95 %" not in found
    assert "Dev chose the best trial, so its value and its interval are" in leaderboard(
        data, analyse(data, 0)
    )


@pytest.mark.parametrize(
    ("tied", "every", "words"),
    [
        (39, 39, "any of the 39 others"),
        (3, 39, "3 others"),
        (1, 39, "1 other"),
        (1, 1, "the other one"),
    ],
)
def test_the_trials_that_are_tied_are_counted_in_words(tied: int, every: int, words: str) -> None:
    assert others(tied, every) == words


def test_without_a_warning_the_gain_in_the_search_is_not_taken_for_the_one_that_counts() -> None:
    rng = np.random.default_rng(0)
    data = read(rigs.rigged(rigs.clean(rng), rng, 60))
    analyses = analyse(data, 0)
    assert not list(findings(analyses))
    *_, last = verdict(data, analyses, [])
    assert last.startswith("No warning. Trial 0, with which the search started, has 0.")
    assert "the gain that counts is the one that promote measures" in last
    route = Route(7, is_champion=True, steps=[], path=[FIRST, LAST], without=[])
    scores = {
        hyper: ScoreSample(rng.normal(mean, 0.01, (2, 20)))
        for hyper, mean in ((FIRST, 0.5), (LAST, 0.9))
    }
    explained = Ablation("rig", "dev_accuracy", None, route, scores)
    *_, last = verdict(data, analyses, [], explained)
    assert "the best is 0." in last
    assert "; with fresh seeds the champion, trial 7, is 0." in last
    assert " better (95 %: 0." in last
    assert "promote measures" not in last


@pytest.mark.parametrize(
    ("distance", "said"),
    [
        (0.2, []),  # which is a warning
        (0.05, ["Boosted trees are as good as the best trial, whose value lies within the"]),
        (-0.05, ["The best trial and boosted trees are not distinguishable: the best trial's"]),
        (-0.2, ["The best trial is better than boosted trees: its value lies outside of the 95 %"]),
    ],
)
def test_the_best_trial_is_compared_with_the_best_baseline(
    distance: float, said: list[str]
) -> None:
    rng = np.random.default_rng(0)
    data = read(rigs.rigged(rigs.clean(rng), rng, 10))
    value = (data.board.best.value or 0.0) + distance
    trees = {"value": value, "low": value - 0.1, "high": value + 0.1}
    figures = {"guess": {"dev_accuracy": {"value": 0.1}}, "trees": {"dev_accuracy": trees}}
    data = replace(data, baselines=Baselines(figures))
    analyses = analyse(data, 0)
    _, _, *compared, _ = verdict(data, analyses, list(findings(analyses)))
    assert len(compared) == len(said)
    assert all(one.startswith(begin) for one, begin in zip(compared, said, strict=True))


@pytest.mark.parametrize(
    ("known", "advice"),
    [
        (KnownExamples(9, 50, 0, 50, test_is_a_file=False), TOGETHER),
        (KnownExamples(9, 50, 9, 50, test_is_a_file=True), TOGETHER),
        (KnownExamples(0, 50, 9, 50, test_is_a_file=False), TOGETHER),
        (KnownExamples(0, 50, 9, 50, test_is_a_file=True), ""),
    ],
)
def test_no_split_is_advised_for_rows_that_two_files_have_in_common(
    known: KnownExamples, advice: str
) -> None:
    rng = np.random.default_rng(0)
    analyses = analyse(read(rigs.rigged(rigs.clean(rng), rng, 10)), 0)
    (found,) = findings(replace(analyses, known=known), "dnnsearch search a.yaml")
    assert found.command.removeprefix("dnnsearch search a.yaml ") == advice
    assert ("one of the two files" in found.advice) == (not advice)
