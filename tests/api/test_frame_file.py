"""Covers tables in memory on the whole road: `new`, `search`, `predict`."""

import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import dnnsearch
from tests.support.forked_calls import forked_subprocess
from tests.support.preloaded import Preloaded

ROWS = 90
RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "tenure": RNG.integers(0, 60, ROWS).astype(float),
        "paperless": RNG.uniform(size=ROWS) < 0.5,
        "plan": RNG.choice(["basic", "plus"], ROWS),
        "left": np.where(np.arange(ROWS) % 3 == 0, "yes", "no"),
    }
)
FRAME.loc[::7, "tenure"] = np.nan
SMALL = {"tracking": "none", "folds": None, "iterations": 50, "hidden_layers": 1, "units": 4}
TABLES: dict[str, Any] = {
    "polars": pl.from_pandas,
    "arrow": pa.Table.from_pandas,
    "records": lambda frame: frame.to_dict("records"),
    "nullable": pd.DataFrame.convert_dtypes,
    "pyarrow": lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("frames")


@pytest.fixture(autouse=True)
def there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DNNSEARCH_CACHE", str(folder / "cache"))
    monkeypatch.delenv("DNNSEARCH_STORAGE", raising=False)


@pytest.fixture(scope="module")
def model(folder: Path, tracked: Preloaded) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dnnsearch.runtime.cli_process.subprocess", forked_subprocess(tracked))
        patch.chdir(folder)
        patch.setenv("DNNSEARCH_CACHE", str(folder / "cache"))
        config = dnnsearch.new(FRAME, "left", name="churn", overrides=SMALL, quiet=True)
        assert (folder / "configs" / "churn.parquet").is_file()
        return dnnsearch.search(config, trials=1, workers=1, quiet=True).best


@pytest.mark.parametrize("convert", TABLES.values(), ids=TABLES)
def test_every_table_gets_the_answers_of_the_file(model: Any, convert: Any) -> None:
    answers = dnnsearch.predict("churn/0", "configs/churn.parquet")
    found = dnnsearch.predict("churn/0", convert(FRAME))
    names = [name for name in answers if name not in FRAME]
    assert found[names].equals(answers[names])
    assert list(found["plan"]) == list(FRAME["plan"])
    chances = model.predict_proba(convert(FRAME))
    assert chances.tolist() == answers[names[1:]].to_numpy().tolist()


def test_a_pipe_gets_the_answers_of_the_file(model: Any, tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "churn.csv", index=False)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    content = (tmp_path / "churn.csv").read_bytes()
    writer = threading.Thread(target=pipe.write_bytes, args=[content])
    writer.start()
    found = dnnsearch.predict("churn/0", pipe)
    writer.join()
    assert found.equals(dnnsearch.predict("churn/0", tmp_path / "churn.csv"))


@pytest.mark.parametrize("convert", TABLES.values(), ids=TABLES)
def test_a_config_from_any_table_has_the_roles_of_the_pandas_one(model, convert) -> None:
    path = dnnsearch.new(convert(FRAME), "left", name="again", overrides=SMALL, quiet=True)
    same = Path("configs/churn.yaml").read_text().replace("churn", "again")
    try:
        assert path.read_text() == same
    finally:
        path.unlink()
        path.with_suffix(".parquet").unlink()


def test_what_is_refused_leaves_no_file(model: Any) -> None:
    for wrong, says in (
        ({"data": FRAME, "target": "right"}, "must be a column, but 'right' is not"),
        ({"data": FRAME, "target": "left", "name": "../x"}, "name must"),
        ({"data": 5, "target": "left"}, "data must be a file, a table"),
        ({"data": FRAME[["plan", "plan", "left"]], "target": "left"}, "column names must differ"),
        ({"data": FRAME[:20], "target": "left", "name": "churn"}, "has another table: choose"),
        ({"data": FRAME, "target": "left", "name": "churn"}, "configs/churn.yaml exists already"),
    ):
        with pytest.raises(dnnsearch.UserError, match=says):
            dnnsearch.new(**wrong)
    assert {path.name for path in Path("configs").iterdir()} == {"churn.yaml", "churn.parquet"}
    with pytest.raises(dnnsearch.UserError, match="data must be a file, a table"):
        dnnsearch.predict("churn/0", 5)


def test_a_test_set_can_be_a_table_too(model: Any) -> None:
    parts = FRAME[:60], pl.from_pandas(FRAME[60:])
    path = dnnsearch.new(parts[0], "left", test=parts[1], overrides=SMALL, quiet=True)
    text = path.read_text()
    assert path.name == "table.yaml" and "configs/table-test.parquet" in text
    for name in ("table.yaml", "table.parquet", "table-test.parquet"):
        Path("configs", name).unlink()
