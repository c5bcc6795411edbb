"""Tables of `promote`, `promote --outer`, `why` and `compare` fit the width of a terminal."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from dnnsearch.promotion.ablation import ablation_text
from dnnsearch.promotion.ablation.ablation import Ablation, Route
from dnnsearch.promotion.ablation.changes import along, changes
from dnnsearch.promotion.candidates import Candidate
from dnnsearch.promotion.comparison import comparison_text
from dnnsearch.promotion.comparison.compare_studies import Entrant, StudyComparison
from dnnsearch.promotion.nested import nested_text
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.study.outer_figure import OuterFigure, OuterFold
from dnnsearch.trials.hyperparameters import Hyperparameters

START = Hyperparameters(0.1, 1000, (8,), "relu", 0.9, 32)
END = Hyperparameters(0.0123, 4000, (64, 64, 32), "tanh", 0.95, 128, schedule="cosine")
RNG = np.random.default_rng(0)


def sample(mean: float) -> ScoreSample:
    return ScoreSample(mean + 0.1 * RNG.standard_normal((4, 50)))


def outer(width: int | None) -> list[str]:
    params = replace(END, units=(64,) * 9).as_params()
    folds = [OuterFold(k, params, 0.9 + k / 100, 0.5, 240) for k in range(3)]
    return nested_text.lines(OuterFigure("dev_accuracy", 40, folds), width)


def why(width: int | None) -> list[str]:
    steps = changes(START, END)
    path, without = along(START, steps), [one.undone(END) for one in steps]
    route = Route(7, True, steps, path, without)
    scores = {hyper: sample(k / 50) for k, hyper in enumerate(route.configurations)}
    assert route.names[0] == "trial 0"
    assert route.names[len(steps)] == "trial 7"
    assert route.names[1] == f"trial 0 with 1 of {len(steps)} changes"
    assert f"trial 7 without its {steps[0].names[0]}" in " ".join(route.names)
    return ablation_text.lines(Ablation("s", "dev_r2", None, route, scores), width)


def compare(width: int | None) -> list[str]:
    names = {"a-long-name": "dev_r2", "a-longer-name-yet": "dev_r2"}
    entrants = [
        Entrant(name, Candidate(k, 0.9, END, 10**6), sample(k / 50))
        for name in names
        for k in range(2)
    ]
    return comparison_text.lines(StudyComparison("dev_r2", names, None, entrants, [], {}), width)


@pytest.mark.parametrize("width", [80, 100, 120])
@pytest.mark.parametrize("text", [outer, why, compare])
def test_no_table_is_wider_than_the_terminal_and_no_word_is_cut(
    text: Callable[[int | None], list[str]], width: int
) -> None:
    RNG.bit_generator.state = np.random.default_rng(0).bit_generator.state
    whole = text(None)
    RNG.bit_generator.state = np.random.default_rng(0).bit_generator.state
    fitted = text(width)
    notes = set(whole) & set(fitted)  # `say` wraps what is no table
    table = [line for line in fitted if line not in notes]
    assert all(len(line) <= width for line in table)
    words = " ".join(line for line in whole if line not in notes).split()
    assert sorted(" ".join(table).split()) == sorted(words)
    assert any(len(line) > 80 for line in whole if line not in notes) or not table
