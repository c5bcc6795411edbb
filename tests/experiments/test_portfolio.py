"""Configurations recorded on two small tables, and a portfolio that is learnt from them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnsearch.trials.hyperparameters import HYPERPARAMETERS
from experiments import portfolio, record_configurations
from experiments.portfolio import Runs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of two tables: classes, and numbers."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=120), "city": rng.choice(["a", "b"], 120)})
    for kind in portfolio.KINDS:
        (tmp_path / kind).mkdir()
    good = np.where(frame.x > 0, "yes", "no")
    frame.assign(good=good).to_csv(tmp_path / "classification" / "city.csv", index=False)
    frame.assign(price=3 * frame.x + 1).to_csv(tmp_path / "regression" / "price.csv", index=False)
    return tmp_path


def test_runs_are_recorded_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_configurations, "MAX_COST", 10**9)  # less than a second
    runs = folder / "runs.jsonl"
    record = ["--data", str(folder), "--out", str(runs)]
    record_configurations.main([*record, "--last", "2"])
    before = runs.read_text()
    record_configurations.main([*record, "--last", "2"])
    assert runs.read_text() == before, "what is there is not recorded again"
    assert len(before.splitlines()) == 4
    assert json.loads(before.splitlines()[0])["test_hits"] > 0.5


def test_a_portfolio_complements_and_is_learnt_without_the_table_judged() -> None:
    both = np.array([[0.0, 0.4, 0.3], [0.9, 0.4, 0.3], [0.9, 0.0, 0.3]])
    runs = Runs(["a", "b", "c"], [0, 1, 2], both, both, both)
    assert portfolio.learn(runs, 1) == [1]
    assert portfolio.learn(runs, 3) == [1, 0, 2]
    assert portfolio.learn(runs, 1, without=2) == [2]
    assert portfolio.left_out(runs, 1)[2] == 0.3


@pytest.mark.parametrize("number", [0, 7, 20, 60])
def test_a_configuration_is_drawn_by_its_number(number: int) -> None:
    once = record_configurations.drawn(number)
    assert once == record_configurations.drawn(number)
    for key, value in once.items():
        if key not in ("layers", "epochs"):
            assert HYPERPARAMETERS[key].value(value) == value, key


def test_the_report_has_a_row_for_each_number_of_trials(tmp_path: Path) -> None:
    rng, runs = np.random.default_rng(0), tmp_path / "runs.jsonl"
    lines = []
    for kind in portfolio.KINDS:
        for table in ("a", "b", "c"):
            for number in range(5):
                dev, test = rng.uniform(0.1, 1, 2)
                where = {"kind": kind, "table": table, "number": number}
                lines.append(json.dumps({**where, "dev_loss": dev, "test_loss": test}))
    runs.write_text("\n".join(lines))
    out, left_out = tmp_path / "portfolio.md", tmp_path / "left-out"
    portfolio.main(
        ["--runs", str(runs), "--out", str(out), "--left-out", str(left_out), "--size", "3"]
    )
    assert "classes" in out.read_text() and "| numbers" in out.read_text()
    starts = json.loads((left_out / "a.json").read_text())
    assert len(starts) == 3 and {"epochs", "width"} <= starts[0].keys()


def test_the_package_has_the_portfolio_that_the_recorded_runs_teach() -> None:
    stored = json.loads((Path(__file__).parents[2] / portfolio.OUT).read_text())[portfolio.NAME]
    for kind, name in portfolio.KINDS.items():
        runs = portfolio.load([portfolio.RUNS], kind)
        chosen = portfolio.learn(runs, len(stored[name]))
        taught = [portfolio.as_start(runs.numbers[column], kind) for column in chosen]
        assert json.loads(json.dumps(taught)) == stored[name]
