"""`split.by` with gaps: a row without a group is a group of its own, and `new` counts them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnsearch.config.config import load_config, parse_config
from dnnsearch.config.new_config import new
from dnnsearch.data.prepare import read_table
from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.definition import resolve_definition
from tests.support.csv_tables import rows, written

CASE = Path(__file__).parents[1] / "cases" / "group_gaps" / "groups.csv"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def table(group: list[object], m: int = 120, y: object = None) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    group = rng.choice(np.array(group, object), m)
    return rows(m).assign(household=group, y=rng.choice(["a", "b"], m) if y is None else y)


@pytest.mark.parametrize(
    "frame",
    [
        lambda: pd.read_csv(CASE),
        lambda: table([*range(30), *[None] * 30]),  # numbers with gaps
        lambda: table([f"h{i}" for i in range(20)] + [""] * 60),
        lambda: table([*range(30), *[None] * 10], y=np.arange(120) / 7),  # a regression
    ],
)
def test_a_row_without_a_group_is_one_of_its_own(frame) -> None:
    name = written(frame())
    lacking = int(pd.read_csv(name)["household"].isna().sum())
    found = new(name, "y", settings=["split.by=household"])
    said = f"{lacking} rows lack household: each is a group of its own"
    assert said in "\n".join(found.lines)
    config = load_config(found.path)
    drawn = read_table(config.data, "household")
    parts = drawn.split(config.split, None)
    gaps = np.flatnonzero(drawn.by.isna())
    counts = {part: np.isin(these, gaps).sum() for part, these in parts.items()}
    assert min(counts.values()) > 0.08 * lacking, counts
    groups = [set(drawn.by.iloc[these].dropna()) for these in parts.values()]
    assert not groups[0] & groups[1] and not groups[0] & groups[2] and not groups[1] & groups[2]


def test_a_column_without_any_group_is_refused() -> None:
    with pytest.raises(UserError, match="the split is by 'household', and it has no values"):
        new(written(table([None])), "y", settings=["split.by=household"])


def test_a_config_of_before_splits_as_before() -> None:
    """All rows without a group were one group: such a study keeps its split."""
    name = written(table([*range(30), *[None] * 30]))
    space = {"learning_rate": 0.1, "iterations": 9, "hidden_layers": 0, "units": 1}
    space |= {"activation": "relu", "momentum": 0, "batch_size": "full"}
    data = {"file": name, "target": "y"}
    given = {"data": data, "split": {"by": "household"}, "trials": 1, **space}
    config = parse_config(given, "old.yaml", "old")
    frame = read_table(config.data, "household")
    parts = frame.split(config.split, None)
    gaps = np.flatnonzero(frame.by.isna())
    assert sorted(np.isin(gaps, these).sum() for these in parts.values())[:2] == [0, 0]
    assert resolve_definition(config, ArrayStore(Path("store"))).prepared.shape.train > 0
