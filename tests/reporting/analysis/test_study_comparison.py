"""In which settings studies differ, in a sentence."""

from types import SimpleNamespace
from typing import Any

from dnnsearch.reporting.analysis.study_comparison import _settings, shown

BOTH = {"data_digest": "d", "first": [1], "momentum": 0.9, "split": {"dev": 0.2, "seed": 0}}


def sentences(*definitions: dict[str, Any]) -> list[str]:
    each = zip("abc", definitions, strict=False)
    return list(_settings([SimpleNamespace(name=n, definition=d) for n, d in each]))  # type: ignore[misc]


def test_only_the_settings_that_differ_are_named_with_each_value() -> None:
    plain = {**BOTH, "codes": "none", "split": {"dev": 0.2, "seed": 1}, "first": [2]}
    searched = {**BOTH, "codes": ["none", 8], "embedding": {"low": 2, "high": 8}}
    said = (
        "Their settings differ, a against b: codes: none against [none, 8]; "
        "embedding: none against {low: 2, high: 8}; split.seed: 1 against 0."
    )
    assert sentences(plain, searched) == [said]
    assert sentences(BOTH, {**BOTH, "codes": None}) == []


def test_settings_are_shown_as_in_a_config() -> None:
    assert shown([True, 1e-3, "relu"]) == "[true, 0.001, relu]"
