"""The learning rate over time: a factor of alpha for each update.

`SCHEDULES` is the table. A schedule is a function of how much of the planned training is done, from
0 to 1; an update looks at the middle of its own share, so no update has the factor 0.
"""

import math
from collections.abc import Callable

from dnnsearch.nn.arithmetic import FAST, Arithmetic

SCHEDULES: dict[str, Callable[..., float]] = {
    "constant": lambda done, by=FAST: 1.0,
    # Loshchilov and Hutter 2017, equation 5, without restarts
    "cosine": lambda done, by=FAST: 0.5 * (1 + by.cos(math.pi * done)),
    # four waves of growing length; Holzmueller et al. 2024 (RealMLP), coslog_4
    "coslog": lambda done, by=FAST: 0.5 * (1 - by.cos(2 * math.pi * by.log2(1 + 15 * done))),
}
DECAYING = ("cosine", "coslog")  # whose rate depends on the number of planned updates


def factor(
    schedule: str, warmup: float, t: int, updates: int, arithmetic: Arithmetic = FAST
) -> float:
    """Return what alpha is multiplied by in update t of 1, ..., updates.

    During the first `warmup` of the updates it rises linearly to the schedule's factor.
    """
    rising = min(1.0, t / (warmup * updates)) if warmup else 1.0
    return rising * SCHEDULES[schedule]((t - 0.5) / updates, arithmetic)
