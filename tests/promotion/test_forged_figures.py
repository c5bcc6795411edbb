"""A test figure that was forged in the database is found by `promote`, `verify` and `retune`."""

import json
import re
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dnnsearch
from dnnsearch.deployment.champion import champion_path
from dnnsearch.errors import UserError
from dnnsearch.models import model_file
from dnnsearch.models.conformal import Conformal
from dnnsearch.models.ensemble import Model
from dnnsearch.promotion.candidates import memo
from dnnsearch.study.evaluation_log import EvaluationLog
from dnnsearch.study.stored_study import open_study
from tests.promotion.conftest import OLDER, SMALL, Promote
from tests.support.preloaded import Preloaded

QUIET = ("--quiet", "--workers=1")
Change = Callable[[dict[str, Any]], object]


def forged(folder: Path, change: Change) -> None:
    """Change the study's first log entry by SQL, as a person with a database tool would."""
    with sqlite3.connect(folder / "optuna.db") as database:
        where = (
            "WHERE key = 'openings' AND study_id = "
            "(SELECT study_id FROM studies WHERE study_name = 'clean')"
        )
        (text,) = database.execute(
            f"SELECT value_json FROM study_user_attributes {where}"
        ).fetchone()
        entries = json.loads(text)
        change(entries[0])
        database.execute(
            f"UPDATE study_user_attributes SET value_json = ? {where}", [json.dumps(entries)]
        )
    database.close()


def better(entry: dict[str, Any]) -> None:
    entry["figures"]["ensemble"].update(value=0.9925, low=0.97, high=0.999)


def better_twice(entry: dict[str, Any]) -> None:
    """As a person who knows that the log has the figure twice, with its interval."""
    better(entry)
    entry["metrics"]["dev_accuracy"].update(entry["figures"]["ensemble"])


def openings(folder: Path) -> list[dict[str, Any]]:
    return EvaluationLog(open_study("clean", f"sqlite:///{folder}/optuna.db").rows).entries


def test_verify_repeats_a_promotion_and_prints_the_champions_fingerprint(
    program: Preloaded, promoted: dict, folder: Path
) -> None:
    said = promoted
    before = openings(folder)
    lines = program.run(folder, "verify", "clean", *QUIET).splitlines()
    assert lines[0] == "clean identical: 6 trials"
    assert lines[1] == (
        f"  promotion of trial {said['trial']} identical: 3 configurations confirmed, 4 networks "
        "refitted and scored on 100 test examples"
    )
    assert lines[2].startswith("  baselines on the test set identical: linear model, ")
    assert [line.split()[0] for line in lines[3:]] == ["champion", "fingerprint"]
    assert openings(folder) == before  # a verification is no opening
    assert program.run(folder, "fingerprint", "clean").splitlines() == [
        lines[3],
        lines[4].split()[1],
    ]
    assert len(program.run(folder, "fingerprint", "clean", "--trials", "3").splitlines()) == 1
    for path in memo(open_study("clean", f"sqlite:///{folder}/optuna.db")).paths():
        path.unlink()  # the log alone is enough
    assert program.run(folder, "verify", "clean", *QUIET).splitlines() == lines
    program.run(folder, "search", "clean.yaml", "--trials", "8")
    longer = program.run(folder, "verify", "clean", *QUIET).splitlines()
    assert longer[0] == "clean identical: 8 trials"
    assert longer[1:3] == lines[1:3]  # the candidates of the shorter study


def test_a_forged_figure_is_not_printed_and_verify_names_it(
    program: Preloaded, promote: Promote, promoted: dict, folder: Path
) -> None:
    true = promoted["test"]
    forged(folder, better)
    lines = program.run(folder, "verify", "clean", *QUIET, code=1).splitlines()
    was, now = "is 0.9925 in the log", f"again it is {true['ensemble']['value']:.6g}"
    assert lines[0].startswith("clean different: the promotion of trial ")
    assert f"the test figure of the ensemble {was}, and evaluated {now}" in lines[0]
    assert lines[1] == "  its trials: identical"
    said = promote("clean")
    assert said["test"] == true
    (warning,) = (line for line in said["lines"] if line.startswith("WARNING"))
    assert f"the test figure of the ensemble {was}, and evaluated {now}; the latter" in warning
    assert warning.endswith("verify clean")
    (entry,) = openings(folder)
    assert entry["figures"] == true
    assert entry["damaged"]["ensemble"]["value"] == 0.9925
    again = promote("clean")
    assert again["test"] == true
    assert not any("WARNING" in line for line in again["lines"])
    assert "clean identical" in program.run(folder, "verify", "clean", *QUIET)


FORGERIES = [
    (better, "the log has two test figures of dev_accuracy"),
    (better_twice, "the test figure of the ensemble is 0.9925 in the log, and evaluated again"),
    (
        lambda entry: entry["figures"]["single"].update(value=0.999, high=0.99),
        "a test figure in the log is not within its own interval",
    ),
    (lambda entry: entry["figures"].pop("guess"), "a test figure in the log is damaged"),
]


@pytest.mark.usefixtures("promoted")
@pytest.mark.parametrize(("change", "words"), FORGERIES)
def test_what_is_wrong_with_a_forged_figure_is_said(
    folder: Path, change: Change, words: str
) -> None:
    forged(folder, change)
    with pytest.raises(UserError, match=re.escape(words)):
        dnnsearch.cite("clean")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(*one, marks=() if one[0] == better_twice else pytest.mark.proof)
        for one in FORGERIES
    ],
)
def test_a_forged_figure_is_neither_cited_locked_nor_exported_and_a_report_marks_it(
    program: Preloaded, promote: Promote, promoted: dict, folder: Path, change: Change, words: str
) -> None:
    true = promoted["test"]
    forged(folder, change)
    for command in ("cite", "lock", "export"):
        said = program.run(folder, command, "clean", code=2).splitlines()[-1]
        assert words in said
        assert said.startswith("error: study clean: the log of its test set, trial ")
        assert said.endswith("promote clean --top 3 --replicates 4")
    assert not list(folder.glob("clean.*lock")) + list(folder.glob("*.dnnstudy"))
    program.run(folder, "report", "clean", "--quiet")
    page = (folder / "report-clean.html").read_text()
    assert words in page
    assert "This is not what the networks have" in page
    assert promote("clean")["test"] == true  # as the line says
    assert f"{true['ensemble']['value']:.4f}" in program.run(folder, "cite", "clean")


@pytest.mark.usefixtures("promoted")
def test_without_data_a_citation_says_that_the_figure_is_not_scored_again(folder: Path) -> None:
    assert "as the log has it" not in dnnsearch.cite("clean").text
    (folder / "clean.csv").unlink()
    said = "as the log has it: the records of its networks, or the data, are not here to score it"
    assert said in dnnsearch.cite("clean").text


def test_a_forged_baseline_is_reported_and_is_no_failure(
    program: Preloaded, promote: Promote, promoted: dict, folder: Path
) -> None:
    true = promoted["baselines"]
    for change, words in (
        (lambda entry: entry["baselines"]["linear"]["dev_accuracy"].update(value=0.1), "0.1 of "),
        (lambda entry: entry["baselines"].pop("trees"), "boosted trees is not there; the verdict"),
    ):
        forged(folder, change)
        lines = program.run(folder, "verify", "clean", *QUIET).splitlines()
        (note,) = (line for line in lines if line.startswith("  note: promotion of trial "))
        assert words in note
        assert note.endswith("; the verdict does not depend on it")
        assert promote("clean")["baselines"] == true == openings(folder)[0]["baselines"]


def test_a_forged_figure_of_another_promotion_of_the_study_is_corrected_too(
    promote: Promote, promoted: dict, folder: Path
) -> None:
    true = promoted["test"]
    forged(folder, better)
    said = promote("clean", "--replicates", "2")
    assert said["openings"][0]["figures"] == true
    assert sum("WARNING" in line for line in said["lines"]) == 1


@pytest.mark.usefixtures("promoted")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda entry: entry.update(outputs="0" * 64), "as the digest of the test outputs"),
        (lambda entry: entry.update(model="0" * 64), "the log has a refit 000000000000..."),
        pytest.param(
            lambda entry: entry.update(candidates=[0, 1, 2]),
            "the log has the candidates [0, 1, 2]",
            marks=pytest.mark.proof,
        ),
        (lambda entry: entry["figures"].pop("single"), "figure of one network is None in the log"),
        pytest.param(
            lambda entry: entry["single_metrics"]["dev_cost"].update(value=0.0001, low=0.0),
            "the test figure of one network, dev_cost is 0.0001 in the log, and evaluated again",
            marks=pytest.mark.proof,
        ),
        (lambda entry: entry.clear() or entry.update(other), "is not what any promotion in the lo"),
    ],
)
def test_whatever_is_changed_in_the_log_is_named(
    program: Preloaded, folder: Path, change: Change, words: str
) -> None:
    forged(folder, change)
    assert words in program.run(folder, "verify", "clean", *QUIET, code=1).splitlines()[0]


other = {"when": "2026-01-01 00:00:00", "trial": 0, "model": "0" * 64, "test": "0" * 33}


def test_a_forged_figure_of_another_metric_is_named_and_corrected(
    program: Preloaded, promote: Promote, promoted: dict, folder: Path
) -> None:
    true = promoted["metrics"]
    forged(folder, lambda entry: entry["metrics"]["dev_roc_auc"].update(low=0.999))
    said = program.run(folder, "verify", "clean", *QUIET, code=1)
    assert "the test figure of the lower end of dev_roc_auc is 0.999 in the log" in said
    again = promote("clean")
    assert again["metrics"] == true == openings(folder)[0]["metrics"]
    assert sum("WARNING" in line for line in again["lines"]) == 1


def weights(model: Model) -> Model:
    model.parameters.flat[0, 0] += 1e-3
    return model


def score(model: Model) -> Model:
    assert model.conformal is not None
    return replace(model, conformal=Conformal(model.conformal.scores * 0.99), _lock=Lock())


def classes(model: Model) -> Model:
    return replace(model, classes=model.classes[::-1].copy(), _lock=Lock())


@pytest.mark.usefixtures("promoted")
def test_a_champion_with_other_weights_answers_or_scores_for_intervals_is_named(
    program: Preloaded, folder: Path
) -> None:
    study = open_study("clean", f"sqlite:///{folder}/optuna.db")
    path = champion_path(study)
    true = path.read_bytes()
    for change, words in (
        (weights, "is not what any promotion in the log makes again"),
        (classes, "its classes, columns or scales are not those of the data"),
        (score, "its scores for intervals are not those of dev"),
    ):
        path.write_bytes(model_file.encode(change(model_file.decode(true, "true"))))
        study.rows.set_attribute("champion", [model_file.digest(path.read_bytes())])
        said = program.run(folder, "verify", "clean", *QUIET, code=1)
        assert "different: the champion " in said.splitlines()[0]
        assert words in said.splitlines()[0]


@pytest.mark.proof
def test_a_study_of_before_goes_on_and_a_forged_figure_of_it_is_found(
    program: Preloaded, promote: Promote, folder: Path
) -> None:
    said = promote("clean", planted=OLDER)
    old = {name: openings(folder)[0][name] for name in ("when", "trial", "model", "test")}
    figures = said["test"]
    forged(folder, lambda entry: entry.clear() or entry.update(old, figures=figures))
    lines = program.run(folder, "verify", "clean", *QUIET).splitlines()
    assert lines[1] == (
        f"  promotion of trial {said['trial']} identical: 4 networks refitted and scored on 100 "
        "test examples; which were confirmed is not in the log"
    )
    assert lines[2].startswith("champion ")
    forged(folder, better)
    assert "is 0.9925 in the log" in program.run(folder, "verify", "clean", *QUIET, code=1)
    assert promote("clean", planted=OLDER)["test"] == figures  # and the log has everything now
    assert {"rows", "outputs", "candidates", "file", "damaged"} <= set(openings(folder)[0])
    forged(folder, lambda entry: entry.clear() or entry.update(old, figures=figures))
    for path in memo_paths(folder):
        path.unlink()
    lines = program.run(folder, "verify", "clean", *QUIET).splitlines()
    assert lines[1].startswith(f"  note: promotion of trial {said['trial']}: not repeated, because")
    assert lines[2].startswith("fingerprint ")


def memo_paths(folder: Path) -> list[Path]:
    return memo(open_study("clean", f"sqlite:///{folder}/optuna.db")).paths()


def test_a_retuning_does_not_take_a_forged_figure_as_the_old_one(
    program: Preloaded, promoted: dict, folder: Path
) -> None:
    true = promoted["test"]
    forged(folder, better)
    table = pd.read_csv(folder / "clean.csv")
    rng = np.random.default_rng(3)
    table["age"] = (table["age"] + rng.normal(0, 1, len(table))).round(3)
    table.to_csv(folder / "new.csv", index=False)
    said = program.run(folder, "retune", "clean", "--data", "new.csv", "--trials", "3", *SMALL[:-1])
    assert "the log of study clean: the test figure of the ensemble is 0.9925 in the log" in said
    assert f"its score was {true['ensemble']['value']:.4f} when it was promoted" in said


def test_promote_refuses_a_forged_value_of_a_trial_and_opens_nothing(
    program: Preloaded, promote: Promote, folder: Path
) -> None:
    with sqlite3.connect(folder / "optuna.db") as database:
        database.execute(
            "UPDATE trial_values SET value = 0.9999 WHERE trial_id = (SELECT trial_id FROM trials "
            "JOIN studies USING (study_id) WHERE study_name = 'clean' AND number = 1)"
        )
    database.close()
    command = ("promote", "clean", *SMALL)
    said = program.run(folder, *command, code=2)
    assert "trial 1 of study clean: Optuna's row: value is 0.9999, and the record has" in said
    assert openings(folder) == []
