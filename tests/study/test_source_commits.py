"""The git commits behind a study: in its attributes, in MLflow and in `show`, never in a digest."""

import subprocess
from pathlib import Path

import mlflow
import pytest

import dnnsearch
from dnnsearch.study.source_commits import commit_of, line, tags
from dnnsearch.study.stored_study import open_study
from tests.support.preloaded import Preloaded

CONFIG = """
data: {name: moons, examples: 120, seed: 0}
learning_rate: {low: 0.01, high: 1, log: true}
iterations: 10
hidden_layers: 1
units: 4
activation: relu
momentum: 0.9
batch_size: 32
"""
WHO = ("-c", "user.name=A", "-c", "user.email=a@example.org")


def git(folder: Path, *words: str) -> str:
    said = subprocess.run(
        ["git", *WHO, *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return said.stdout.strip()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit that has a config; it is the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("DNNSEARCH_STORAGE", raising=False)
    (tmp_path / "own.yaml").write_text(CONFIG)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "own.yaml")
    git(tmp_path, "commit", "-qm", "A config")
    return tmp_path


def test_a_tracked_file_has_a_commit_and_says_whether_files_differ(folder: Path) -> None:
    commit, config = git(folder, "rev-parse", "HEAD"), folder / "own.yaml"
    assert commit_of(config) == {"commit": commit, "changed": False}
    (folder / "optuna.db").touch()
    assert commit_of(config) == {"commit": commit, "changed": False}
    assert commit_of(folder / "optuna.db") == {}
    config.write_text(CONFIG + "# another\n")
    assert commit_of(config) == {"commit": commit, "changed": True}


def test_without_git_or_a_repository_or_a_commit_there_is_nothing(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "own.yaml").write_text(CONFIG)
    assert commit_of(other / "own.yaml") == {}
    git(other, "init", "-q")
    git(other, "add", "own.yaml")
    assert commit_of(other / "own.yaml") == {}
    monkeypatch.setenv("PATH", str(other))
    assert commit_of(folder / "own.yaml") == {}


def test_a_monitor_that_a_repository_names_is_not_run(folder: Path) -> None:
    monitor = folder / "monitor.sh"
    monitor.write_text("#!/bin/sh\ntouch ran\n")
    monitor.chmod(0o755)
    git(folder, "config", "core.fsmonitor", str(monitor))
    assert commit_of(folder / "own.yaml")["commit"]
    assert not (folder / "ran").exists()
    git(folder, "status")
    assert (folder / "ran").exists()  # so git would have run it


def test_a_search_notes_the_commits_and_no_fingerprint_covers_them(
    tracked: Preloaded, folder: Path
) -> None:
    search = ("search", "own.yaml", "--workers=1", "--quiet")
    tracked.run(folder, *search, "--trials=2")
    first = git(folder, "rev-parse", "HEAD")
    before = dnnsearch.fingerprint("own")
    tracked.run(folder, *search, "--trials=2")
    (folder / "own.yaml").write_text(CONFIG + "# another\n")
    tracked.run(folder, *search, "--trials=3")
    attributes = open_study("own", "sqlite:///optuna.db").attributes
    noted = [(number, commits["config"]) for number, commits in attributes["sources"]]
    assert noted == [
        (0, {"commit": first, "changed": False}),
        (2, {"commit": first, "changed": True}),
    ]
    assert dnnsearch.fingerprint("own", trials=2) == before
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    (experiment,) = client.search_experiments(filter_string="name = 'own'")
    runs = client.search_runs([experiment.experiment_id], "tags.`dnnsearch.kind` = 'study'")
    (shown,) = [run.data.tags for run in runs]
    assert shown["mlflow.source.git.commit"] == first
    assert shown["mlflow.source.git.dirty"] == "true"
    said = tracked.run(folder, "show", "own")
    assert f"source: config at commit {first[:12]} with changes" in said
    assert "from trial 2 on" in said


def test_a_study_of_before_has_no_line_and_no_tags() -> None:
    assert line({}) == ""
    assert tags({}) == {}
