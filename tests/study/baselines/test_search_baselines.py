"""Searches with baselines by the real command, and what every command then says of them."""

import json
from pathlib import Path

import pytest
from mlflow import MlflowClient

from dnnsearch.study.baselines import baselines_text
from dnnsearch.study.baselines.baselines_file import Baselines
from tests.support.preloaded import Preloaded

CONFIG = """
data: wine
trials: 6
parallelism: 3
metrics: [dev_roc_auc]
learning_rate: {low: 0.01, high: 1.0, log: true}
iterations: {low: 100, high: 200}
hidden_layers: [0, 1]
units: {low: 4, high: 16}
activation: tanh
momentum: 0.9
batch_size: 16
tracking: sqlite:///mlflow.db
"""
AT_ONCE = """
import dnnsearch.study.baselines.search_baselines as searched
searched.MIN_SEARCH_SECONDS = 0.0
searched.MIN_WAIT_SECONDS = 300.0
"""
FILE = Path("records", "wine", "baselines.json")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "wine.yaml").write_text(CONFIG)
    return tmp_path


def fingerprint(said: str) -> str:
    return said.splitlines()[-1]


def baseline_runs(folder: Path) -> dict[str, dict[str, float]]:
    """Return the metrics of each run of a baseline by its name."""
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    experiment = client.get_experiment_by_name("wine")
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id], "tags.`dnnsearch.kind` = 'baseline'")
    assert {run.info.status for run in found} <= {"FINISHED"}
    assert len({run.info.run_name for run in found}) == len(found)
    return {str(run.info.run_name): dict(run.data.metrics) for run in found}


def test_a_search_shows_its_baselines_and_every_command_knows_them(
    program: Preloaded, folder: Path
) -> None:
    said = program.run(folder, "search", "wine.yaml", planted=AT_ONCE)
    lines = said.splitlines()
    at = lines.index("without a network, dev_accuracy:")
    assert [line[:17] for line in lines[at + 1 : at + 4]] == [
        "  guessing       ",
        "  linear model   ",
        "  boosted trees  ",
    ]
    assert "(95 %: " in lines[at + 2]
    document = json.loads((folder / FILE).read_text())
    assert set(document["figures"]["trees"]) == {"dev_accuracy", "dev_cost", "dev_roc_auc"}

    runs = baseline_runs(folder)
    assert set(runs) == {"guessing", "linear model", "boosted trees"}
    accuracy = document["figures"]["linear"]["dev_accuracy"]["value"]
    assert runs["linear model"]["objective"] == runs["linear model"]["dev_accuracy"] == accuracy

    shown = program.run(folder, "show", "wine").splitlines()
    place = shown.index(lines[at])
    assert lines[at : at + 4] == shown[place : place + 4]
    written = (folder / FILE).stat().st_mtime_ns
    program.run(folder, "report", "wine", "--out", "wine.html")
    page = (folder / "wine.html").read_text()
    assert "Without a network" in page and "boosted trees" in page
    assert (folder / FILE).stat().st_mtime_ns == written
    assert baseline_runs(folder) == runs

    verified = program.run(folder, "verify", "wine", "--quiet").splitlines()
    assert verified[1] == "  baselines identical: guessing, linear model, boosted trees"
    assert verified[-1] == fingerprint(said)
    program.run(folder, "rm", "wine", "--yes")
    assert baseline_runs(folder) == {}


def test_a_short_search_fits_none_and_a_report_does(program: Preloaded, folder: Path) -> None:
    said = program.run(folder, "search", "wine.yaml")
    assert "without a network" not in said
    fitted = "guessing, a linear model and boosted trees are not fitted yet"
    assert fitted in said
    assert "; the HTML report compares with them\n" in said
    assert said.count("dnnsearch report wine\n") == 1
    assert not (folder / FILE).exists()
    program.run(folder, "report", "wine", "--out", "wine.html")
    assert "boosted trees" in (folder / "wine.html").read_text()
    assert (folder / FILE).is_file()
    assert set(baseline_runs(folder)) == {"guessing", "linear model", "boosted trees"}
    again = program.run(folder, "search", "wine.yaml", "--trials", "7")
    assert "without a network, dev_accuracy:" in again
    assert fitted not in again


@pytest.mark.parametrize(
    ("best", "better"),
    [(0.95, ""), (0.7, "boosted trees are"), (0.5, "a linear model and boosted trees are")],
)
def test_a_baseline_that_beats_the_best_trial_is_named(best: float, better: str) -> None:
    values = {"guess": 0.4, "linear": 0.6, "trees": 0.8}
    figures = {name: {"dev_accuracy": {"value": value}} for name, value in values.items()}
    last = list(baselines_text.lines(Baselines(figures), "dev_accuracy", best))[-1]
    note = f"  note: {better} better than the best trial, by the value on dev"
    assert last == (note if better else "  boosted trees  0.8000")


def test_a_baseline_is_not_called_better_if_its_interval_has_the_best_trial() -> None:
    figures = {
        "guess": {"dev_cost": {"value": 0.7}},
        "linear": {"dev_cost": {"value": 0.444, "low": 0.42, "high": 0.468}},
        "trees": {"dev_cost": {"value": 0.3, "low": 0.28, "high": 0.32}},
    }
    *_, clear, alike = baselines_text.lines(Baselines(figures), "dev_cost", 0.445)
    assert clear == "  note: boosted trees are better than the best trial, by the value on dev"
    assert alike == (
        "  note: a linear model is as good as the best trial, whose value lies within the 95 % "
        "interval"
    )


@pytest.mark.parametrize(
    ("best", "said"),
    [
        (0.1, "the best trial is better than boosted trees: its value lies outside of the 95 % "),
        (0.29, "the best trial and boosted trees are not distinguishable: the best trial's value "),
    ],
)
def test_a_best_trial_that_is_ahead_is_compared_with_the_best_baseline(
    best: float, said: str
) -> None:
    figures = {
        "guess": {"dev_cost": {"value": 0.7, "low": 0.6, "high": 0.8}},
        "linear": {"dev_cost": {"value": 0.444, "low": 0.42, "high": 0.468}},
        "trees": {"dev_cost": {"value": 0.3, "low": 0.28, "high": 0.32}},
    }
    (note,) = baselines_text.notes(Baselines(figures), "dev_cost", best)
    assert note.startswith(said)
    assert list(baselines_text.notes(Baselines(figures), "dev_cost", None)) == []


def test_baselines_that_differ_are_a_note_and_never_fail_a_verification(
    program: Preloaded, folder: Path
) -> None:
    program.run(folder, "search", "wine.yaml", planted=AT_ONCE)
    path = folder / FILE
    whole = path.read_text()
    path.write_text(whole.replace('"value"', '"valve"', 1))
    shown = program.run(folder, "show", "wine")
    assert "without a network" not in shown
    said = program.run(folder, "verify", "wine", "--quiet")
    assert "baselines.json is damaged or of other data: it is not used" in said

    path.write_text(whole)
    other = """
import dnnsearch.study.baselines.baseline_fitting as fitting
fitting.BASELINES["linear"] = fitting.BASELINES["trees"]
"""
    said = program.run(folder, "verify", "wine", "--quiet", planted=other)
    assert "note: " in said and ": linear model has the " in said
    assert "the verdict does not depend on it" in said


def test_a_search_does_not_wait_long_and_says_which_command_fits_them(
    program: Preloaded, folder: Path
) -> None:
    impatient = AT_ONCE.replace("= 300.0", "= 0.001")
    said = program.run(folder, "search", "wine.yaml", planted=impatient)
    assert said.count("boosted trees") == 1
    assert "because a search does not wait long for them; the HTML report" in said
    assert " report wine\n" in said
    assert not (folder / FILE).exists()


def test_baselines_that_fail_do_not_fail_the_search(program: Preloaded, folder: Path) -> None:
    broken = AT_ONCE + "\nimport sklearn.ensemble\nsklearn.ensemble.__dict__.clear()\n"
    said = program.run(folder, "search", "wine.yaml", planted=broken)
    assert "no baselines: the process that fits the baselines failed" in said
    assert "\nfingerprint " in said  # beside it the process leaves its traceback, at any time
