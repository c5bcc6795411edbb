"""What a paper says of a study."""

import json
from pathlib import Path

import dnnsearch
from tests.cli.conftest import Command


def test_a_study_that_was_not_promoted_has_a_figure_that_is_called_optimistic(
    tiny: Path, command: Command
) -> None:
    code, said, errors = command("cite", "tiny")
    assert (code, errors) == (0, "")
    text, _, *table = said.splitlines()
    best = dnnsearch.best("tiny")
    fingerprint = dnnsearch.fingerprint("tiny")
    assert f"The best trial, {best.number}, has dev_accuracy {best.value:.4f} (95 %: " in text
    assert "so this is optimistic (not promoted; no test row was used; the interval covers " in text
    assert "the interval covers the dev rows, not new seeds)" in text
    assert f"fingerprint of the study is {fingerprint}, and `dnnsearch verify tiny`" in text
    assert "learning_rate from 0.01 to 10000 (log)" in text
    assert "5 trials: 3 finished, 1 diverged, 1 failed, seeds: study 0, split 0" in text
    assert "numerics portable" in text
    assert "(split: dev 0.2, test 0.2)" in text
    markdown, latex = table[:3], table[4:]
    assert [line.count("|") for line in markdown] == [9, 9, 9]
    assert markdown[2].startswith(r"| tiny | learning\_rate from 0.01 to 10000 (log); ")
    assert markdown[2].endswith(f"| {fingerprint[:12]} |")
    assert latex[0].count("&") == latex[2].count("&") == 7
    assert r"dev\_accuracy" in latex[2]
    assert r"(95 \%: " in latex[2]
    assert latex[2].endswith(r" \\")


def test_python_and_json_have_the_same_parts(tiny: Path, command: Command) -> None:
    document = json.loads(command("cite", "tiny", "--json")[1])
    found = dnnsearch.cite("tiny")
    assert found.document == document
    assert found.text == " ".join(document["sentences"])
    assert found.latex.splitlines()[-1] == document["latex"][-1]
    assert document["figure"]["low"] < document["figure"]["value"] < document["figure"]["high"]


def test_a_study_that_is_not_there_is_one_line(command: Command, tiny: Path) -> None:
    code, said, errors = command("cite", "nothing")
    assert (code, said) == (2, "")
    assert errors.startswith("error: there is no study nothing")
