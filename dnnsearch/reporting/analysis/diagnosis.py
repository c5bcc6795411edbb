"""What a trial suffers from, as the course teaches to ask: bias first, then variance.

Avoidable bias is how far the train error lies above what can be attained. Nobody knows that; the
smallest dev error of the study is taken for it, since what generalises so well can surely be fitted
so well. Variance is how far the dev error lies above the train error. A difference counts where it
is larger than two standard errors of the dev error.
"""

import math
from dataclasses import dataclass

from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.study.leaderboard.ranking import Row, count_examples

NEXT = {
    "high bias": "a larger network, more iterations, another learning rate or activation",
    "high variance": "more data, regularisation, a smaller network, or to stop earlier",
    "high bias and high variance": "a larger network first; then more data or regularisation",
    "neither": "nothing in particular: no difference is larger than chance",
}


@dataclass(frozen=True)
class Diagnosis:
    """A trial's errors, and their names."""

    train: float  # error: the share that is wrong
    dev: float
    attainable: float
    noise: float  # the difference that counts

    @property
    def name(self) -> str:
        bias = self.train - self.attainable > self.noise
        variance = self.dev - self.train > self.noise
        names = [n for n, is_high in (("high bias", bias), ("high variance", variance)) if is_high]
        return " and ".join(names) or "neither"

    @property
    def advice(self) -> str:
        return NEXT[self.name]


def diagnosis(material: ReportData, row: Row) -> Diagnosis | None:
    """None where there is no accuracy to speak of."""
    train, dev = row.final.get("train_accuracy"), row.final.get("dev_accuracy")
    course = material.courses.get(row.number)
    if train is None or dev is None or course is None:
        return None
    every = [r.final.get("dev_accuracy") for r in material.finished]
    attainable = 1 - max((accuracy for accuracy in every if accuracy is not None), default=dev)
    examples = count_examples(course.predictions, material.config)
    share = min(max(1 - dev, 1 / examples), 1 - 1 / examples)  # at 0 and 1 there is noise, too
    noise = 2 * math.sqrt(share * (1 - share) / examples)
    return Diagnosis(1 - train, 1 - dev, attainable, noise)
