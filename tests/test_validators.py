"""Covers the rules for single values of a config."""

import math

import numpy as np
import pytest

from dnnsearch.validators import (
    counted,
    cut,
    nearest,
    number,
    one_of,
    or_word,
    real,
    require,
    shortened,
    show,
    study_name,
    text,
    whole,
    yes_or_no,
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("1e-3", 0.001), (" 2 ", 2), ("-.5", -0.5), ("1.", 1.0), (np.int64(3), 3), (np.float32(1), 1)],
)
def test_a_number_may_be_spelled_as_text(written, meant):
    assert number(written) == meant


@pytest.mark.parametrize(
    "value", [True, None, "", "abc", "nan", "inf", "1_0", "0x10", math.nan, math.inf, [1], {}, 1j]
)
def test_a_value_that_is_not_a_finite_number_is_refused(value):
    with pytest.raises(ValueError, match="must be a"):
        number(value)


def test_a_whole_number_may_be_written_with_an_exponent_or_a_point():
    assert whole(0, 10**6)("1e3") == whole(0, 10**6)(1000.0) == 1000


@pytest.mark.parametrize("value", [0, 11, 1.5, "2.5", True, None, "one", 1e300, math.inf, 10**400])
def test_a_whole_number_outside_its_bounds_is_refused_with_the_rule(value):
    with pytest.raises(ValueError, match="must be a whole number from 1 to 10, but got"):
        whole(1, 10)(value)


@pytest.mark.parametrize("value", [-1, 1, "1e0", 10**400, math.nan, False])
def test_a_real_number_outside_its_bounds_is_refused_with_the_rule(value):
    with pytest.raises(ValueError, match="must be a number at least 0 and below 1, but got"):
        real(low=0, below=1)(value)


def test_a_real_number_is_a_float_without_negative_zero():
    zero = real(low=-1)(-0.0)
    assert isinstance(real()(1), float)
    assert math.copysign(1, zero) == 1


def test_one_of_names_the_allowed_and_the_nearest():
    message = "must be one of relu, tanh, but got 'rleu' (did you mean relu?)"
    with pytest.raises(ValueError) as error:
        one_of(["relu", "tanh"])("rleu")
    assert str(error.value) == message


def test_a_word_may_stand_for_a_meaning():
    rule = or_word("none", whole(1, 5), None)
    assert rule("none") is rule(None) is None
    assert rule(3) == 3
    with pytest.raises(ValueError, match="from 1 to 5, or none, but got 6"):
        rule(6)


@pytest.mark.parametrize("value", ["yes", 1, 0, None, "true"])
def test_only_true_and_false_are_booleans(value):
    with pytest.raises(ValueError, match="true or false"):
        yes_or_no(value)


@pytest.mark.parametrize(
    "name", ["a/b", "a\\b", "", " ", ".hidden", "-x", " x", "x ", "a\nb", "x" * 101, "\ud800", 3]
)
def test_a_study_name_that_could_not_name_a_folder_is_refused(name):
    with pytest.raises(ValueError, match="must be"):
        study_name(name)


@pytest.mark.parametrize("name", ["digits", "my study", "Ziffern-größer", "<script>", "x" * 100])
def test_a_study_name_may_be_any_other_printable_text(name):
    assert study_name(name) == name


def test_text_is_not_empty():
    with pytest.raises(ValueError, match="must be text"):
        text(" ")


def test_long_values_are_shown_short():
    assert len(show("x" * 10**6)) < 100
    assert len(show([[list(range(100))] * 100] * 100)) < 1000
    assert [show(v) for v in (None, True, 1.0, 0.1, "a")] == ["nothing", "true", "1", "0.1", "'a'"]


def test_a_name_unlike_every_known_one_has_no_nearest():
    assert nearest("zzz", ["relu"]) == ""


def test_a_name_in_another_case_is_the_nearest():
    assert nearest("km", ["KN", "KM", "brand"]) == " (did you mean KM?)"
    assert nearest("BRAND", ["grand", "Brand"]) == " (did you mean Brand?)"


def test_a_long_list_is_shortened_and_says_how_many_more_there_are():
    assert shortened("abc", 3) == "a, b, c"
    assert shortened("abcde", 3) == "a, b, c and 2 more"
    assert shortened([1, 2], 1) == "1 and 1 more"


def test_a_long_text_is_cut():
    assert cut("x" * 100) == "x" * 100
    assert cut("x" * 10**6) == "x" * 97 + "..."


def test_the_first_rule_that_does_not_hold_is_raised():
    require({"a": True})
    with pytest.raises(ValueError, match="^b$"):
        require({"a": True, "b": False, "c": False})


def test_one_is_counted_in_the_singular() -> None:
    counts = [counted(number, "row") for number in (0, 1, 2)]
    assert counts == ["0 rows", "1 row", "2 rows"]
