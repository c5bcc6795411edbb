"""The file `baselines.json` beside a study's records: what is reached without a network.

It belongs to the data, the split and the metrics of a study; a file of others, or one that is
damaged, is as good as none. No fingerprint and no digest of the study covers it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dnnsearch.errors import UserError
from dnnsearch.storage.regular_file import Unreadable, read_regular
from dnnsearch.study.baselines.baseline_fitting import Figures
from dnnsearch.study.baselines.baseline_models import GUESS
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.record import versions

FILE = "baselines.json"
DIGEST = "sha256"  # of the rest of the file


@dataclass(frozen=True)
class Baselines:
    """Scores on dev, or over the folds; `note` says in a line which models were left out."""

    figures: Figures
    note: str = ""
    versions: Mapping[str, str] | None = None

    def better(self, objective: str, best: float | None) -> list[str]:
        """Return the baselines with a better value than the best trial's, beyond their interval.

        Both are of the same dev rows, so the interval of one is about that of their difference.
        """
        return [
            name for name in self._ahead(objective, best) if not self.holds(name, objective, best)
        ]

    def as_good(self, objective: str, best: float | None) -> list[str]:
        """Return the baselines that are better, but have the best trial in their interval."""
        return [name for name in self._ahead(objective, best) if self.holds(name, objective, best)]

    def _ahead(self, objective: str, best: float | None) -> list[str]:
        is_better = METRICS[objective].direction.better
        values = {name: one[objective]["value"] for name, one in self.figures.items()}
        return [n for n, value in values.items() if best is not None and is_better(value, best)]

    def best(self, objective: str) -> str | None:
        """Return the fitted baseline with the best value that has an interval; None without any."""
        fitted = {n: one[objective] for n, one in self.figures.items() if n != GUESS}
        shown = {n: one for n, one in fitted.items() if "low" in one}
        direction = METRICS[objective].direction
        return min(shown, key=lambda n: direction.sort_key(shown[n]["value"]), default=None)

    def holds(self, name: str, objective: str, best: float | None) -> bool:
        """Return whether the best trial's value lies within the interval of a baseline."""
        figure = self.figures[name][objective]
        return best is not None and "low" in figure and figure["low"] <= best <= figure["high"]


def metrics_of(study: OpenStudy, output: str) -> list[str]:
    """Return the metrics in which a study's trials and its baselines are measured."""
    config = study.config
    wanted = (config.objective, *config.metrics)
    return [
        name
        for name, metric in METRICS.items()
        if output in metric.outputs and (metric.is_always_measured or name in wanted)
    ]


def read(study: OpenStudy) -> Baselines | None:
    """Return the study's baselines; None if they were not computed."""
    try:
        document = json.loads(read_regular(study.records.folder / FILE) or b"")
        digest = document.pop(DIGEST)
        if digest != _digest(document) or document["of"] != _of(study):
            return None
        return Baselines(document["figures"], document["note"], document["versions"])
    except (Unreadable, OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def keep(study: OpenStudy, figures: Figures, note: str) -> None:
    """Write the file; if the disk refuses, the next command that shows baselines fits them."""
    document = {"of": _of(study), "figures": figures, "note": note, "versions": versions()}
    content = json.dumps({**document, DIGEST: _digest(document)}, indent=1).encode()
    try:
        study.records.put_side_file(FILE, content)
    except (UserError, OSError):
        return


def _of(study: OpenStudy) -> dict[str, Any]:
    """Return what the figures are a function of."""
    definition, config = study.definition, study.config
    data = {name: definition[name] for name in ("data_digest", "split_digest", "arrays")}
    return {**data, "metrics": sorted({config.objective, *config.metrics}), "seed": config.seed}


def _digest(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
