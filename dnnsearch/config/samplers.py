"""The samplers that a config can name: their arguments, and how Optuna's sampler is made of them.

The arguments are part of the study's definition, so none is left to a default of Optuna's. A study
asks each trial with a new sampler, which gets two seeds: `study_seed` is the same for all trials,
`trial_seed` is the trial's own.

To add a sampler, write a function that makes it and add one row to `SAMPLERS`. Importing this
module does not import Optuna.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # it imports for a second, which a command that only reads a config need not pay
    from optuna.samplers import BaseSampler
    from optuna.search_space import IntersectionSearchSpace


@dataclass(frozen=True)
class SamplerContext:
    """What a new sampler is made for."""

    study_seed: int
    trial_seed: int
    search_space: "IntersectionSearchSpace"  # the study's, kept from trial to trial


@dataclass(frozen=True)
class Sampler:
    """A row of the table: `make(context, **arguments)` returns Optuna's sampler."""

    make: Callable[..., "BaseSampler"]
    arguments: dict[str, Any] = field(default_factory=dict)


def make_tpe(context: SamplerContext, **arguments: Any) -> "BaseSampler":
    """Return a TPE sampler (Bergstra et al. 2011), seeded for the trial."""
    from dnnsearch.config.optuna_samplers import RememberingTPE

    return RememberingTPE(context.search_space, **arguments, seed=context.trial_seed)


def make_random(context: SamplerContext, **arguments: Any) -> "BaseSampler":
    """Return a sampler that draws each trial on its own, seeded for the trial."""
    from optuna.samplers import RandomSampler

    return RandomSampler(**arguments, seed=context.trial_seed)


def make_qmc(context: SamplerContext, **arguments: Any) -> "BaseSampler":
    """Return a quasi-Monte Carlo sampler, scrambled by the study's seed.

    A hyperparameter that the sequence cannot hold is drawn at random, seeded for the trial.
    """
    from dnnsearch.config.optuna_samplers import UnconditionalQMC

    return UnconditionalQMC(
        **arguments,
        seed=context.study_seed,
        independent_sampler=make_random(context),
        warn_independent_sampling=False,
    )


SAMPLERS = {
    "tpe": Sampler(
        make_tpe,
        {
            "n_startup_trials": 10,
            "n_ei_candidates": 24,
            "multivariate": True,  # sees that a good learning rate depends on the depth
            "group": False,
            "constant_liar": True,  # trials in flight count as bad, so that none is asked twice
        },
    ),
    "random": Sampler(make_random),
    "qmc": Sampler(make_qmc, {"qmc_type": "sobol", "scramble": True}),
}


SIGNIFICANT_DIGITS = 4  # of what the sampler of an exact study proposes


def sampler_definition(name: str, is_exact: bool = False) -> dict[str, Any]:
    """Return the sampler's name and all its arguments, as the study's definition stores them."""
    rounding = {"significant_digits": SIGNIFICANT_DIGITS} if is_exact else {}
    return {"name": name, **SAMPLERS[name].arguments, **rounding}


def new_sampler(name: str, context: SamplerContext, is_exact: bool = False) -> "BaseSampler":
    """Return a new sampler of this name for one trial.

    If the study is exact, the last bits of what the sampler computes decide nothing.
    """
    from optuna.exceptions import ExperimentalWarning

    with warnings.catch_warnings():  # it may change: the study pins Optuna's version
        warnings.simplefilter("ignore", ExperimentalWarning)
        sampler = SAMPLERS[name].make(context, **SAMPLERS[name].arguments)
    if not is_exact:
        return sampler
    from dnnsearch.config.rounding_sampler import RoundingSampler

    return RoundingSampler(sampler, SIGNIFICANT_DIGITS)
