"""What the plots of a report leave out, and their labels."""

from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from dnnsearch.reporting.analysis.analyses import analyse
from dnnsearch.reporting.analysis.isolation_plot import isolation
from dnnsearch.reporting.analysis.report_data import read
from dnnsearch.reporting.html import figures
from dnnsearch.reporting.html.log_axis import written_out
from dnnsearch.reporting.html.sections import plots
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
        "Trial 0 (at the level of guessing) lies outside of the plots, far from the others; "
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
    ("label", "shown"),
    [("1.79e+03", "1790"), ("2e+05", "200000"), ("1e+09", "1e+09"), ("0.01", "0.01"), ("a", "a")],
)
def test_a_label_has_no_power_of_ten_that_can_be_written_out(label: str, shown: str) -> None:
    assert written_out(label) == shown
