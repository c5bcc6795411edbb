"""What defines a study, resolved to the last constant: the config, its data, our arithmetic.

Two studies with equal definitions are the same study. The definition is stored with the study; a
search under the same name with another definition is refused with the keys that differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dnnsearch.config.config import Config
from dnnsearch.config.data_fit import check_fits, resolve_curve_every
from dnnsearch.config.search_space import first_params
from dnnsearch.data.files.source import without_paths
from dnnsearch.data.prepare import Prepared, prepare
from dnnsearch.runtime.numerics import EXACT, rounding, supported_pins
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.trials.hyperparameter_row import Value
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.pruning import FinishedCurve, pruner_definition, thresholds
from dnnsearch.trials.record import CHOOSING_PACKAGES, PINNED_PACKAGES, versions
from dnnsearch.trials.spec import ARITHMETIC, Spec


@dataclass(frozen=True)
class Definition:
    """A config with the data that it names and the numerics that it runs with."""

    config: Config
    prepared: Prepared
    numerics: str

    @property
    def curve_every(self) -> int:
        """Updates between two points of a curve."""
        return resolve_curve_every(self.config, self.prepared.shape)

    @property
    def maximize(self) -> bool:
        """Whether a larger objective is better."""
        return METRICS[self.config.objective].direction.maximize

    @property
    def pruner(self) -> dict[str, Any]:
        """The pruner's name and all its arguments."""
        return pruner_definition(self.config.pruner, self.curve_every)

    def as_dict(self) -> dict[str, Any]:
        """Return everything that determines the study; JSON-able."""
        return {
            **self.config.definition(),
            "first": self.first_params(),
            "data": self._data(),
            "curve_every": self.curve_every,
            "pruner": self.pruner,
            "numerics": self.numerics,
            "data_digest": self.prepared.data_digest,
            "split_digest": self.prepared.split_digest,
            "arrays": self.prepared.key,
            "arithmetic": ARITHMETIC,
            **self._environment(),
        }

    def _environment(self) -> dict[str, Any]:
        """Return what the bits depend on beside our own arithmetic."""
        installed = versions()
        if self.numerics == EXACT:
            return {"versions": {name: installed[name] for name in CHOOSING_PACKAGES}}
        pinned = {name: installed[name] for name in PINNED_PACKAGES}
        return {"rounding": rounding(), "versions": pinned}

    def _data(self) -> dict[str, Any]:
        """Return the config's `data` with files named by their content, not by their path."""
        named = without_paths(self.config.data)
        contents = self.prepared.contents
        return {**named, "contents": contents} if contents else named

    def first_params(self) -> list[dict[str, Value]]:
        """Return Optuna's params of the first trials: the default, then the user's `try_first`."""
        return first_params(self.config, self.prepared.shape)

    def spec(
        self, number: int, hyperparameters: Hyperparameters, finished: Sequence[FinishedCurve]
    ) -> Spec:
        """Return the spec of trial `number`; `finished` are the trials told before it was asked."""
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
            thresholds=thresholds(self.pruner, finished, grid, self.maximize),
            metrics=config.metrics,
            numbers=shape.numbers,
        )


def resolve_definition(config: Config, store: ArrayStore) -> Definition:
    """Prepare the data in `store` and return what defines the study of `config`.

    Raises UserError if the data cannot be read, or if the search space does not fit them.
    """
    prepared = prepare(config, store)
    check_fits(config, prepared.shape)
    return Definition(config, prepared, supported_pins(config.numerics))


def differences(stored: dict[str, Any], wanted: dict[str, Any], place: str = "") -> list[str]:
    """Return the keys in which two definitions differ, each with both values.

    `place` is the path of the key that holds the two, such as `split.`.
    """
    changed = []
    for key in sorted(stored.keys() | wanted.keys()):
        old, new = stored.get(key), wanted.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            changed += differences(old, new, f"{place}{key}.")
        elif old != new:
            changed.append(f"{place}{key} (was {old}, is {new})")
    return changed
