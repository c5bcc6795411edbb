"""The sentence of the verdict on what mattered, for given importances."""

import pytest

from dnnsearch.reporting.analysis.importance import Importance, Share
from dnnsearch.reporting.analysis.verdict import others, what_mattered
from dnnsearch.statistics.interval import Interval


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
            "Only depth mattered: it explains 90 to 95 %",
        ),
        ({"depth": (0.8, 0.75), "rate": (0.1, 0.25)}, "depth (75 to 80 %), then rate (10 to 25 %)"),
        ({"depth": (0.78, 0.74), "rate": (0.06, 0.26)}, "most is depth (74 to 78 %) of the"),
        ({"depth": (0.9, 0.05), "rate": (0.05, 0.9)}, "The methods disagree"),
    ],
)
def test_a_hyperparameter_is_named_alone_only_if_no_other_one_counts(
    shares: dict, says: str
) -> None:
    assert says in what_mattered(importance(**shares))


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
