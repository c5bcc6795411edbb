"""The 95 % interval of a procedure's score, from the scores of K outer folds.

The K scores are not independent, since any two training sets share most of their rows. So the
variance of their mean is larger than s^2 / K. Nadeau and Bengio (2003, "Inference for the
generalization error") correct it by the ratio of test rows to training rows, which is 1 / (K - 1):

    mean +- t(K - 1) s sqrt(1/K + 1/(K - 1))

where s is the standard deviation of the K scores. It covers the choice of the rows, of the seeds
and of the configuration, which are drawn anew in each fold. K scores that happen to be equal say
little, so the interval of a share is never smaller than Wilson's (1927) of all rows.
experiments/nested_intervals.md shows how often the interval is right.
"""

import math
import statistics
from collections.abc import Sequence

from dnnsearch.statistics.interval import Interval, t_interval, wilson

SOURCE = "Nadeau and Bengio 2003"


def pooled(scores: Sequence[float], rows: Sequence[int]) -> float:
    """Return the mean score over all rows: each fold counts by the number of its rows."""
    return math.fsum(s * n for s, n in zip(scores, rows, strict=True)) / sum(rows)


def fold_interval(scores: Sequence[float], rows: Sequence[int], is_share: bool) -> Interval:
    """Return the 95 % interval of the procedure's expected score; there are two folds or more."""
    folds, mean = len(scores), pooled(scores, rows)
    error = statistics.stdev(scores) * math.sqrt(1 / folds + 1 / (folds - 1))
    found = t_interval(mean, error, folds - 1)
    if not is_share:
        return found
    least = wilson(mean, sum(rows))
    return Interval(max(min(found.low, least.low), 0.0), min(max(found.high, least.high), 1.0))
