"""Covers `new --search` as a user starts it: from a file to a search and to predictions."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import yaml

from tests.cli.conftest import Command
from tests.support.csv_tables import rows, written


def test_what_the_table_advises_is_a_command_that_drafts_again(
    command: Command, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    once = rows(100).drop(columns="id").assign(label=["no", "yes"] * 50)
    name = written(pd.concat([once, once]), "my data.csv")
    _, said, _ = command("new", name, "--target", "label", "--set", "split.test=0.3")
    given = "dnnsearch new 'my data.csv' --target label --set=split.test=0.3 --name my_data-b"
    advice = "split.equal_rows=together"
    assert f"\n(1): {given} --set {advice}\n" in said
    assert "; (1) keeps them in one part" in " ".join(said.split())
    assert said.count(f"--set {advice}") == 1
    assert command(*shlex.split(given)[1:], "--set", advice)[0] == 0
    trials = yaml.safe_load(Path("configs/my_data.yaml").read_text())["trials"]
    assert f"it has {trials} trials; how long they take on this machine: dnnsearch search " in said
    assert "equal_rows: together" in Path("configs/my_data-b.yaml").read_text()
    Path("configs/my_data.yaml").unlink()
    assert " --name my_data-c --set " in command(*shlex.split(given)[1:-2])[1]


def test_the_command_ends_in_a_search_and_the_trial_predicts_raw_rows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame = rows(80).assign(label=["no way", "of course"] * 40)
    command = [sys.executable, "-m", "dnnsearch", "new", written(frame), "--target", "label"]
    settings_ = ["trials=2", "replicates=1", "iterations=40", "tracking=none", "workers=1"]
    command += ["--search", *(f"--set={setting}" for setting in settings_)]
    environment = {**os.environ, "DNNSEARCH_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "written to configs/data.yaml; searching it now\n" in done.stdout
    assert "dnnsearch search configs" not in done.stdout
    assert "best: trial" in done.stdout
    (tmp_path / "data.csv").unlink()
    import dnnsearch

    predicted = dnnsearch.load("data/0").predict(frame)
    assert set(predicted) <= {"no way", "of course"}
    assert dnnsearch.load("data/0").predict_proba(frame[["x", "city", "z"]]).shape == (80, 2)
