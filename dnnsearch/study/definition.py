"""What defines a study, resolved to the last constant: the config, its data, our arithmetic.

Two studies with equal definitions are the same study. The definition is stored with the study;
a search under the same name with another definition is refused, and told which keys differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dnnsearch.config.config import Config
from dnnsearch.config.search_space import first_params, resolve_curve_every
from dnnsearch.data.files.source import without_paths
from dnnsearch.data.prepare import Prepared
from dnnsearch.runtime import numerics as arithmetic
from dnnsearch.study.pruning import FinishedCurve, thresholds
from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.record import PINNED_PACKAGES, versions
from dnnsearch.trials.spec import ARITHMETIC, Hyperparameters, Spec, Value


@dataclass(frozen=True)
class Definition:
    """A config together with the data that it names and the numerics that are played."""

    config: Config
    prepared: Prepared
    numerics: str

    @property
    def curve_every(self) -> int:
        return resolve_curve_every(self.config, self.prepared.shape)

    @property
    def maximize(self) -> bool:
        return METRICS[self.config.objective].direction.maximize

    @property
    def pruner(self) -> dict[str, Any]:
        """Name and all arguments; what counts in iterations stands on the curves' grid."""
        every = self.curve_every
        arguments: dict[str, dict[str, Any]] = {
            "none": {},
            "median": {"n_startup_trials": 5, "n_warmup_steps": 5 * every, "n_min_trials": 1},
            "halving": {"min_resource": 4 * every, "reduction_factor": 3},
        }
        return {"name": self.config.pruner, **arguments[self.config.pruner]}

    def as_dict(self) -> dict[str, Any]:
        """JSON-able; everything that determines the study."""
        installed = versions()
        return {
            **self.config.definition(),
            "first": self.first_params(),
            "data": self._data(),
            "curve_every": self.curve_every,
            "pruner": self.pruner,
            "numerics": self.numerics,
            "rounding": arithmetic.rounding(),
            "data_digest": self.prepared.data_digest,
            "split_digest": self.prepared.split_digest,
            "arrays": self.prepared.key,
            "versions": {name: installed[name] for name in PINNED_PACKAGES},
            "arithmetic": ARITHMETIC,
        }

    def _data(self) -> dict[str, Any]:
        """Files by their content: where they lie is of this run only."""
        named = without_paths(self.config.data)
        contents = self.prepared.contents
        return {**named, "contents": contents} if contents else named

    def first_params(self) -> list[dict[str, Value]]:
        """What the search begins with: the sensible default, then the user's own guesses."""
        return first_params(self.config, self.prepared.shape)

    def spec(
        self, number: int, hyperparameters: Hyperparameters, told: Sequence[FinishedCurve]
    ) -> Spec:
        """The spec of trial `number`, asked when so much had been told."""
        config, shape = self.config, self.prepared.shape
        grid = range(0, hyperparameters.iterations, self.curve_every)
        return Spec(
            hyperparameters=hyperparameters,
            seed=config.seed,
            number=number,
            data=self.prepared.data_digest,
            split=self.prepared.split_digest,
            arrays=self.prepared.key,
            features=shape.features,
            outputs=shape.outputs,
            train_examples=shape.train,
            output=shape.output,
            objective=config.objective,
            initialization=config.initialization,
            dtype=config.dtype,
            curve_every=self.curve_every,
            numerics=self.numerics,
            arithmetic=ARITHMETIC,
            replicates=config.stacked,
            max_cost=config.max_cost,
            pruner=config.pruner,
            thresholds=thresholds(self.pruner, told, grid, self.maximize),
            metrics=config.metrics,
        )


def differences(stored: dict[str, Any], wanted: dict[str, Any], place: str = "") -> list[str]:
    """The keys in which two definitions differ, each with both values."""
    found = []
    for key in sorted(stored.keys() | wanted.keys()):
        old, new = stored.get(key), wanted.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            found += differences(old, new, f"{place}{key}.")
        elif old != new:
            found.append(f"{place}{key} (was {old}, is {new})")
    return found
