"""What follows the networks of a model changes what it is meant to change, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit, softmax

from dnnsearch.models.calibration import Calibration
from tests.support.models import flowers, members, people

ROWS = np.random.default_rng(0).normal(0, 3, (300, 3))


def test_a_temperature_and_a_bias_change_probabilities_by_their_formula_and_no_label() -> None:
    plain = flowers()
    bias = (2.0, 0.0, -1.0)
    model = replace(plain, calibration=Calibration(2.0, bias))
    expected = softmax(np.log(plain.predict_proba(ROWS)) / 2 + np.array(bias), axis=1)
    assert model.predict_proba(ROWS) == pytest.approx(expected, abs=1e-12)
    assert model.predict(ROWS).tolist() == plain.predict(ROWS).tolist()
    assert (model.predict_proba(ROWS).argmax(axis=1) != plain.outputs(ROWS).argmax(axis=1)).any()


def test_a_shift_moves_the_threshold_and_no_probability() -> None:
    plain, rows = members(), people()
    chances = plain.predict_proba(rows)
    threshold = float(np.quantile(chances[:, 1], 0.8))
    shifted = replace(plain, calibration=Calibration(shift=(float(-logit(threshold)),)))
    assert np.array_equal(shifted.predict_proba(rows), chances)
    expected = np.where(chances[:, 1] > threshold, "yes", "no")
    assert (shifted.predict(rows) == expected).mean() > 0.99  # one row may lie on it
    assert (plain.predict(rows) != expected).any()


def test_both_together_act_each_on_its_own() -> None:
    plain, rows = members(), people()
    model = replace(plain, calibration=Calibration(0.5, (0.3,), (-1.0,)))
    Z = logit(plain.predict_proba(rows)[:, 1])
    assert model.predict_proba(rows)[:, 1] == pytest.approx(expit(2 * Z + 0.3), abs=1e-12)
    assert model.predict(rows).tolist() == np.where(Z > 1, "yes", "no").tolist()


def test_a_row_has_the_same_digits_alone_and_among_others() -> None:
    model = replace(flowers(), calibration=Calibration(1.7, (0.1, -0.2, 0.1), (0.3, 0.0, -0.3)))
    together = model.predict_proba(ROWS)
    for m in (1, 2, 7, 131):
        assert np.array_equal(model.predict_proba(ROWS[:m]), together[:m])
    assert np.array_equal(model.predict_proba(ROWS[:1]), together[:1])


def test_a_certain_network_stays_finite() -> None:
    plain = flowers()
    plain.parameters.flat[...] *= 1000
    chances = replace(plain, calibration=Calibration(3.0)).predict_proba(ROWS)
    assert np.isfinite(chances).all()
    assert chances.sum(axis=1) == pytest.approx(1)
