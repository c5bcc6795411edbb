"""The warning about a baseline that beats the best trial, in words that fit its name."""

from dataclasses import replace

import numpy as np
import pytest

from dnnsearch.reporting.analysis.baseline_comparison import (
    BaselineComparison,
    baseline_comparison,
)
from dnnsearch.reporting.analysis.findings import _baselines
from dnnsearch.reporting.analysis.report_data import read
from dnnsearch.reporting.html.baselines_section import baselines
from dnnsearch.study.baselines.baselines_file import Baselines
from tests.support import rigs


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("linear model", "the linear model reaches 0.9100 without a network"),
        ("boosted trees", "the boosted trees reach 0.9100 without a network"),
    ],
)
def test_the_verb_fits_the_baseline(title: str, words: str) -> None:
    compared = BaselineComparison("dev_accuracy", 0.9, 0.5, None, [(title, 0.91)])
    (found,) = _baselines(compared)
    assert words in found.text


@pytest.mark.parametrize(("distance", "is_warned"), [(0.01, False), (0.2, True)])
def test_a_baseline_is_a_warning_only_beyond_its_interval(distance: float, is_warned: bool) -> None:
    rng = np.random.default_rng(0)
    data = read(rigs.rigged(rigs.clean(rng), rng, 10))
    value = (data.board.best.value or 0.0) + distance
    linear = {"value": value, "low": value - 0.1, "high": value + 0.1}
    figures = {"guess": {"dev_accuracy": {"value": 0.1}}, "linear": {"dev_accuracy": linear}}
    found = baseline_comparison(replace(data, baselines=Baselines(figures)))
    assert (
        found is not None and [title for title, _ in found.better] == ["linear model"] * is_warned
    )
    section = str(baselines(replace(data, baselines=Baselines(figures))))
    assert ("is as good as the best trial, whose value lies" in section) is not is_warned
