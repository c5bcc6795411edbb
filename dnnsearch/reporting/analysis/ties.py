"""Which trials cannot be distinguished from the best one on this dev set."""

import math
from itertools import takewhile

import numpy as np

from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.statistics.interval import LEVEL, NORMAL_QUANTILE_95
from dnnsearch.study.leaderboard.ranking import Row

MAX_COUNTED_EXAMPLES = 10_000  # integers are fast enough up to here, and SciPy takes long to import


def ties(data: ReportData) -> list[int]:
    """Return the numbers of the finished trials that are tied with the best, without the best."""
    rows = data.finished
    near = takewhile(lambda row: may_be_tied(data, rows[0], row), rows[1:])
    return [row.number for row in near if tied(data, rows[0], row)]


def may_be_tied(data: ReportData, best: Row, row: Row) -> bool:
    """Return False if neither this row nor a worse one can be tied; this saves reading records.

    McNemar's p-value is largest if the row is right on all examples that the best gets wrong.
    """
    if paired(data, best.number, best.number) is None:
        return True
    right = _right(data, best.number)
    wrong = int((~right).sum())
    behind = round(((best.value or 0.0) - (row.value or 0.0)) * right.size)
    return exact(wrong + behind, wrong) > LEVEL


def tied(data: ReportData, a: Row, b: Row) -> bool:
    """Return whether the difference of two trials' values is not significant.

    Single networks are compared example by example (McNemar's exact test), others by their standard
    errors. Values without a standard error are tied only if they are equal.
    """
    p = paired(data, a.number, b.number)
    if p is not None:
        return p > LEVEL
    error = math.hypot(a.error or 0.0, b.error or 0.0)
    return abs((a.value or 0.0) - (b.value or 0.0)) <= NORMAL_QUANTILE_95 * error


def tie_meaning(data: ReportData) -> str:
    """Return what a tie of this study is, in words, by what `tied` computes; empty without trials.

    `show` and the report say it in these words.
    """
    if not data.finished:
        return ""
    best = data.finished[0]
    if paired(data, best.number, best.number) is not None:
        return (
            "a tie is not distinguishable from the best by McNemar's test on the dev examples, "
            "which does not cover new seeds"
        )
    if best.error is None:
        return f"a tie has the best's value, because one network's {data.objective} has no error"
    far = f"{NORMAL_QUANTILE_95:.2f} standard errors of the difference"
    return f"a tie is within {far} from the best, which cover {covered_by_error(data, best)}"


def indistinct(data: ReportData) -> str:
    """Return what cannot distinguish a tie from the best: its seeds or folds, or the dev set."""
    best = data.finished[0]
    is_by_example = paired(data, best.number, best.number) is not None
    if is_by_example or best.error is None or best.examples:
        return "this dev set"
    return f"its {len(best.values)} {'folds' if data.config.folds else 'seeds'}"


def covered_by_error(data: ReportData, row: Row) -> str:
    """Return what the standard error of a trial covers, and what it does not."""
    folds, count = data.config.folds, len(row.values)
    if row.examples:
        seeds = "not new seeds" if folds or count < 2 else f"and its {count} seeds"
        return f"the dev examples{' of all folds' if folds else ''}, {seeds}"
    return f"the {count} {'folds' if folds else 'seeds'} of a trial alone, not the dev examples"


def paired(data: ReportData, a: int, b: int) -> float | None:
    """Return McNemar's p-value for two trials; None if they cannot be compared by example."""
    if data.dev is None or data.objective != "dev_accuracy":
        return None
    right = [_right(data, number) for number in (a, b)]
    if any(len(one) != 1 for one in right):
        return None
    return mcnemar(right[0][0], right[1][0])


def _right(data: ReportData, number: int) -> np.ndarray:
    """(R, m), with folds (K, m): whether each network is right on each example."""
    assert data.dev is not None
    return np.asarray(data.trial_curves[number].predictions == data.dev.labels)


def mcnemar(a: np.ndarray, b: np.ndarray) -> float:
    """Return the p-value of McNemar's exact two-sided test; a, b: (m,), True where right."""
    return exact(int((a & ~b).sum()), int((~a & b).sum()))


def exact(only_one: int, only_other: int) -> float:
    """Return the two-sided binomial p-value for the numbers of examples only one gets right."""
    fewer, either = min(only_one, only_other), only_one + only_other
    if either > MAX_COUNTED_EXAMPLES:
        from scipy.special import bdtr

        return float(min(1.0, 2 * bdtr(fewer, either, 0.5)))
    ways = total = 1  # to choose none of them; then those to choose at most `fewer`
    for chosen in range(fewer):
        ways = ways * (either - chosen) // (chosen + 1)
        total += ways
    return min(1.0, float(2 * total / 2**either))
