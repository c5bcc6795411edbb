"""The warning about a baseline that beats the best trial, in words that fit its name."""

import pytest

from dnnsearch.reporting.analysis.baseline_comparison import BaselineComparison
from dnnsearch.reporting.analysis.findings import _baselines


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
