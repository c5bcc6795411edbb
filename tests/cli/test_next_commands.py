"""Covers the commands that a search prints at its end: each one works when it is pasted."""

import re
import shlex
from pathlib import Path

import pytest

from dnnsearch.cli.next_commands import command_on, next_commands
from dnnsearch.config.config import Config, load_config
from tests.support.preloaded import Preloaded

ELSEWHERE = ("--storage=sqlite:///else where.db", "--set=tracking=none", "--workers=1")


def test_commands_find_a_study_in_another_storage(program: Preloaded, tiny: Path) -> None:
    output = program.run(tiny, "search", "tiny.yaml", *ELSEWHERE, "--trials=1", "--quiet")
    found = re.findall(r"^  .*: +dnnsearch (.*)$", output, re.MULTILINE)
    assert [line.split()[0] for line in found] == [
        "show",
        "report",
        "promote",
        "best",
        "explain",
        "rerun",
    ]
    assert "  model to predict with:  dnnsearch promote" in output
    assert output.count("dnnsearch report") == 1
    assert "not fitted yet" in output and "; the HTML report compares with them\n" in output
    for line in [found[0], *found[3:]]:
        program.run(tiny, *shlex.split(line))  # fails unless it ends with 0


CSV_STUDY = """
data: {file: members.csv, target: joined}
trials: 1
tracking: none
learning_rate: 0.1
iterations: 200
hidden_layers: 1
units: 4
activation: relu
momentum: 0.9
batch_size: 16
"""


def pasted(output: str) -> list[list[str]]:
    """Return the arguments of the commands that the output offers."""
    found = re.findall(r"^  [^:]*: +dnnsearch (.*)$", output, re.MULTILINE)
    return [shlex.split(line.replace("ROWS.csv", "rows.csv")) for line in found]


def test_after_an_import_commands_that_need_absent_data_are_apart(
    program: Preloaded, tmp_path: Path
) -> None:
    sender, here = tmp_path / "sender", tmp_path / "here"
    sender.mkdir()
    here.mkdir()
    rows = "".join(f"{n % 45},{n % 7},{'yes' if n % 45 < 22 else 'no'}\n" for n in range(180))
    (sender / "members.csv").write_text(f"age,visits,joined\n{rows}")
    (sender / "members.yaml").write_text(CSV_STUDY)
    program.run(sender, "search", "members.yaml", "--workers=1", "--quiet")
    program.run(sender, "export", "members", str(here / "members.dnnstudy"), "--quiet")
    (here / "rows.csv").write_text("age,visits\n5,2\n")
    empty = {"DNNSEARCH_CACHE": str(here / "cache")}
    output = program.run(here, "import", "members.dnnstudy", "--tracking=none", **empty)
    ready, later = map(pasted, output.split("once its data are here, as members.csv:\n"))
    assert [line[0] for line in ready] == ["show", "predict", "best", "report"]
    assert [line[0] for line in later] == ["verify", "promote", "explain", "rerun"]
    for line in ready:
        program.run(here, *line, **empty)
    for line in later:
        refused = program.run(here, *line, code=2, **empty)
        assert "data: there is no file members.csv" in refused
    (here / "members.csv").write_bytes((sender / "members.csv").read_bytes())
    for line in later:
        program.run(here, *line, **empty)


@pytest.mark.parametrize(
    ("tracking", "shown"),
    [
        ("sqlite:///mlflow.db", "dnnsearch ui"),
        ("sqlite:///my runs.db", "dnnsearch ui --tracking 'sqlite:///my runs.db'"),
        ("http://ann:secret@mlflow:5000", "http://ann@mlflow:5000"),
    ],
)
def test_mlflow_is_named_with_its_place(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, tracking: str, shown: str
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    config = load_config(tiny / "tiny.yaml", [f"tracking={tracking}"])
    assert next_commands(config, "tiny", None) == [f"  compare all in MLflow:  {shown}"]


def test_a_study_with_a_champion_is_followed_by_what_uses_it_in_place_of_promote(
    tiny: Path,
) -> None:
    config = load_config(tiny / "tiny.yaml", ["data=wine"])
    found = [line.split()[0] for line in pasted_commands(config, 2)]
    assert found == ["show", "report", "predict", "serve", "retune", "best", "explain", "rerun"]
    lines = next_commands(config, "tiny", 3, 2)
    known = "  predict rows it knows:  dnnsearch predict tiny wine --out wine-answers.csv"
    assert known in lines  # it learnt most of them
    assert [line.split()[0] for line in pasted_commands(config, None)][2] == "promote"


def pasted_commands(config: Config, champion: int | None) -> list[str]:
    lines = next_commands(config, "tiny", 3, champion)
    return [line.partition("dnnsearch ")[2] for line in lines if "dnnsearch ui" not in line]


def test_no_password_of_a_storage_is_printed(tiny: Path) -> None:
    config = load_config(tiny / "tiny.yaml", ["storage=postgresql://ann:secret@host/studies"])
    assert "secret" not in command_on("best", config, "tiny")
