"""What `why` says of made-up scores: which changes are clear, and whether more seeds may help."""

import numpy as np
import pytest

from dnnsearch.promotion.ablation.ablation import Ablation, Route
from dnnsearch.promotion.ablation.ablation_text import NONE_CLEAR, lines, more_seeds, verdict
from dnnsearch.promotion.ablation.changes import along, changes
from dnnsearch.reporting.html.ablation_section import ablation_section
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.trials.hyperparameters import Hyperparameters


def ablation(gain: float, replicates: int, folds: int | None) -> Ablation:
    """Of one change, with a standard error of about 0.3."""
    first, last = (Hyperparameters(rate, 10, (8,), "relu", 0.9, 32) for rate in (0.1, 0.2))
    steps = changes(first, last)
    route = Route(3, True, steps, along(first, steps), [first])
    rng = np.random.default_rng(0)
    scores = {
        hyper: ScoreSample(mean + rng.standard_normal((replicates, 20)))
        for hyper, mean in ((first, 0.0), (last, gain))
    }
    return Ablation("s", "dev_r2", folds, route, scores)


@pytest.mark.parametrize(
    ("gain", "replicates", "folds", "said"),
    [
        (9.0, 16, None, ""),
        (0.0, 16, None, "more seeds narrow the intervals as far as seeds are the cause: @32"),
        (9.0, 2, 5, "with 2 cross-validations the width of each interval is luck, too; more s@20"),
        (0.0, 4, 5, "more seeds narrow the intervals as far as seeds are the cause: @40"),
        (0.0, 600, None, ""),  # the command takes no more than 1000
    ],
)
def test_more_seeds_are_advised_if_there_were_few_or_nothing_is_clear(
    gain: float, replicates: int, folds: int | None, said: str
) -> None:
    found = ablation(gain, replicates, folds)
    assert (verdict(found) == NONE_CLEAR) == (gain == 0)
    begin, _, number = said.partition("@")
    advised = more_seeds(found, "dnnsearch")
    assert len(advised) == bool(said)
    for one in advised:
        assert one.startswith(begin)
        assert one.endswith(f": dnnsearch why s --replicates {number}")
        assert one.partition(";")[0] in " ".join(lines(found))
        assert one[1:] in ablation_section(found)


def test_seeds_are_called_cross_validations_in_the_report_too() -> None:
    assert "All have the same 2 cross-validations" in ablation_section(ablation(9.0, 2, 5))
    assert "All have the same 4 fresh seeds" in ablation_section(ablation(9.0, 4, None))
