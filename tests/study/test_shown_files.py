"""What MLflow shows of the best trials beside their records, after a real search."""

from pathlib import Path

import pytest
import yaml

import dnnsearch
from dnnsearch.data.prepare import prepare
from dnnsearch.storage.array_store import ArrayStore, default_root
from dnnsearch.study.leaderboard.ranking import leaderboard
from dnnsearch.study.shown_files import MAX_BEST, shown_files
from dnnsearch.study.stored_study import IDENTITY, open_study
from dnnsearch.tracking.read_runs import find_trial
from tests.study.test_search import CONFIG

TEXTS = {"README.md", "config.yaml", "curves.svg", "confusion_matrix.svg"}
EXTRA = "metrics: [dev_f1]\n"


def artifacts(number: int) -> set[str]:
    identity = open_study("wine", "sqlite:///optuna.db").attributes[IDENTITY]
    run = find_trial(f"sqlite:///{Path.cwd()}/mlflow.db", "wine", "wine", number, identity)
    assert run is not None
    (folder,) = Path("mlruns").glob(f"*/{run.run_id}/artifacts")
    return {path.name for path in folder.iterdir()}


@pytest.mark.usefixtures("forked_calls")
def test_the_best_few_trials_have_pictures_a_config_and_a_readme(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    Path("wine.yaml").write_text(CONFIG + EXTRA)
    dnnsearch.search("wine.yaml", trials=5, workers=2, quiet=True)
    opened = open_study("wine", "sqlite:///optuna.db")
    ranked = [row.number for row in leaderboard(opened).ranked]
    best, others = ranked[:MAX_BEST], ranked[MAX_BEST:]
    assert others
    for number in best:
        assert artifacts(number) == {*TEXTS, "record.zip"}
    for number in others:
        assert artifacts(number) == {"record.zip"}
    prepared = prepare(opened.config, ArrayStore(default_root()))
    files = shown_files(opened, prepared, also=others[:1])
    assert files.keys() == {*best, others[0]}
    config = yaml.safe_load(files[best[0]]["config.yaml"])
    assert config["learning_rate"] == opened.trials()[best[0]].params["learning_rate"]
    record = opened.record(best[0])
    matrix = files[best[0]]["confusion_matrix.svg"].decode()
    assert f"{record.arrays['dev_predictions'].shape[1]} dev rows" in matrix
    assert f"rerun wine/{best[0]}" in files[best[0]]["README.md"].decode()


@pytest.mark.usefixtures("forked_calls")
def test_a_study_that_is_not_tracked_makes_no_pictures(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("wine.yaml").write_text(CONFIG)
    dnnsearch.search("wine.yaml", trials=1, workers=1, overrides={"tracking": "none"}, quiet=True)
    assert not Path("mlruns").exists()
    opened = open_study("wine", "sqlite:///optuna.db")
    assert shown_files(opened)[0].keys() == TEXTS - {"confusion_matrix.svg"}  # no names of classes
