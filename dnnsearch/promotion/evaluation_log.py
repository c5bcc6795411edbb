"""The book of openings: each look at a study's test set is written down before it is taken.

The first look counts. Whoever looks again, and chooses by what they saw, has a second dev set.
It stands with the study in Optuna's storage and is written under the study's lock. What
other studies have seen of these rows, and a retuning's old champion, it does not know.
"""

import time
from dataclasses import dataclass
from typing import Any

from dnnsearch.storage.optuna_storage import Rows

OPENINGS = "openings"  # the attribute


@dataclass
class EvaluationLog:
    """All openings of a study's test set; an opening is a JSON object."""

    rows: Rows

    @property
    def openings(self) -> list[dict[str, Any]]:
        """In the order of time: `when`, `trial`, `model`, and `figures` once they are known."""
        return list(self.rows.attributes.get(OPENINGS, []))

    def open(self, trial: int, model: str, test: str) -> None:
        """Write down that a model looks now; `model` is its spec's digest, `test` the set's."""
        when = time.strftime("%Y-%m-%d %H:%M:%S")
        entry = {"when": when, "trial": trial, "model": model, "test": test}
        self.rows.set_attribute(OPENINGS, [*self.openings, entry])

    def note(self, model: str, test: str, figures: dict[str, Any]) -> None:
        """What was seen; also for looks of this model that were cut short."""
        noted = [
            {**each, "figures": figures} if (each["model"], each["test"]) == (model, test) else each
            for each in self.openings
        ]
        self.rows.set_attribute(OPENINGS, noted)

    def of(self, test: str) -> list[dict[str, Any]]:
        """The openings of this test set: the data of a study may change, and then it is another."""
        return [each for each in self.openings if each["test"] == test]
