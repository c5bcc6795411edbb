"""The baselines' logits have the shape of a network's, whatever classes were seen."""

from collections.abc import Iterator

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from dnnsearch.study.baselines.baseline_models import BASELINES, fitted_logits

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3)).astype(np.float32)
THREE = np.argmax(X, axis=1)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Several threads of OpenMP wait for each other on a busy machine."""
    with threadpool_limits(1):
        yield


@pytest.mark.parametrize("name", BASELINES)
def test_classes_have_the_logits_of_a_softmax_or_a_sigmoid(name: str) -> None:
    Z = fitted_logits(BASELINES[name], "softmax", 3, 0, X, THREE, X)
    assert Z.shape == (3, 120)
    assert (Z.argmax(axis=0) == THREE).mean() > 0.9
    two = fitted_logits(BASELINES[name], "sigmoid", 1, 0, X, THREE == 1, X)
    assert two.shape == (1, 120)
    assert ((two[0] > 0) == (THREE == 1)).mean() > 0.85


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("unseen", [0, 1, 2])
def test_a_class_that_was_not_seen_is_never_the_answer(name: str, unseen: int) -> None:
    seen = unseen != THREE
    Z = fitted_logits(BASELINES[name], "softmax", 3, 0, X[seen], THREE[seen], X)
    assert Z.shape == (3, 120)
    assert not (Z.argmax(axis=0) == unseen).any()
    assert (Z.argmax(axis=0)[seen] == THREE[seen]).mean() > 0.9


@pytest.mark.parametrize("name", BASELINES)
def test_a_regression_has_one_output(name: str) -> None:
    y = X @ np.array([1.0, -2.0, 0.5])
    Z = fitted_logits(BASELINES[name], "identity", 1, 0, X, y, X)
    assert Z.shape == (1, 120)
    assert np.corrcoef(Z[0], y)[0, 1] > 0.9
