"""How many levels of a category have an input each, in a drafted config and by its `levels`."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dnnsearch.config.config import load_config
from dnnsearch.config.new_config import new
from dnnsearch.data.prepare import prepare
from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.definition import resolve_definition


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(counts: dict[str, int]) -> str:
    """Write a table whose column `model` has each level so many times; return its name."""
    rng = np.random.default_rng(0)
    names = rng.permutation([name for name, count in counts.items() for _ in range(count)])
    y = rng.standard_normal(len(names)).round(3)
    pd.DataFrame({"model": names, "x": y[::-1].round(1), "y": y}).to_csv("data.csv", index=False)
    return "data.csv"


def drafted(counts: dict[str, int], *settings: str) -> tuple[dict[str, Any], list[str], str]:
    """Return the config's `data`, the inputs of the column, and what `new` says of it."""
    Path("configs/data.yaml").unlink(missing_ok=True)
    found = new(written(counts), "y", settings=settings)
    config, store = load_config(found.path), ArrayStore(Path("store"))
    resolve_definition(config, store)
    names = prepare(config, store).feature_names
    inputs = [name for name in names if name.startswith("model=")]
    (line,) = (line for line in found.lines if line.strip().startswith("model "))
    return dict(config.data), inputs, line


def named(levels: int, rows: int) -> dict[str, int]:
    return {f"m{i:03}": rows for i in range(levels)}


def test_each_level_that_has_rows_enough_has_an_input():
    data, inputs, line = drafted(named(120, 15))
    assert data["levels"] == 120 and len(inputs) == 120
    assert "share one input" not in line
    assert "  levels: 120 " in Path("configs/data.yaml").read_text()


@pytest.mark.parametrize("counts", [named(50, 15), named(48, 15) | {"rare": 1, "few": 9}])
def test_a_usual_category_has_the_inputs_and_the_definition_of_before(counts: dict[str, int]):
    data, inputs, line = drafted(counts)
    assert "levels" not in data
    assert 45 <= len([name for name in inputs if name != "model=other"]) <= 50
    assert "share one input" not in line


def test_text_of_many_levels_that_recur_is_a_category():
    counts = named(200, 12) | {f"r{i}": 1 for i in range(300)}
    _, inputs, line = drafted(counts)
    assert " category " in line and len(inputs) > 150
    _, inputs, line = drafted(counts, "data.levels=50")
    assert " ignored " in line and inputs == []


def test_levels_that_share_an_input_are_counted_and_the_advice_gives_them_one_each():
    counts = named(108, 20) | named(50, 30)
    _, inputs, line = drafted(counts, "data.levels=50")
    assert len(inputs) <= 51 and "model=other" in inputs
    shared = 108 - len(inputs) + 1
    assert f"{shared} of 108 levels, those of " in line and "% of train, share one input; " in line
    setting = line.partition("--set ")[2].split()[0]
    _, inputs, line = drafted(counts, setting)
    assert len(inputs) == 108 and "share one input" not in line


def test_levels_that_are_too_rare_for_an_input_are_counted_too():
    counts = named(60, 30) | {f"r{i:03}": 3 for i in range(100)}
    data, inputs, line = drafted(counts)
    assert data["levels"] == 60 and len(inputs) == 61
    assert (
        re.search("9[0-9] of 15[0-9] levels, those of ", line)
        and "too few rows of train have each" in line
    )


@pytest.mark.parametrize("given", ["0", "10001", "many"])
def test_another_value_is_one_line(given: str):
    with pytest.raises(UserError, match=r"levels must be .*1.*10000"):
        new(written(named(60, 20)), "y", settings=[f"data.levels={given}"])


def test_the_number_of_levels_is_part_of_the_definition():
    new(written(named(120, 15)), "y")
    one = load_config("configs/data.yaml")
    other = load_config("configs/data.yaml", ["data.levels=60"])
    assert one.definition() != other.definition()
    digests = {prepare(config, ArrayStore(Path("store"))).data_digest for config in (one, other)}
    assert len(digests) == 1, "the table is the same; its inputs are not"


def test_levels_that_seem_to_be_one_are_named_and_kept():
    rng = np.random.default_rng(0)
    levels = ["Mitte", "mitte", " Nord", "Nord", "Ost"]
    frame = pd.DataFrame({"district": rng.choice(levels, 400), "x": rng.normal(size=400)})
    frame["y"] = frame["x"] * 2 + rng.normal(size=400)
    frame.to_csv("rents.csv", index=False)
    said = "\n".join(new("rents.csv", "y").lines)
    assert "levels that differ in case or blanks only are different levels: " in said
    pairs = said.partition("are different levels: ")[2].partition("; if they mean the same")[0]
    assert {"Mitte", "mitte"} <= set(pairs.replace(" and ", " ").replace(",", " ").split())
    assert "Ost" not in pairs
