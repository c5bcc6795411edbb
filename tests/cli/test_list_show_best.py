"""Covers `list`, `show`, `best` and `fingerprint` on a study that a search has written."""

import csv
import io
import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

import dnnsearch
from dnnsearch.config.config import parse_config
from tests.cli.conftest import Command

pytestmark = pytest.mark.usefixtures("tiny")


def test_list_shows_the_studies_with_their_best_values(command: Command) -> None:
    _, output, _ = command("list")
    assert re.search(
        r"^tiny +dev_accuracy +0\.\d{4} +\d +5 trials: 3 finished, ", output, re.MULTILINE
    )


def test_list_in_an_empty_folder_is_not_an_error_and_leaves_it_empty(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert command("list") == (0, "no study yet in sqlite:///optuna.db\n", "")
    assert list(Path().iterdir()) == []


def test_show_has_one_line_for_each_trial(command: Command) -> None:
    _, output, _ = command("show", "tiny")
    assert output.startswith("study tiny, 5 trials: 3 finished, 1 diverged, 1 failed\n")
    assert len(re.findall(r"^ +\d  (finished|diverged|failed) ", output, re.MULTILINE)) == 5
    assert "... and 4 more" in command("show", "tiny", "--top", "1")[1]


def test_show_writes_every_trial_to_a_file_or_to_the_screen(command: Command) -> None:
    assert command("show", "tiny", "--csv", "tiny.csv") == (0, "5 trials written to tiny.csv\n", "")
    _, output, _ = command("show", "tiny", "--csv", "-")
    assert Path("tiny.csv").read_text() == output
    rows = list(csv.DictReader(io.StringIO(output)))
    assert [row["state"] for row in rows] == [
        *("finished", "diverged", "finished", "failed", "finished")
    ]
    assert rows[3]["reason"] == "MemoryError: a planted accident"


def test_show_prints_one_trial_in_full(command: Command) -> None:
    best = json.loads(command("show", "tiny", "--json", "-")[1])
    rows = {row["trial"]: row for row in best}
    code, output, _ = command("show", "tiny/2")
    assert code == 0
    assert output.startswith("trial tiny/2: finished")
    assert f"dev_accuracy           {rows[2]['dev_accuracy']:.4f} ± " in output
    assert re.search(r"^  ended +after all its updates, \d+$", output, re.MULTILINE)
    assert re.search(r"^metrics after \d+ updates:$", output, re.MULTILINE)
    assert re.search(rf"^  dev_cost +{rows[2]['final_dev_cost']:.6g}$", output, re.MULTILINE)
    searched, fixed = output.split("hyperparameters, searched:")[1].split("hyperparameters, fixed:")
    assert re.search(rf"^  learning_rate +{rows[2]['learning_rate']:.6g}$", searched, re.MULTILINE)
    assert "units                  8-5" in searched + fixed
    assert f"digest {rows[2]['digest']}" in output
    assert "train it again:         dnnsearch rerun tiny/2" in output
    assert re.search(r"^  predict .*dnnsearch predict tiny/2 ", output, re.MULTILINE)
    assert max(map(len, output.splitlines())) <= 80


def test_show_says_why_a_trial_has_no_value(command: Command) -> None:
    assert "ended                  MemoryError: a planted accident" in command("show", "tiny/3")[1]
    diverged = command("show", "tiny/1")[1]
    assert re.search(
        r"^  ended +its cost was no longer finite after \d+ of", diverged, re.MULTILINE
    )
    assert "dnnsearch predict" not in diverged


def test_show_writes_the_row_of_one_trial(command: Command) -> None:
    (row,) = json.loads(command("show", "tiny/2", "--json", "-")[1])
    assert row in json.loads(command("show", "tiny", "--json", "-")[1])
    (written,) = csv.DictReader(io.StringIO(command("show", "tiny/2", "--csv", "-")[1]))
    assert written["trial"] == "2"
    assert dnnsearch.show("tiny/2")["digest"].tolist() == [row["digest"]]


def test_show_filters_and_sorts(command: Command) -> None:
    _, output, _ = command("show", "tiny", "--state", "finished", "--sort", "-learning_rate")
    assert "; 3 of them match" in output
    written = command("show", "tiny", "--where", "units=8-5", "--csv", "-")[1]
    assert [row["trial"] for row in csv.DictReader(io.StringIO(written))] == ["2"]


def test_show_writes_json_with_every_digit_and_null_for_a_missing_value(command: Command) -> None:
    rows = json.loads(command("show", "tiny", "--json", "-")[1])
    written = list(csv.DictReader(io.StringIO(command("show", "tiny", "--csv", "-")[1])))
    assert [list(row) for row in rows] == [list(row) for row in written]
    assert [repr(row["final_dev_cost"]) for row in rows if row["final_dev_cost"] is not None] == [
        row["final_dev_cost"] for row in written if row["final_dev_cost"]
    ]
    assert rows[3]["dev_accuracy"] is None


def test_show_marks_ties_and_works_without_records(command: Command) -> None:
    rows = json.loads(command("show", "tiny", "--json", "-")[1])
    best = max(rows, key=lambda row: (row["dev_accuracy"] or 0, -row["trial"]))
    assert best["tied"] is False
    assert any(row["tied"] for row in rows)
    assert re.search(
        r"^ +\d  finished  0.\d{4} ± 0.\d{4}  tie ", command("show", "tiny")[1], re.MULTILINE
    )
    shutil.rmtree("records")
    assert "tied" not in json.loads(command("show", "tiny", "--json", "-")[1])[0]


def test_best_prints_a_configuration_that_is_a_valid_config(command: Command) -> None:
    _, output, _ = command("best", "tiny")
    parse_config({"data": "moons", **yaml.safe_load(output)}, "best", "best")


def test_fingerprint_is_the_last_line(command: Command) -> None:
    _, output, _ = command("fingerprint", "tiny")
    assert re.fullmatch(r"[0-9a-f]{64}", output.splitlines()[-1])
    _, shorter, _ = command("fingerprint", "tiny", "--trials", "2")
    assert shorter != output
    assert command("fingerprint", "tiny", "--trials", "5")[1] == output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("show tiny/9", "study tiny has no trial 9"),
        ("show tiny/x", "a trial is STUDY/NUMBER, such as digits/17, but got 'tiny/x'"),
        ("show other/0", "there is no study other; known studies: tiny"),
        ("show tiny tiny/0", "show takes one trial or studies, but got tiny, tiny/0"),
        ("show tiny/0 --state failed", "are for a study, but tiny/0 is a trial"),
        ("show other", "there is no study other; known studies: tiny"),
        ("best tiny --storage sqlite:///no.db", "there is no study yet: no no.db is in /"),
        ("show tiny --storage nonsense", "storage: must be an address such as sqlite:///optuna.db"),
        ("fingerprint tiny --trials 6", "study tiny has no fingerprint of 6 trials: it has 5"),
        ("show tiny --csv no/such/folder.csv", "there is no folder no/such"),
    ],
)
def test_an_unknown_study_trial_or_folder_is_an_error_in_one_line(
    command: Command, arguments: str, message: str
) -> None:
    code, output, errors = command(*arguments.split())
    assert (code, output) == (2, "")
    assert errors.startswith("error: ")
    assert message in errors
    assert errors.count("\n") == 1


def test_the_storage_can_come_from_the_environment(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DNNSEARCH_STORAGE", "sqlite:///no.db")
    assert command("show", "tiny")[0] == 2


ON_STUDIES = (
    "best cite compare explain export fingerprint lock promote publish report rm verify why"
)


@pytest.mark.parametrize("name", ON_STUDIES.split())
def test_a_command_on_a_study_says_that_it_was_given_a_trial(command: Command, name: str) -> None:
    others = ["tiny"] if name == "compare" else []
    code, output, errors = command(name, "tiny/2", *others)
    assert (code, output) == (2, "")
    assert errors == (
        "error: tiny/2 is a trial, and this command takes a study, such as tiny; for one trial: "
        "dnnsearch show tiny/2, or dnnsearch rerun tiny/2\n"
    )
