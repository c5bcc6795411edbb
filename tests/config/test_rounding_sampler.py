"""The sampler of an exact study rounds what it proposes, and its last bits decide nothing."""

import re

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler

from dnnsearch.config.config import parse_config
from dnnsearch.config.rounding_sampler import RoundingSampler, steady_choices
from dnnsearch.config.samplers import SAMPLERS, SIGNIFICANT_DIGITS, sampler_definition
from dnnsearch.errors import UserError
from dnnsearch.study.replayed_study import ReplayedStudy
from tests.support.exact_choices import HYPER


def test_floats_have_four_digits_and_stay_in_their_range():
    sampler = RoundingSampler(RandomSampler(), 4)
    wide = FloatDistribution(0, 1)
    assert sampler._rounded(0.123456, wide) == 0.1235
    assert sampler._rounded(1.23456e-5, wide) == 1.235e-5
    assert sampler._rounded(0.12346, FloatDistribution(0.12356, 1)) == 0.12356
    assert sampler._rounded(0.99999, FloatDistribution(0, 0.99998)) == 0.99998
    assert sampler._rounded(123456, IntDistribution(1, 10**6)) == 123456
    assert sampler._rounded("relu", CategoricalDistribution(["relu"])) == "relu"


@pytest.mark.parametrize("name", SAMPLERS)
def test_what_is_proposed_is_what_is_used_and_stored(name):
    document = {**HYPER, "data": "digits", "numerics": "exact", "sampler": name}
    study = ReplayedStudy(parse_config(document, "x.yaml", "x"))
    for number in range(25):
        trial, hyper = study.ask(number, None)
        rate = hyper.learning_rate
        assert trial.params["learning_rate"] == rate == float(f"{rate:.4g}")
        assert 0.001 <= rate <= 1
        study.study.tell(number, round(rate, 1))


def test_its_definition_says_that_it_rounds_and_others_stay_as_they_were():
    assert sampler_definition("tpe", is_exact=True)["significant_digits"] == SIGNIFICANT_DIGITS
    assert "significant_digits" not in sampler_definition("tpe")


def test_optuna_sorts_and_chooses_by_the_functions_that_are_replaced(monkeypatch):
    """If a release of Optuna sorts in another way, this is where one learns of it."""
    used: list[str] = []

    def watched(name, function):
        def call(*arguments, **options):
            used.append(f"{name} {options.get('kind', '')}".strip())
            return function(*arguments, **options)

        return call

    for name in ("argsort", "argmax"):
        monkeypatch.setattr(np, name, watched(name, getattr(np, name)))
    study = optuna.create_study(sampler=RoundingSampler(tpe(), 4))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=6)
    assert "argmax" in used
    assert "argsort stable" in used
    assert "argsort" not in used


def test_no_other_way_of_sorting_is_used_by_optunas_sampler():
    from optuna.samplers import _tpe

    folder = next(iter(_tpe.__path__))
    calls = set()
    for module in ("sampler", "parzen_estimator", "probability_distributions"):
        with open(f"{folder}/{module}.py") as file:
            calls |= set(re.findall(r"np\.(?:arg)?(?:sort|min|max|partition)\(", file.read()))
    of_values = {"np.sort(", "np.min(", "np.max("}  # whatever order equal ones come in
    assert calls - of_values == {"np.argsort(", "np.argmax("}


def test_ties_go_to_the_first_and_all_is_as_before_afterwards():
    argsort, argmax = np.argsort, np.argmax
    with steady_choices():
        many = np.zeros(1000)
        assert np.argsort(many).tolist() == list(range(1000))
        assert np.argmax(np.array([0.3, 0.1 + 0.2])) == 0
        assert np.argmax(np.array([0.3, 0.31])) == 1
    assert (np.argsort, np.argmax) == (argsort, argmax)


def test_float64_cannot_be_exact():
    document = {**HYPER, "data": "digits", "numerics": "exact", "dtype": "float64"}
    with pytest.raises(UserError, match="dtype: must be float32 if numerics is exact, but got fl"):
        parse_config(document, "x.yaml", "x")


def tpe() -> BaseSampler:
    return TPESampler(seed=0, n_startup_trials=3)
