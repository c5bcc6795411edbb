"""Intervals and sets of labels for single rows, from scores of rows that no network has learnt.

A score says how wrong an answer was. If new rows are like those that were scored, the score of a
new row is at most the k-th smallest of n with probability k / (n + 1) (split conformal prediction:
Vovk, Gammerman and Shafer 2005; Lei et al. 2018). So all answers with such a score are in the
interval or the set.

- A regression's score is |y - value| / sqrt(noise^2 + spread^2): the residual in units of what is
  expected at this row. `spread` is the standard deviation of the ensemble's networks there, `noise`
  what the spread does not explain of the residuals (normalised scores: Papadopoulos et al. 2002).
- A label's score is 1 - its probability: the least ambiguous sets (LAC: Sadinle, Lei and Wasserman
  2019). The label that is answered is in the set in any case.
"""

import math
from dataclasses import dataclass

import numpy as np

MAX_SCORES = 10_000  # more are drawn from, which leaves the probabilities as they are


@dataclass(frozen=True)
class Conformal:
    """The scores of n rows, ascending, and a regression's noise in the unit of its target."""

    scores: np.ndarray  # (n,) float64
    noise: float = 0.0

    def limit(self, level: float) -> float:
        """Return the largest score inside of an interval; raise ValueError for too few scores."""
        n = len(self.scores)
        k = math.ceil(round((n + 1) * level, 9))
        if k > n:
            needed = math.ceil(round(level / (1 - level), 9))
            rule = f"an interval of {level:g} needs the scores of {needed} rows"
            raise ValueError(f"{rule}, but the model has those of {n}")
        return float(self.scores[k - 1])

    def half_widths(self, spread: np.ndarray, level: float) -> np.ndarray:
        """Return half the width of each interval, (m,), for the ensemble's spread (m,)."""
        return np.asarray(self.limit(level) * np.hypot(self.noise, spread))

    def sets(self, chances: np.ndarray, answers: np.ndarray, level: float) -> np.ndarray:
        """Return (m, classes): which labels are in each row's set.

        `chances` are the probabilities (m, classes), `answers` the places of the answers (m,).
        """
        inside = 1.0 - chances <= self.limit(level)
        inside[np.arange(len(inside)), answers] = True
        return np.asarray(inside)


def of_residuals(residuals: np.ndarray, spread: np.ndarray) -> Conformal:
    """Return the scores of a regression's residuals (m,) at rows with this spread (m,)."""
    square = float(np.square(residuals).mean())
    explained = float(np.square(spread).mean())
    noise = math.sqrt(max(square - explained, 0.01 * square)) or np.finfo(np.float64).tiny
    return Conformal(_kept(np.abs(residuals) / np.hypot(noise, spread)), noise)


def of_labels(chances: np.ndarray, y: np.ndarray) -> Conformal:
    """Return the scores of rows with the probabilities (m, classes) and the labels' places (m,)."""
    return Conformal(_kept(1.0 - chances[np.arange(len(y)), y]))


def _kept(scores: np.ndarray) -> np.ndarray:
    """Return the scores ascending: all, or a random sample, the same at every call."""
    if len(scores) > MAX_SCORES:
        scores = np.random.default_rng(len(scores)).choice(scores, MAX_SCORES, replace=False)
    return np.sort(scores.astype(np.float64))


def checked_level(value: object) -> float:
    """Return the level of an interval; raise ValueError unless it is above 0 and below 1."""
    try:
        level = float(str(value))
    except ValueError:
        level = math.nan
    if not 0 < level < 1:
        raise ValueError(f"must be above 0 and below 1, such as 0.9, but got {value!r}")
    return level
