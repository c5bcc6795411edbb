"""`explain`, and the same from Python."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

import dnnsearch
from dnnsearch.api.explanations import Explained
from dnnsearch.reporting.analysis.column_effects import Effect, Outcome
from dnnsearch.reporting.analysis.column_importance import ColumnImportance
from dnnsearch.reporting.analysis.explanation import Explanation
from dnnsearch.reporting.explanation_text import lines
from dnnsearch.statistics.interval import Interval
from tests.support.preloaded import Preloaded


def test_it_prints_a_table_of_the_columns_and_the_ends_of_their_curves(
    program: Preloaded, tiny: Path
) -> None:
    said = program.run(tiny, "explain", "tiny", "--quiet")
    assert "study tiny: what the columns do" in said
    assert "This study has no champion yet." in said
    assert "worse by" in said
    assert "Partial dependence: " in said


def test_curves_have_one_scale_and_their_ends_are_named_as_lowest_and_highest() -> None:
    falling = Effect("age", "number", [20, 40, 60], [Outcome("yes", [0.9, 0.5, 0.1], None)])
    flat = Effect("zone", "category", ["n", "s"], [Outcome("yes", [0.51, 0.5], None)])
    shown = SimpleNamespace(title="The best trial", reason="")
    found = cast(
        Explanation,
        SimpleNamespace(
            study="s", shown=shown, about="", importance=[], effects=[falling, flat], kinds={}
        ),
    )
    *_, header, first, second, levels = lines(found)
    assert levels == "The blocks of categories, from left to right: zone: n, s."
    assert header.split() == ["column", "class", "curve", "lowest", "highest"]
    assert first.split() == ["age", "yes", "█▅▁", "0.1", "at", "60", "0.9", "at", "20"]
    assert second.split() == ["zone", "yes", "▅▅", "0.5", "at", "s", "0.51", "at", "n"]


@pytest.mark.usefixtures("forked_calls")
@pytest.mark.parametrize(
    ("low", "high", "mark"),
    [(0.1, 0.2, ""), (-0.1, 0.2, "not clear"), (-0.2, -0.1, "better if shuffled")],
)
def test_the_mark_of_a_column_fits_its_interval(low: float, high: float, mark: str) -> None:
    one = ColumnImportance("age", (low + high) / 2, Interval(low, high))
    shown = SimpleNamespace(title="The best trial", reason="")
    about = {"study": "s", "shown": shown, "about": ""}
    found = SimpleNamespace(**about, importance=[one], effects=[])
    *_, row = lines(cast(Explanation, found))
    assert row.partition(f"{low:.4f} to {high:.4f}")[2].strip() == mark


def test_json_is_one_document_and_python_has_the_same(program: Preloaded, tiny: Path) -> None:
    said = json.loads(program.run(tiny, "explain", "tiny", "--json"))
    assert {one["column"] for one in said["importance"]} == {"x", "y"}
    found = dnnsearch.explain("tiny")
    assert found.document == said
    first = said["importance"][0]
    assert found.importance.index[0] == first["column"]
    assert found.importance.loc[first["column"], "worse_by"] == first["worse_by"]
    curve = found.effect(first["column"])
    assert curve["1"].tolist() == said["effects"][0]["outcomes"][0]["prediction"]
    assert found.plot().data[0].orientation == "h"
    assert found.plot(first["column"]).data[-1].y == tuple(curve["1"])


def test_a_column_without_a_curve_is_an_error_with_the_names() -> None:
    found = Explained("", {"effects": [{"column": "months"}]})
    with pytest.raises(dnnsearch.UserError, match="mean months.*; there are: months"):
        found.effect("month")


def test_a_study_that_is_not_there_is_one_line(program: Preloaded, tiny: Path) -> None:
    said = program.run(tiny, "explain", "nothing", code=2)
    assert said.startswith("error: there is no study nothing")
    assert said.count("\n") == 1
