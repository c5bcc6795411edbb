"""The log of a study's test-set evaluations: each one is logged before the test set is read.

Only the first evaluation gives an unbiased score: who evaluates again and chooses by the scores
has used the test set as a second dev set. The log is an attribute of the study in Optuna's storage
and is written under the study's lock. What other studies have seen of the same rows is found by
`test_set_history`.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dnnsearch.storage.optuna_storage import Rows
from dnnsearch.study.stored_study import CHAMPION

ATTRIBUTE = "openings"  # of the study, in Optuna's storage
RETUNING_PREFIX = f"{ATTRIBUTE} for "  # a new study's name follows: a champion on new test rows


@dataclass
class EvaluationLog:
    """All evaluations of a study's test sets; an entry is a JSON object."""

    rows: Rows

    @property
    def entries(self) -> list[dict[str, Any]]:
        """Entries with `when`, `at`, `trial`, `model`, `test`, and what is known later.

        The oldest comes first.
        `at` is in seconds since 1970. A promotion has `top`, `replicates`, its `candidates`, how
        many trials had `ended`, and `fitted`, what was taken of all that is fitted on dev. If that
        is not empty, `model` names the networks together with it, and `refit` is the digest of
        their spec. Known later are `rows`, the sketch of the test rows, `outputs`, the digest of
        the outputs for them, `file`, the digest of the model's file, and `figures`.
        Older entries have no more than `when`, `trial`, `model`, `test` and `figures`.
        """
        return list(self.rows.attributes.get(ATTRIBUTE, []))

    def log_access(self, trial: int, model: str, test: str, **more: Any) -> None:
        """Log that a model is about to be evaluated.

        `model` is the digest of its spec, or its name with what is fitted on dev; `test` identifies
        the test set.
        """
        self.rows.set_attribute(ATTRIBUTE, [*self.entries, access(trial, model, test) | more])

    def add(self, model: str, test: str, **known: Any) -> None:
        """Add what is known to every entry of this model, also to interrupted evaluations."""
        logged = [
            {**each, **known} if (each["model"], each["test"]) == (model, test) else each
            for each in self.entries
        ]
        self.rows.set_attribute(ATTRIBUTE, logged)

    def of_test_set(self, test: str) -> list[dict[str, Any]]:
        """Return the entries of one test set; a study has another one if its data change."""
        return [each for each in self.entries if each["test"] == test]


def champion_trial(rows: Rows) -> int | None:
    """Return the trial whose configuration the study's champion has; None if none is known.

    It is told by the log alone: neither the model's file nor MLflow is read.
    """
    attributes = rows.attributes
    known = attributes.get(CHAMPION, [])
    own = [each["trial"] for each in attributes.get(ATTRIBUTE, []) if each.get("file") in known]
    return int(own[-1]) if own else None


def access(trial: int, model: str, test: str) -> dict[str, Any]:
    """Return an entry of the present time, without what is known later."""
    when = time.strftime("%Y-%m-%d %H:%M:%S")
    return {"when": when, "at": time.time(), "trial": trial, "model": model, "test": test}


def log_retuning(rows: Rows, new_study: str, entry: Mapping[str, Any]) -> None:
    """Log that a study's champion is about to be scored on the test rows of a new study.

    It is an attribute of its own, so that no lock of the old study is needed. The same model on the
    same rows is logged once; a later call adds what is known later.
    """
    name = f"{RETUNING_PREFIX}{new_study}"
    key = (entry["model"], entry["test"])
    logged = list(rows.attributes.get(name, []))
    same = [each for each in logged if (each["model"], each["test"]) == key]
    others = [each for each in logged if (each["model"], each["test"]) != key]
    kept = same[0] if same else {}
    rows.set_attribute(name, [*others, {**entry, **kept, **_known_later(entry)}])


def _known_later(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: entry[name] for name in ("rows",) if name in entry}


def without_rows(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry without its sketch, which is long and for no person to read."""
    return {name: value for name, value in entry.items() if name != "rows"}


def on_test(metric: str) -> str:
    """Return the name of a metric on the test set: `test_f1` for `dev_f1`."""
    return f"test_{metric.removeprefix('dev_')}"


def test_set_id(data_digest: str, split_digest: str) -> str:
    """Return what identifies a test set: the digests of the data and of the split."""
    return f"{data_digest[:16]}-{split_digest[:16]}"
