"""How intervals are written."""

import pytest

from dnnsearch.statistics.interval import Interval, signed_range


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (-0.0597, 0.0, "-0.0597 to 0"),
        (-0.0597, -0.0, "-0.0597 to 0"),
        (-0.0597, 0.00003, "-0.0597 to +3e-05"),
        (-0.00004, 0.01, "-4e-05 to +0.0100"),
        (0.0, 0.0, "0 to 0"),
    ],
)
def test_an_end_is_called_0_only_if_it_is(low: float, high: float, said: str) -> None:
    assert signed_range(Interval(low, high)) == said
