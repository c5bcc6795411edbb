"""The words about the openings of a test set."""

import pytest

from dnnsearch.study.test_set_history import History, Opening
from dnnsearch.validators import ordinal


def opening(study: str, at: int, **more: object) -> Opening:
    return Opening(study, f"id of {study}", "2026-01-01 00:00:00", at, 3, "m" * 64, "t", **more)


@pytest.mark.parametrize(
    ("number", "word"), [(1, "first"), (9, "ninth"), (11, "11th"), (22, "22nd"), (113, "113th")]
)
def test_ordinals_are_words_and_then_numbers(number: int, word: str) -> None:
    assert ordinal(number) == word


def test_many_studies_are_shortened_and_an_unopened_set_says_so() -> None:
    many = History("s9", "id of s9", [opening(f"s{n}", n) for n in range(10)], None, [])
    assert many.sentence("m" * 64) == (
        "test set opened 10 times, by s0, s1, s2, s3, s4, s5, and 4 more; the first figure counts, "
        "this is the 10th"
    )
    assert History("a", "id of a", [], None, []).sentence() == "test set not opened"
