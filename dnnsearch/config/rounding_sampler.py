"""The sampler of an exact study: one of Optuna's, whose last bits decide nothing.

Machines compute the last bits of a proposal differently, so floats are rounded to a few digits
before they are used or told. And they sort equal numbers differently, and choose among candidates
of equal value: while the sampler works, sorting is stable, and values are compared rounded.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

DECIMALS = 9  # of two candidates' values; the first of equals is chosen


class RoundingSampler(BaseSampler):
    """A sampler that has another one choose, and rounds its floats to so many digits."""

    def __init__(self, sampler: BaseSampler, digits: int) -> None:
        self.sampler, self.digits = sampler, digits

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self.sampler.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        with steady_choices():
            found = self.sampler.sample_relative(study, trial, search_space)
        return {name: self._rounded(value, search_space[name]) for name, value in found.items()}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        with steady_choices():
            value = self.sampler.sample_independent(study, trial, param_name, param_distribution)
        return self._rounded(value, param_distribution)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self.sampler.before_trial(study, trial)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        self.sampler.after_trial(study, trial, state, values)

    def reseed_rng(self) -> None:
        self.sampler.reseed_rng()

    def _rounded(self, value: Any, distribution: BaseDistribution) -> Any:
        if not isinstance(distribution, FloatDistribution):
            return value
        shorter = float(f"{value:.{self.digits}g}")
        return min(max(shorter, distribution.low), distribution.high)


@contextmanager
def steady_choices() -> Iterator[None]:
    """Let np.argsort be stable, and np.argmax compare rounded values, while the block runs.

    Optuna's samplers call both by these names. Sorting by default is not stable, and its order of
    equal numbers differs between processors. Threads that run at the same time only get an order
    that is as right.
    """
    argsort, argmax = np.argsort, np.argmax

    def stable(a: Any, axis: int | None = -1, kind: Any = None, **options: Any) -> Any:
        return argsort(a, axis=axis, kind="stable", **options)

    def first(a: Any, *arguments: Any, **options: Any) -> Any:
        return argmax(np.round(a, DECIMALS), *arguments, **options)

    np.argsort, np.argmax = stable, first  # type: ignore[assignment]
    try:
        yield
    finally:
        np.argsort, np.argmax = argsort, argmax
