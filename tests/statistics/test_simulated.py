"""Comparisons of simulated networks, of every objective: whatever is drawn, the leader is tied."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from dnnsearch.statistics.difference_to_best import Comparison
from dnnsearch.statistics.example_scores import contributions
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.trials.spec import OBJECTIVES

CANDIDATES, REPLICATES, EXAMPLES, FOLDS = 5, 3, 12, 2
REGRESSIONS = ("dev_r2", "dev_rmse")


def measured(objective: str, folds: int | None, rng: np.random.Generator) -> list[ScoreSample]:
    """Candidates that differ little in how good they are, by more or less in their seeds."""
    output = "identity" if objective in REGRESSIONS else "sigmoid"
    sets = folds or 1
    y = np.stack([rng.permutation(np.arange(EXAMPLES) % 2) for _ in range(sets)])
    if output == "identity":
        y = y + rng.standard_normal(y.shape)
    hard, spread = rng.standard_normal(y.shape), rng.choice([0.0, 0.3, 3.0])
    found = []
    for _ in range(CANDIDATES):
        noise = hard + spread * rng.standard_normal((REPLICATES, *y.shape))
        logits = 2.0 * y - 1.0 + noise + rng.normal(0.0, 0.1)
        rows = [_row(objective, output, Z, y, folds) for Z in logits]
        found.append(ScoreSample(np.concatenate(rows), is_share=objective == "dev_accuracy"))
    return found


def _row(
    objective: str, output: str, Z: np.ndarray, y: np.ndarray, folds: int | None
) -> np.ndarray:
    """(1, examples) of one seed: of its network, or of those of all folds."""
    return contributions(objective, output, Z[:, np.newaxis], y if folds else y[0]).reshape(1, -1)


def contests(objective: str, folds: int | None, draws: int) -> Iterator[Comparison]:
    for draw in range(draws):
        found = measured(objective, folds, np.random.default_rng([draw, folds or 1]))
        yield Comparison(found, maximize=OBJECTIVES[objective] == "maximize")


@pytest.mark.parametrize("folds", [None, FOLDS])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_leader_is_tied_and_every_figure_is_a_number(objective: str, folds: int | None) -> None:
    for contest in contests(objective, folds, draws=100):
        best, everyone = contest.leader, range(CANDIDATES)
        assert best in contest.tied
        assert all(math.isfinite(one.interval.high) for one in contest.candidates)
        found = [contest.difference_to_best(k) for k in everyone]
        found += [contest.difference(best, k) for k in everyone]
        assert all(math.isfinite(one.low) and math.isfinite(one.high) for one in found)
        worse = [found[k] for k in everyone if k not in contest.tied]
        assert all(one.low < 0 == one.high for one in worse)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_leader_and_its_double_are_tied(objective: str) -> None:
    for contest in contests(objective, None, draws=20):
        double = replace(contest.candidates[contest.leader])
        doubled = Comparison([*contest.candidates, double], contest.maximize)
        assert {contest.leader, CANDIDATES} <= set(doubled.tied)
