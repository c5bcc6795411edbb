"""The comparison of exact with portable, and how near TPE's choices are to each other."""

import numpy as np

from experiments import exact_agreement, tpe_margin


def test_a_difference_is_compared_with_the_spread_of_the_seeds():
    both = [np.array([0.9, 0.8]), np.array([0.7, 0.7])]
    assert np.isclose(exact_agreement.standard_error(both), np.sqrt(0.005 / 2))


def test_a_choice_hangs_on_a_bit_if_another_candidate_could_win():
    near = np.array([1.0, 2.0, 2.0 - 4e-15])
    assert tpe_margin.hangs(near, 1e-14, None)
    assert not tpe_margin.hangs(near, 1e-14, 9)
    assert not tpe_margin.hangs(near, 1e-15, None)
    at_a_boundary = np.array([2.0 + 0.5e-9, 2.0 + 0.5e-9 + 1e-15])
    assert tpe_margin.hangs(at_a_boundary, 1e-14, 9)
    equal = np.array([2.0, 2.0])
    assert not tpe_margin.hangs(equal, 1e-14, None)


def test_a_float_hangs_on_a_bit_in_the_middle_of_two_others():
    assert tpe_margin.rounds_otherwise(0.12345, 1e-15)
    assert not tpe_margin.rounds_otherwise(0.12346, 1e-15)


def test_one_study_is_the_same_on_both_machines(tmp_path):
    out = tmp_path / "report.md"
    tpe_margin.main(["--tiny", "--out", str(out)])
    assert "after rounding to 9 decimals, 0 trials are" in " ".join(out.read_text().split())
