"""Whole numbers beside the axes of plotly."""

import math
import re
from collections.abc import Sequence
from typing import Any

MAX_LOG_TICKS = 6
MAX_WRITTEN_OUT = 1e6  # larger numbers keep their power of ten


def tick(axis: Any, values: Sequence[float]) -> None:
    """Write whole numbers beside a logarithmic axis of plotly, not the digits of each decade."""
    ticks = log_ticks(min(values, default=1.0), max(values, default=10.0))
    axis.update(tickmode="array", tickvals=ticks, ticktext=[f"{x:g}" for x in ticks])


def log_ticks(low: float, high: float) -> list[float]:
    """Return at most 6 round numbers from `low` to `high`, both above 0; both if none is between.

    They are powers of ten, and with them 2 and 5, or 3, times powers of ten, if there is room.
    """
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1, 2, 3, 4, 5, 6, 8), (1, 2, 5), (1, 3), (1,)):
        found = [d * 10.0**k for k in decades for d in digits if low <= d * 10.0**k <= high]
        if len(found) <= MAX_LOG_TICKS:
            break
    found = found[:: max(math.ceil(len(found) / MAX_LOG_TICKS), 1)]
    return [float(f"{x:.3g}") for x in (found if len(found) > 1 else (low, high))]


def written_out(label: str) -> str:
    """Return a label such as `1.79e+03` as `1790`; others, and very large numbers, as they are."""
    is_large = re.fullmatch(r"-?\d(\.\d+)?e\+\d+", label)
    if not is_large or abs(float(label)) >= MAX_WRITTEN_OUT:
        return label
    return f"{float(label):.0f}"
