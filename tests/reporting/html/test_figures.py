"""What the plots of a report leave out, and their labels."""

from dataclasses import replace
from itertools import count
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dnnsearch.reporting.analysis.analyses import analyse
from dnnsearch.reporting.analysis.isolation_plot import isolation
from dnnsearch.reporting.analysis.report_data import read
from dnnsearch.reporting.html import figures
from dnnsearch.reporting.html.log_axis import written_out
from dnnsearch.reporting.html.sections import _hidden, plots
from dnnsearch.trials.hyperparameters import Hyperparameters
from tests.support import rigs


def test_every_interval_of_best_over_the_rest_is_whole_and_no_line_leaves_the_plot() -> None:
    rng = np.random.default_rng(2)
    trials = count()

    def first_is_poor(hyper: Hyperparameters, chance: np.random.Generator) -> rigs.Outcome:
        return rigs.Outcome(0.9 + 0.02 * chance.random() if next(trials) else 0.1)

    data = read(rigs.rigged(first_is_poor, rng, 40))
    poor = data.finished[-1]
    assert figures.hidden(data) == [poor]
    said = "; ".join(str(part) for part in plots(data, analyse(data, 0)))
    assert (
        "Trial 0 lies outside of the plots, far from the others; at the level of guessing; double"
    ) in said
    for axis in data.axes:
        groups = isolation(data, axis)
        figure = figures.best_over_rest(data, axis, [*groups, replace(groups[0], best=poor)])
        low, high = figure.layout.yaxis.range
        (trace,) = figure.data
        values, errors = np.array(trace.y), trace.error_y
        assert len(values) and poor.value not in values
        assert low < (values - errors.arrayminus).min()
        assert (values + errors.array).max() < high


@pytest.mark.parametrize(
    ("reach", "learnt"),
    [(0.0, ""), (0.15, "; at the level of guessing: 0, 1"), (0.5, "; at the level of guessing")],
)
def test_every_trial_outside_of_the_plots_is_named(reach: float, learnt: str) -> None:
    trials, values = count(), [0.1, 0.1, 0.3]

    def some_are_poor(hyper: Hyperparameters, chance: np.random.Generator) -> rigs.Outcome:
        number = next(trials)
        return rigs.Outcome(values[number] if number < 3 else 0.9 + 0.02 * chance.random())

    data = read(rigs.rigged(some_are_poor, np.random.default_rng(2), 40))
    chance: Any = SimpleNamespace(is_beaten_by=lambda value: value > reach)
    named = ", ".join(str(row.number) for row in figures.hidden(data))
    assert sorted(named) == sorted("0, 1, 2")
    assert _hidden(data, chance) == (
        f"Trials {named} lie outside of the plots, far from the others{learnt}; double-click to "
        "see all."
    )


@pytest.mark.parametrize(
    ("label", "shown"),
    [("1.79e+03", "1790"), ("2e+05", "200000"), ("1e+09", "1e+09"), ("0.01", "0.01"), ("a", "a")],
)
def test_a_label_has_no_power_of_ten_that_can_be_written_out(label: str, shown: str) -> None:
    assert written_out(label) == shown
