"""The log of a study's test-set evaluations: each one is logged before the test set is read.

Only the first evaluation gives an unbiased score: who evaluates again and chooses by the scores
has used the test set as a second dev set. The log is an attribute of the study in Optuna's storage
and is written under the study's lock. It does not know whether other studies, or a champion that
was retuned, have seen these rows.
"""

import time
from dataclasses import dataclass
from typing import Any

from dnnsearch.storage.optuna_storage import Rows

ATTRIBUTE = "openings"  # of the study, in Optuna's storage


@dataclass
class EvaluationLog:
    """All evaluations of a study's test sets; an entry is a JSON object."""

    rows: Rows

    @property
    def entries(self) -> list[dict[str, Any]]:
        """Entries with `when`, `trial`, `model`, `test`, `figures` (once known); oldest first."""
        return list(self.rows.attributes.get(ATTRIBUTE, []))

    def log_access(self, trial: int, model: str, test: str) -> None:
        """Log that a model is about to be evaluated.

        `model` is the digest of its spec, `test` identifies the test set.
        """
        when = time.strftime("%Y-%m-%d %H:%M:%S")
        entry = {"when": when, "trial": trial, "model": model, "test": test}
        self.rows.set_attribute(ATTRIBUTE, [*self.entries, entry])

    def log_scores(self, model: str, test: str, scores: dict[str, Any]) -> None:
        """Add the scores to every entry of this model, also to those of interrupted evaluations."""
        logged = [
            {**each, "figures": scores} if (each["model"], each["test"]) == (model, test) else each
            for each in self.entries
        ]
        self.rows.set_attribute(ATTRIBUTE, logged)

    def of_test_set(self, test: str) -> list[dict[str, Any]]:
        """Return the entries of one test set; a study has another one if its data change."""
        return [each for each in self.entries if each["test"] == test]
