"""Comparisons of simulated networks, of every objective: whatever is drawn, the leader is tied."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from dnnsearch.statistics.difference_to_best import Comparison
from dnnsearch.statistics.example_scores import contributions
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.trials.metrics import METRICS

CANDIDATES, REPLICATES, EXAMPLES, FOLDS = 5, 3, 12, 2


def measured(objective: str, folds: int | None, rng: np.random.Generator) -> list[ScoreSample]:
    """Candidates that differ little in how good they are, by more or less in their seeds."""
    output = METRICS[objective].outputs[0]
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
        found.append(ScoreSample(np.concatenate(rows), is_share=METRICS[objective].is_share))
    return found


def _row(
    objective: str, output: str, Z: np.ndarray, y: np.ndarray, folds: int | None
) -> np.ndarray:
    """(1, examples) of one seed: of its network, or of those of all folds."""
    return contributions(objective, output, Z[:, np.newaxis], y if folds else y[0]).reshape(1, -1)


def comparisons(objective: str, folds: int | None, draws: int) -> Iterator[Comparison]:
    for draw in range(draws):
        found = measured(objective, folds, np.random.default_rng([draw, folds or 1]))
        yield Comparison(found, maximize=METRICS[objective].direction.maximize)


@pytest.mark.parametrize("draws", [25, pytest.param(100, marks=pytest.mark.proof)])
@pytest.mark.parametrize("folds", [None, FOLDS])
@pytest.mark.parametrize("objective", METRICS)
def test_the_leader_is_tied_and_every_figure_is_a_number(
    objective: str, folds: int | None, draws: int
) -> None:
    for comparison in comparisons(objective, folds, draws):
        best, everyone = comparison.leader, range(CANDIDATES)
        assert best in comparison.tied
        assert all(math.isfinite(one.interval.high) for one in comparison.candidates)
        found = [comparison.difference_to_best(k) for k in everyone]
        found += [comparison.difference(best, k) for k in everyone]
        assert all(math.isfinite(one.low) and math.isfinite(one.high) for one in found)
        worse = [found[k] for k in everyone if k not in comparison.tied]
        assert all(one.low < 0 == one.high for one in worse)


@pytest.mark.parametrize("objective", METRICS)
def test_the_leader_and_its_double_are_tied(objective: str) -> None:
    for comparison in comparisons(objective, None, draws=20):
        double = replace(comparison.candidates[comparison.leader])
        doubled = Comparison([*comparison.candidates, double], comparison.maximize)
        assert {comparison.leader, CANDIDATES} <= set(doubled.tied)
