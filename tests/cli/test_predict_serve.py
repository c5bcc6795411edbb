"""Covers `predict` and `serve` as commands."""

import io
import socket
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from dnnsearch.models import model_file
from tests.cli.conftest import Command
from tests.support.models import members, people


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))
    model_file.write(Path("members.dnn"), members())
    people(5, seed=3).to_csv("people.csv", index=False)
    return tmp_path


def test_predict_prints_csv_if_no_file_is_given(folder: Path) -> None:
    command = [sys.executable, "-m", "dnnsearch", "predict", "members.dnn", "people.csv"]
    printed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    table = pd.read_csv(io.StringIO(printed))
    assert table["probability_yes"].tolist() == pytest.approx(
        members().outputs(people(5, seed=3))[:, 0].tolist(), rel=1e-6
    )  # in this process numerics are not pinned


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["members.dnn", "none.csv"], "there is no file none.csv"),
        (["members.dnn", "people.csv", "--out", "no/where.csv"], "there is no folder no"),
        (["members.dnn", "people.csv", "--out", "people.pdf"], "must end in one of .csv"),
        (["members.dnn", "people.csv", "--missing", "guess"], "missing must be one of refuse"),
        (["gone.dnn", "people.csv"], "there is no file gone.dnn"),
    ],
)
def test_an_error_of_predict_is_one_line_with_exit_code_2(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, arguments, reason
) -> None:
    monkeypatch.setattr("dnnsearch.cli.predict.pin", lambda numerics: None)
    before = sorted(Path().iterdir())
    code, out, errors = command("predict", *arguments)
    assert (code, out, errors.count("\n")) == (2, "", 1)
    assert reason in errors
    assert sorted(Path().iterdir()) == before


def test_serve_names_a_port_that_is_taken(command: Command, folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, _, errors = command("serve", "members.dnn", "--port", str(port))
    assert (code, f"add --port {port + 1}" in errors) == (2, True)
