"""Text tables: aligned, and fitted to a width."""

import pytest

from dnnsearch.runtime.text_table import aligned, paragraph


def test_columns_are_aligned_and_numbers_stand_to_the_right() -> None:
    assert list(aligned(("name", "n"), [("a", "1"), ("long one", "10")])) == [
        "name       n",
        "a          1",
        "long one  10",
    ]


@pytest.mark.parametrize("width", [30, 40, 60])
def test_a_table_that_is_too_wide_is_wrapped_between_words(width: int) -> None:
    counts = "60 trials: 57 finished, 2 diverged, 1 failed"
    lines = list(aligned(("study", "best", "trials"), [("digits", "0.98 ± 0.01", counts)], width))
    assert max(map(len, lines)) <= width
    assert sorted(" ".join(lines[1:]).split()) == sorted(f"digits 0.98 ± 0.01 {counts}".split())
    assert "0.98 ± 0.01" in lines[1]


def test_a_word_that_is_too_long_stays_whole() -> None:
    assert list(aligned(("study", "n"), [("abcdefghij klm", "1")], 8)) == [
        "study       n",
        "abcdefghij  1",
        "klm",
    ]


def test_a_paragraph_is_broken_for_a_terminal_only() -> None:
    assert paragraph("one two three", None) == ["one two three"]
    assert paragraph("one two three", 8) == ["one two", "three"]
