"""How many dev and test examples a network has trained on, under the same or another label.

Only the inputs are compared; the test set is not evaluated.
"""

from dataclasses import dataclass

import numpy as np

from dnnsearch.data.equal_rows import seen
from dnnsearch.data.files.source import has_test_file
from dnnsearch.reporting.analysis.report_data import ReportData

MIN_SHARE_TO_WARN = 0.05  # of dev or test


@dataclass(frozen=True)
class KnownExamples:
    """The examples of a part that equal one of the parts before it in all inputs."""

    dev: int  # that train has; with folds, of the first fold
    dev_examples: int
    test: int  # that train or dev has
    test_examples: int
    test_is_a_file: bool

    @property
    def is_much(self) -> bool:
        """Whether scores on dev or test are too good for new rows."""
        is_much_of_test = self.test / max(self.test_examples, 1) >= MIN_SHARE_TO_WARN
        return self.is_much_of_dev or is_much_of_test

    @property
    def is_much_of_dev(self) -> bool:
        return self.dev / self.dev_examples >= MIN_SHARE_TO_WARN


def known_examples(data: ReportData) -> KnownExamples | None:
    """Return how many there are; None if the data are no longer available."""
    if not data.inputs:
        return None
    train, dev, test = data.inputs.values()
    of_dev = seen(train, dev)
    of_test = seen(train, test) | seen(dev, test)
    is_a_file = has_test_file(data.config.data)
    return KnownExamples(_sum(of_dev), len(of_dev), _sum(of_test), len(of_test), is_a_file)


def _sum(mask: np.ndarray) -> int:
    return int(mask.sum())
