"""The splits, the verdicts and the resuming of the comparison on tables, and one real run."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import tables as experiment
from experiments import tables_data, tables_ours, tables_report
from experiments.tables_report import OURS, TRIAL_0, Results

MACHINE = "a machine"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of two tables: classes a and b, and numbers."""
    rng = np.random.default_rng(0)
    x, city = rng.normal(size=120), rng.choice(["a", "b"], 120)
    frame = pd.DataFrame({"x": x, "city": city})
    for kind in tables_data.KINDS:
        (tmp_path / kind).mkdir()
    good = np.where(x + rng.normal(size=120) > 0, "yes", "no")
    frame.assign(good=good).to_csv(tmp_path / "classification" / "city.csv", index=False)
    frame.assign(price=3 * x + 1).to_csv(tmp_path / "regression" / "price.csv", index=False)
    return tmp_path


def options(out: Path, **more: object) -> argparse.Namespace:
    given = {"out": out, "methods": ["trees", "MLP"], "again": [], "seconds": 1, "portfolio": None}
    return argparse.Namespace(**{**given, **more})


def row(table: str, method: str, cost: float, **more: object) -> dict[str, object]:
    kind = {"kind": "classes", "split": 0, "seconds": 1.0, "machine": MACHINE}
    losses = (cost + np.array([-0.1, 0.1])).tolist()
    return {"table": table, "method": method, **kind, "log_loss": cost, "losses": losses, **more}


def results(*rows: dict[str, object]) -> Results:
    return Results({(str(r["table"]), int(str(r["split"])), str(r["method"])): r for r in rows})


def test_the_test_rows_of_four_splits_are_a_partition(folder: Path) -> None:
    for path in tables_data.files(folder).values():
        table = tables_data.load(path)
        tests = [tables_data.split(table, number).test for number in range(4)]
        assert sorted(np.concatenate(tests)) == list(range(len(table.X)))
        assert set(tables_data.split(table, 0).train) == set(range(120)) - set(tests[0])


def test_rows_are_capped_and_rare_classes_left_out(tmp_path: Path) -> None:
    file = tmp_path / "classification" / "rare.csv"
    file.parent.mkdir()
    labels = ["common"] * 60 + ["other"] * 30 + ["rare"] * 5
    pd.DataFrame({"x": np.sin(np.arange(95)), "label": labels}).to_csv(file, index=False)
    table = tables_data.load(file)
    assert (table.classes, len(table.X)) == (("common", "other"), 90)
    assert len(tables_data.load(file, 50).X) <= 50


def test_costs_are_those_of_the_true_class_or_squared_errors(folder: Path) -> None:
    tables = [tables_data.load(path) for path in tables_data.files(folder).values()]
    classes, numbers = (tables_data.split(table, 0) for table in tables)
    certain = np.eye(2)[classes.table.y[classes.test]]
    assert tables_data.losses(classes, certain).tolist() == [0] * 30
    assert tables_data.losses(classes, 1 - certain).min() > 30
    assert tables_data.figures(numbers, numbers.table.y[numbers.test] + 2)["rmse"] == 2


def test_a_gain_is_decided_by_its_interval_over_the_rows_of_all_splits() -> None:
    sure, unsure = np.array([0.1, 0.2, 0.1]), np.array([0.3, -0.2, 0.1])
    assert tables_report.outcome([sure, sure]) == 1
    assert tables_report.outcome([-sure, -sure]) == 0
    assert tables_report.outcome([sure, unsure]) == 0.5


def test_a_method_that_fails_is_the_last_one_and_loses() -> None:
    failed = {"table": "t", "method": "trees", "kind": "classes", "split": 0, "seconds": 9.0}
    found = results(row("t", OURS, 0.5), row("t", "tuned trees", 0.1), {**failed, "error": "no"})
    assert found.ranks("classes", found.ranked).tolist() == [[2, 1, 3]]
    assert found.outcomes(OURS, "trees", "classes") == [1]
    assert found.outcomes(OURS, "tuned trees", "classes") == [0]


def test_a_table_that_lacks_a_method_has_no_rank() -> None:
    found = results(row("t", OURS, 0.5), row("t", "trees", 0.1), row("u", OURS, 0.5))
    assert found.ranks("classes", found.ranked).tolist() == [[2, 1]]


def test_methods_that_all_tables_have_are_ranked_first_and_then_all_of_them() -> None:
    of_t = [row("t", OURS, 0.5), row("t", "trees", 0.6), row("t", "TabM", 0.1)]
    rows = [*of_t, row("u", OURS, 0.5), row("u", "trees", 0.6)]
    found = results(*rows, row("other", OURS, 0.5, kind="numbers", rmse=1.0))
    assert found.rankings("classes") == [[OURS, "trees"], [OURS, "trees", "TabM"]]
    assert results(*of_t).rankings("classes") == [[OURS, "trees", "TabM"]]
    second = [{**row("t", method, 0.5), "split": 1} for method in (OURS, "trees")]
    assert results(*of_t, *second).rankings("classes") == [[OURS, "trees"], [OURS, "trees", "TabM"]]
    rows += [row("u", "RealMLP", 0.7), row("t", "RealMLP", 0.7), *second]
    every_table = [OURS, "trees", "RealMLP"]
    assert results(*rows).rankings("classes") == [
        every_table[:2],
        every_table,
        [*every_table, "TabM"],
    ]
    text = "\n".join(tables_report.paragraphs(found.rows))
    assert "on the 2 of 2 tables of classes that have all these methods (splits: 2)" in text
    assert "on the 1 of 2 tables of classes that have all these methods (splits: 1)" in text


def test_a_figure_is_the_mean_over_the_splits_that_all_methods_of_the_table_have() -> None:
    second = {**row("t", OURS, 0.9), "split": 1}
    found = results(row("t", OURS, 0.5), row("t", "trees", 0.6), second, row("u", OURS, 0.3))
    lines = "\n".join(tables_report.paragraphs(found.rows)).splitlines()
    cells = [line.replace(" ", "") for line in lines if "(classes)" in line]
    assert cells == ["|t(classes)|0.5|0.6|", "|u(classes)|0.3|-|"]


def test_the_goals_stand_beside_their_shares() -> None:
    rows = [row("t", OURS, 0.1), row("t", "tuned trees", 0.5)]
    rows += [row("u", OURS, 0.5), row("u", "tuned trees", 0.5)]
    text = "\n".join(tables_report.paragraphs(results(*rows).rows))
    (line,) = (line for line in text.splitlines() if "0.65" in line)
    assert "| 1 / 1 / 0 |  0.75 |" in line
    assert line.endswith("aim |")


def test_an_interrupted_run_goes_on_where_it_was(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "tables.jsonl"
    table = tables_data.load(tables_data.files(folder)["city"])
    split = tables_data.split(table, 1)
    experiment.measure_split(split, options(out, methods=["trees"]), {})
    with out.open("a") as file:
        file.write('{"table": "city", "spl')  # the process was killed while it wrote
    known = tables_report.read(out)
    assert set(known) == {("city", 1, "trees")}
    experiment.measure_split(split, options(out), known)
    methods = [json.loads(line)["method"] for line in out.read_text().splitlines() if "}" in line]
    assert methods == ["trees", "MLP"]
    assert all("error" not in found for found in tables_report.read(out).values())


def test_a_method_that_raises_is_a_row_with_its_error(folder: Path, tmp_path: Path) -> None:
    split = tables_data.split(tables_data.load(tables_data.files(folder)["price"]), 0)
    given = options(tmp_path / "out", bench_python=Path(sys.executable))
    found = experiment.measure(experiment.Job(split, given, 1), "RealMLP")
    assert "pytabkit" in found["error"]


def test_a_portfolio_is_that_of_the_table(tmp_path: Path) -> None:
    (tmp_path / "city.json").write_text('[{"learning_rate": 0.1}]')
    pattern = str(tmp_path / "{table}.json")
    assert tables_ours.starts_for(pattern, "city") == [{"learning_rate": 0.1}]
    assert tables_ours.starts_for(None, "city") is None


@pytest.mark.proof
def test_a_run_measures_each_method_and_writes_the_report(folder: Path, tmp_path: Path) -> None:
    """Slow because it searches, promotes and tunes."""
    out, markdown = tmp_path / "tables.jsonl", tmp_path / "tables.md"
    command = [sys.executable, "-m", "experiments.tables", "--out", str(out)]
    run = ["--data", str(folder), "--tables", "1", "--splits", "1", "--seconds", "4"]
    peers = ["--peers", "trees", "MLP", "tuned trees"]
    environment = {**os.environ, "DNNSEARCH_CACHE": str(tmp_path / "cache")}
    subprocess.run([*command, *run, *peers], check=True, env=environment)
    rows = tables_report.read(out)
    assert {method for _, _, method in rows} == {OURS, TRIAL_0, "trees", "MLP", "tuned trees"}
    assert not [found["error"] for found in rows.values() if "error" in found]
    assert all(found["log_loss"] < 0.8 for found in rows.values())
    subprocess.run([*command, "--report", "--markdown", str(markdown)], check=True)
    assert "| dnnsearch |" in markdown.read_text()
