"""Pydantic's validation errors in one line."""

from typing import Any

import pytest

from dnnsearch.config.config import KNOWN_KEYS
from dnnsearch.config.key_synonyms import SYNONYMS
from dnnsearch.config.validation_errors import format_errors

KNOWN = {"": ["trials", "split"], "split": ["dev", "test"]}
EXAMPLES = {"trials": "such as trials: 40"}


def told(*errors, touched=()):
    full: Any = [{"loc": loc, "input": 3, "msg": "wrong", **rest} for loc, rest in errors]
    return format_errors(full, KNOWN, EXAMPLES, touched)


def test_our_own_rule_is_shown_as_it_is():
    broken = {"type": "value_error", "ctx": {"error": ValueError("must be 1, but got 3")}}
    assert told((("split", "dev"), broken)) == "split.dev: must be 1, but got 3"


def test_a_missing_key_comes_with_its_example():
    assert told((("trials",), {"type": "missing"})) == "trials: must be given, such as trials: 40"
    assert told((("split",), {"type": "missing"})) == "split: must be given"


def test_an_unknown_key_comes_with_the_nearest_or_the_known_ones_of_its_place():
    unknown = {"type": "extra_forbidden"}
    assert told((("trails",), unknown)) == "'trails' is unknown (did you mean trials?)"
    assert told((("q",), unknown)) == "'q' is unknown; the keys: split, trials"
    assert told((("split", "tests"), unknown)).endswith(" is unknown (did you mean test?)")
    assert told((("split", "q"), unknown)).endswith(" is unknown; the keys: dev, test")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("lr", "learning_rate"),
        ("Optimizer", "descent"),
        ("epochs", "iterations, which are parameter updates"),
        ("colums", "data.columns"),
        ("tests", "split.test"),
    ],
)
def test_an_unknown_key_may_have_another_name_or_lack_its_section(given, meant):
    error: Any = {"type": "extra_forbidden", "loc": (given,), "input": 1, "msg": ""}
    line = format_errors([error], KNOWN_KEYS, EXAMPLES, ())
    assert line == f"'{given}' is unknown (did you mean {meant}?)"


def test_each_synonym_is_no_key_and_stands_for_one():
    assert not SYNONYMS.keys() & set(KNOWN_KEYS[""])
    assert {key.partition(",")[0] for key in SYNONYMS.values()} <= set(KNOWN_KEYS[""])


def test_other_errors_are_in_the_words_of_pydantic_with_the_value():
    assert told((("split",), {"type": "other"})) == "split: wrong, but got 3"


def test_at_most_three_errors_are_shown():
    line = told(*[((f"k{i}",), {"type": "other"}) for i in range(5)])
    assert line.endswith("k2: wrong, but got 3; and 2 more")


def test_a_key_set_on_the_command_line_is_marked():
    line = told((("trials",), {"type": "other"}), touched={"trials"})
    assert line == "trials: wrong, but got 3 (set on the command line)"
