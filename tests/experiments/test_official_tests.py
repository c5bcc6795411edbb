"""One real run on a small set of the same form, and the report."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import official_tests as experiment
from experiments import tables_report


@pytest.mark.proof
@pytest.mark.usefixtures("forked_calls")
def test_a_study_is_measured_once_and_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    x = np.random.default_rng(0).normal(size=(120, 2))
    frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "good": np.where(x.sum(1) > 0, "yes", "no")})
    frame[:60].to_csv(tmp_path / "known.csv", index=False)
    frame[60:].to_csv(tmp_path / "official.csv", index=False)
    small = experiment.Set("known.csv", "good", "official.csv", experiment.Goal(0.9, 0.8, 0.3, 0.4))
    monkeypatch.setattr(experiment, "SETS", {"small": small})  # adult takes minutes
    promote = partial(experiment.dnnsearch.promote, top=1, replicates=2)
    monkeypatch.setattr(experiment.dnnsearch, "promote", promote)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "none")
    out = tmp_path / "out.jsonl"
    command = ["--data", str(tmp_path), "--seeds=1", "--trials=2", "--workers=1", f"--out={out}"]
    experiment.main(command)
    row = tables_report.read(out)["small", 0, "dnnsearch"]
    assert row["accuracy"] > 0.8
    assert row["log_loss"] < 0.5
    capsys.readouterr()
    experiment.main(command)
    assert capsys.readouterr().out == ""
    assert f" {row['accuracy']:.4f} " in experiment.paragraphs([row])[0]
