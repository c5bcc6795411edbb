"""Whole promotions by the real command, of a table with numbers and categories."""

import json
import re
import shlex
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dnnsearch
from dnnsearch import UserError
from dnnsearch.deployment.champion import champion_path, no_champion
from dnnsearch.models import model_file
from dnnsearch.promotion.candidates import memo
from dnnsearch.study.evaluation_log import EvaluationLog
from dnnsearch.study.stored_study import open_study
from dnnsearch.trials.record import decode
from tests.promotion.conftest import SMALL, Promote
from tests.support.preloaded import Preloaded

TIMELESS = ("candidates", "tied", "trial", "test", "steps", "found", "champion")


def openings(folder: Path, study: str = "clean") -> list[dict[str, Any]]:
    return EvaluationLog(open_study(study, f"sqlite:///{folder}/optuna.db").rows).entries


def champion_file(folder: Path) -> Path:
    """Return the path of the champion's file."""
    return champion_path(open_study("clean", f"sqlite:///{folder}/optuna.db"))


def killed(program: Preloaded, folder: Path, failpoint: str, study: str = "clean") -> None:
    """Run a promotion and kill it at the failpoint."""
    marker = folder / f"killed-{len(list(folder.glob('killed-*')))}"
    command = program.start(folder, "promote", study, *SMALL, failpoint=f"{failpoint}:{marker}")
    assert command.wait() == -signal.SIGKILL, command.said


def test_a_study_with_something_to_find_becomes_a_champion_that_predicts(
    promoted: dict, folder: Path
) -> None:
    said = promoted
    assert said["found"]
    assert said["champion"]
    assert said["test"]["ensemble"]["low"] > said["test"]["guess"]
    for name, title in (("linear", "  linear model   "), ("trees", "  boosted trees  ")):
        figure = said["baselines"][name]["dev_accuracy"]
        assert figure["low"] < figure["value"] < figure["high"]
        assert figure["value"] > figure["guess"] == said["test"]["guess"]
        assert any(line.startswith(f"{title}{figure['value']:.4f} (") for line in said["lines"])
    assert openings(folder)[0]["baselines"] == said["baselines"]
    assert len(said["openings"]) == 1
    model = model_file.read(champion_file(folder))
    assert model.replicates == 4
    table = pd.read_csv(folder / "clean.csv")
    right = model.predict(table.drop(columns="left")) == table["left"]
    assert right.mean() > 0.8


def test_a_champion_is_followed_by_the_commands_that_use_it(
    program: Preloaded, folder: Path
) -> None:
    output = program.run(folder, "promote", "clean", "--top=1", "--replicates=2", "--quiet")
    found = re.findall(r"^  [a-zA-Z ]+: +dnnsearch (.*)$", output, re.MULTILINE)
    assert [line.split()[0] for line in found] == ["predict", "serve", "report"]
    predict = shlex.split(found[0].replace("ROWS.csv", "clean.csv"))
    assert "prediction" in program.run(folder, *predict).splitlines()[0]


def test_a_study_of_shuffled_labels_finds_nothing(promote: Promote, folder: Path) -> None:
    said = promote("noise", code=1)
    assert not said["found"]
    assert not said["champion"]
    test = said["test"]
    assert test["ensemble"]["low"] <= test["guess"]
    (line,) = (line for line in said["lines"] if "found nothing" in line)
    assert line.startswith("the search found nothing that the test set confirms: neither ")
    assert "nor test_roc_auc (guessing: 0.5000) is clearly better than guessing; " in line
    study = open_study("noise", f"sqlite:///{folder}/optuna.db")
    assert f"has no champion: the promoted model {said['file']} was not" in str(no_champion(study))


@pytest.mark.usefixtures("promoted")
def test_the_networks_are_confirmed_with_seeds_that_no_trial_has(folder: Path) -> None:
    study = open_study("clean", f"sqlite:///{folder}/optuna.db")
    kept = memo(study).paths()
    added = 0 not in openings(folder)[0]["candidates"]
    assert len(kept) == 3 + added + 1  # three candidates, perhaps trial 0, and the refit
    records = [decode(path.read_bytes()) for path in kept]
    assert {r.spec.seed for r in records}.isdisjoint({study.config.seed})
    for record in records:
        parameters = record.arrays["parameters"]
        assert len(np.unique(parameters, axis=0)) == 4
        trial = study.record(record.spec.number).arrays["parameters"]
        assert not (parameters == trial).all(axis=1).any()
    refits = [r for r in records if r.spec.train_examples == 300]
    assert len(refits) == 1  # all but the quarter for the test


def test_trial_0_is_trained_again_and_the_gain_over_it_is_said(
    program: Preloaded, promote: Promote, folder: Path
) -> None:
    said = json.loads(program.run(folder, "promote", "clean", *SMALL, "--top", "1"))
    (entry,) = openings(folder)
    assert (entry["candidates"], entry["start"]) == ([said["trial"]], 0)
    winner, start = said["candidates"]
    assert start["trial"] == 0
    assert said["gain"]["value"] == pytest.approx(winner["confirmed"] - start["confirmed"])
    line = next(line for line in said["lines"] if " gain" in line and "over trial 0" in line)
    assert f"{said['gain']['value']:+.4f}" in line
    assert ("dnnsearch why clean" in line) is (said["gain"]["low"] > 0)
    assert f"(trial {said['trial']} compared with trial 0, two-sided 95 %: " in line
    assert any(
        "how much better (+) or worse (-) a row may be than the best" in one
        for one in said["lines"]
    )
    assert said["lines"][0].startswith(
        "study clean: the best configuration and trial 0, trained again with fresh seeds"
    )
    program.run(folder, "verify", "clean", "--quiet")


@pytest.mark.proof
def test_a_promotion_of_before_which_had_no_trial_0_still_verifies(
    program: Preloaded, promote: Promote, folder: Path
) -> None:
    said = json.loads(program.run(folder, "promote", "clean", *SMALL, "--top", "1"))
    study = open_study("clean", f"sqlite:///{folder}/optuna.db")
    entry = {name: value for name, value in openings(folder)[0].items() if name != "start"}
    study.rows.set_attribute("openings", [entry])
    shutil.rmtree(memo(study).folder)
    lines = program.run(folder, "verify", "clean", "--quiet").splitlines()
    assert f"  promotion of trial {said['trial']} identical" in lines[1]
    again = json.loads(program.run(folder, "promote", "clean", *SMALL, "--top", "1"))
    assert len(again["openings"]) == 1
    assert again["champion"]


def test_a_killed_promotion_resumes_with_the_same_result(
    program: Preloaded, promote: Promote, folder: Path, tmp_path: Path
) -> None:
    killed(program, folder, "dnnsearch.storage.atomic_write:write_whole:after:2")
    kept = {path.name: path.stat().st_mtime_ns for path in folder.glob("records/clean/*/0*.npz")}
    assert len(kept) in (1, 2)  # stored preprocessing counts as well
    killed(program, folder, "dnnsearch.storage.atomic_write:write_whole:after:2")
    said = promote("clean")
    model = champion_file(folder).read_bytes()
    still = {path.name: path.stat().st_mtime_ns for path in folder.glob("records/clean/*/0*.npz")}
    assert kept.items() <= still.items()
    for file in folder.glob("records/clean/promotion/*"):
        file.unlink()
    champion_file(folder).unlink()
    again = promote("clean")
    assert {key: said[key] for key in TIMELESS} == {key: again[key] for key in TIMELESS}
    assert model == champion_file(folder).read_bytes()


def test_every_evaluation_is_logged_even_if_it_was_killed(
    program: Preloaded, promote: Promote, folder: Path
) -> None:
    killed(program, folder, "dnnsearch.data.prepare:held_out:before:1")
    assert len(openings(folder)) == 1  # it stood there before the set was read
    assert "figures" not in openings(folder)[0]
    killed(program, folder, "dnnsearch.data.prepare:held_out:after:1")
    said = promote("clean")
    assert len(said["openings"]) == 3
    first, *_, last = said["openings"]
    assert first["figures"] == last["figures"] == said["test"]
    opened = "test set opened 3 times, by clean; the first figure counts, this is it:"
    assert opened in said["lines"]


def test_the_same_promotion_again_does_not_evaluate_again(promote: Promote, promoted: dict) -> None:
    first = promoted
    again = promote("clean")
    assert again["openings"] == first["openings"]
    assert {key: first[key] for key in TIMELESS} == {key: again[key] for key in TIMELESS}
    assert "champion: it is the champion already" in again["lines"]


def test_another_model_is_evaluated_and_becomes_champion_only_if_better(
    promote: Promote, promoted: dict, folder: Path
) -> None:
    first = promoted
    before = champion_file(folder).read_bytes()
    other = promote("clean", "--replicates", "2")
    assert len(other["openings"]) == 2
    assert other["openings"][0] == first["openings"][0]
    assert not other["champion"]
    assert "not better than the champion" in other["lines"][-1]
    assert champion_file(folder).read_bytes() == before
    assert Path(folder, other["file"]).is_file()


def test_a_study_whose_data_have_changed_is_not_promoted(program: Preloaded, folder: Path) -> None:
    with (folder / "clean.csv").open("a") as file:
        file.write("40,3000,gold,Rome,yes\n")
    said = program.run(folder, "promote", "clean", code=2)
    digests = r"file was [0-9a-f]{12}\.\.\., is [0-9a-f]{12}\.\.\."
    what = f"error: the data of study clean have changed since it was run: {digests}"
    done = "restore them, or search the new rows: .*dnnsearch retune clean --data FILE"
    assert re.fullmatch(f"{what}; {done}\n", said)
    assert openings(folder) == []


@pytest.mark.usefixtures("forked_calls")
def test_python_gives_the_same_result(promote: Promote, promoted: dict) -> None:
    said = promoted
    promoted = dnnsearch.promote("clean", top=3, replicates=4)
    assert promoted.found
    assert {key: promoted.document[key] for key in TIMELESS} == {key: said[key] for key in TIMELESS}
    with pytest.raises(UserError, match="there is no study nobody"):
        dnnsearch.promote("nobody")
