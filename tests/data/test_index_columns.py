"""An index that came along as a column: told from features, and ignored with a warning."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnsearch.config.config import load_config, parse_config
from dnnsearch.config.new_config import new
from dnnsearch.data.index_columns import index_columns
from dnnsearch.data.prepare import read_table
from tests.support.csv_tables import rows

CASE = Path(__file__).parents[1] / "cases" / "index" / "noise.csv"
RNG = np.random.default_rng(0)


def table(m: int = 200) -> pd.DataFrame:
    """Noise, sorted by class, as it was before it was sampled."""
    return rows(m).drop(columns="id").assign(y=np.repeat(["a", "b"], m // 2))


def sampled() -> pd.DataFrame:
    return table(400).sample(frac=0.7, random_state=0)


def in_r(frame: pd.DataFrame) -> str:
    """Return the table as R's write.table writes it: the header lacks the row names."""
    return frame.to_csv(sep=" ").removeprefix('""').lstrip()


WRITTEN: list[tuple[Callable[[], str], str]] = [
    (CASE.read_text, "column_0"),
    (lambda: sampled().to_csv(), "column_0"),
    (lambda: in_r(sampled()), "row_names"),
    (lambda: sampled().reset_index().rename(columns={"index": "X"}).to_csv(index=False), "X"),
    (lambda: sampled().to_csv(index_label="Unnamed: 0"), "Unnamed: 0"),
    (lambda: sampled().to_csv(index_label="...1"), "...1"),
    (lambda: table(400).query("x > 0").to_csv(sep=";"), "column_0"),  # a filter
    (lambda: table().sample(200, replace=True, random_state=0).to_csv(), "column_0"),
    (lambda: pd.concat([table(), table(100)]).to_csv(), "column_0"),  # two tables in one
]


@pytest.mark.parametrize(("text", "name"), WRITTEN)
def test_an_index_is_ignored_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: Callable[[], str], name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data.csv").write_text(text())
    found = new("data.csv", "y")
    (line,) = [line for line in found.lines if "index that came along" in line]
    assert name in line and "  it is an index" in line
    config = load_config(found.path)
    assert config.data["columns"][name] == "ignored"
    kept = new("data.csv", "y", name="kept", settings=[f'data.columns={{"{name}": number}}'])
    assert load_config(kept.path).data["columns"][name] == "number"


def features(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({**columns, "z": RNG.normal(size=100)})


@pytest.mark.parametrize(
    "frame",
    [
        features(column_0=RNG.integers(0, 9, 100)),  # levels without a name
        features(column_0=RNG.normal(size=100)),
        features(column_0=-np.arange(100)),
        features(X=RNG.permutation(10**6)[:100]),  # too far apart for row numbers
        features(X=RNG.integers(0, 9, 100)),
        features(a=2 * RNG.permutation(100)),
        pd.DataFrame({"z": RNG.normal(size=100), "X": 2 * RNG.permutation(100)}),
        pd.DataFrame({"column_0": 2 * RNG.permutation(100), "column_1": range(100)}),
        features(column_0=2 * np.arange(100))[:9],
    ],
)
def test_features_are_not_taken_for_an_index(frame: pd.DataFrame) -> None:
    assert index_columns(frame) == []


def test_a_config_of_before_reads_it_as_a_number_as_before() -> None:
    space = {"learning_rate": 0.1, "iterations": 9, "hidden_layers": 0, "units": 1}
    space |= {"activation": "relu", "momentum": 0, "batch_size": "full"}
    given = {"data": {"file": str(CASE), "target": "y"}, **space}
    assert read_table(parse_config(given, "old", "old").data, None).roles["column_0"] == "number"


def test_a_table_of_pandas_is_predicted_without_the_index() -> None:
    """`pd.read_csv` calls the column `Unnamed: 0`, which the model does not need."""
    data = {"file": str(CASE), "target": "y", "reading": 2}
    assert set(read_table(data, None).roles) <= set(pd.read_csv(CASE).columns)
