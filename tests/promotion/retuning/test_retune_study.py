"""Retuning: a champion is kept on data of the same kind and replaced on data that drifted."""

import json
import shutil
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dnnsearch
from dnnsearch.cli.display import Quiet
from dnnsearch.config.config import parse_config
from dnnsearch.config.search_space import into_space
from dnnsearch.data.prepare import DataShape, held_out
from dnnsearch.data.table import HeldOut
from dnnsearch.errors import UserError
from dnnsearch.promotion.retuning.model_comparison import decay
from dnnsearch.promotion.retuning.overlap import MIN_NEW_ROWS, find_overlap
from dnnsearch.promotion.retuning.retune_study import RETUNED, Retuning, begin, incumbent, retune
from dnnsearch.promotion.retuning.retuning_text import comparison_lines, document, lines
from dnnsearch.statistics.interval import Interval
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.leaderboard.ranking import leaderboard
from dnnsearch.study.stored_study import OpenStudy, open_study
from tests.cli.conftest import Command, command
from tests.promotion.retuning.conftest import CONFIG, STORAGE, customers
from tests.support.preloaded import Preloaded

__all__ = ["command"]  # a fixture
PINNED = """
import os
from dnnsearch.runtime import numerics
os.environ.update(numerics.pinned("native"))
"""  # else the command would start itself as a new process
SHAPE = DataShape(2, 1, 400, 100, 100, "binary")


def run_retuning(study: OpenStudy, data: str, **wishes: Any) -> Retuning:
    definition = begin(study, data, **wishes)
    told = {"observing": lambda: nullcontext(Quiet()), "report": lambda text: None}
    return retune(study, definition, top=2, replicates=4, **told)


def test_on_drifted_data_the_decay_is_found_and_the_champion_replaced(study: OpenStudy) -> None:
    found = run_retuning(study, "drifted.csv")
    assert found.replace
    assert found.difference.low > 0.1
    assert found.loss is not None
    assert found.loss.low > 0.1
    *_, decayed, own, opened, verdict = lines(found)
    trial = found.promotion.winner.trial
    assert (
        own == f"trial {trial} is the champion of churn-2 itself: the first champion of this study"
    )
    confirmed, *rest = lines(found, width=80)
    assert confirmed.startswith("study churn-2: the best 2 configurations")
    for what in ("chosen: trial ", "  boosted trees  ", "one network from dev to test: "):
        assert any(line.startswith(what) for line in rest)
    assert opened.startswith("churn-2: test set opened ")
    assert decayed.startswith("decay of the old one: found; its score was 0.9")
    assert verdict.startswith("verdict: REPLACE it with the champion of churn-2")
    assert document(found)["verdict"] == "replace"
    json.dumps(document(found), allow_nan=False)
    check_new_study(study, found)


def check_new_study(study: OpenStudy, found: Retuning) -> None:
    """An ordinary study, with the old best first, as they stand in its config."""
    new = open_study(found.new_study, STORAGE)
    old = [study.trials()[row.number].params for row in leaderboard(study).ranked]
    default, *guesses = [trial.params for trial in new.trials()]
    assert guesses == [one for one in old if one != default]  # trial 0 is the default anyhow
    assert [dict(one) for one in new.config.try_first] == guesses
    assert new.attributes[RETUNED] == {"of": "churn", "replace": True}
    assert begin(study, "drifted.csv").config.study == "churn-2"  # resumes it
    assert begin(study, "same.csv").config.study == "churn-3"


def test_on_data_of_the_same_kind_the_champion_is_kept(study: OpenStudy) -> None:
    found = run_retuning(study, "same.csv", name="november", settings=["trials=3"])
    assert not found.replace
    assert found.difference.low <= 0
    assert found.loss is not None
    assert found.loss.low <= 0
    assert lines(found)[-4].startswith("decay of the old one: not found")
    assert lines(found)[-1].startswith("verdict: KEEP the champion of churn")
    assert lines(found)[-1].endswith("; as before: dnnsearch predict churn DATA")
    assert len(open_study("november", STORAGE).trials()) == 3


def test_rows_that_the_old_champion_was_trained_on_are_left_out_and_counted(
    study: OpenStudy,
) -> None:
    both = pd.concat([pd.read_csv("old.csv"), pd.read_csv("drifted.csv")])
    both.to_csv("both.csv", index=False)
    found = run_retuning(study, "both.csv", settings=["trials=2"])
    rows = held_out(open_study("churn-2", STORAGE).config).X
    learnt = set(range(600)) - set(held_out(study.config).X.index)
    had = sum(index in learnt for index in rows.index)
    assert had > 20
    assert found.overlap.learnt == had
    assert len(found.overlap.rows.y) == len(rows) - had == document(found)["examples"]
    assert learnt.isdisjoint(found.overlap.rows.X.index)
    title, left_out, *_ = comparison_lines(found)
    assert f"on {len(rows) - had} test rows that neither model was trained on" in title
    of_all = f"of the {len(rows)} test rows of the new data, {had} are left out"
    assert left_out == f"  {of_all}: the old one was trained on them"


def test_the_overlap_is_not_known_without_the_old_data_or_with_too_few_new_rows(
    study: OpenStudy,
) -> None:
    store, later = ArrayStore(Path("cache")), held_out(begin(study, "same.csv").config)
    assert find_overlap(study, store, later).is_known
    old = pd.read_csv("old.csv").drop(columns="left")
    all_old = find_overlap(study, store, HeldOut(old, np.zeros(len(old))))
    assert all_old.is_known
    assert all_old.learnt == len(old) - len(held_out(study.config).y)
    few = HeldOut(all_old.rows.X[:MIN_NEW_ROWS], np.zeros(MIN_NEW_ROWS))
    few = HeldOut(
        pd.concat([few.X[1:], old.drop(all_old.rows.X.index)[:9]]), np.zeros(MIN_NEW_ROWS + 8)
    )
    assert (find_overlap(study, store, few).learnt, find_overlap(study, store, few).is_known) == (
        9,
        False,
    )
    shutil.rmtree("cache")
    Path("old.csv").unlink()
    unknown = find_overlap(study, ArrayStore(Path("cache")), later)
    assert (unknown.learnt, unknown.is_known, len(unknown.rows.y)) == (None, False, len(later.y))


@pytest.mark.proof
def test_without_a_promotion_the_best_trial_takes_the_place_of_the_champion(
    study: OpenStudy,
) -> None:
    for path in Path("records").rglob("champion*"):
        path.unlink()
    old = incumbent(study, print)
    assert old.then is None
    assert "never promoted" in old.name
    assert old.model.replicates == 1


def test_old_configurations_are_moved_into_a_space_that_has_changed() -> None:
    old = {"learning_rate": 0.5, "iterations": 120, "hidden_layers": 3, "units_1": 16}
    old |= {"units_2": 4, "units_3": 9, "activation": "tanh", "momentum": 0.9, "batch_size": "full"}
    now = {
        "learning_rate": {"low": 0.001, "high": 0.1, "log": True},
        "iterations": {"low": 200, "high": 300},
        "hidden_layers": [1, 2],
        "units": [8, 32],
        "activation": ["relu", "sigmoid"],
        "batch_size": {"low": 16, "high": 128},
    }
    config = parse_config({**CONFIG, **now}, "now", "now")
    moved = into_space(old, config, SHAPE)
    assert moved == {
        "learning_rate": 0.1,
        "iterations": 200,
        "hidden_layers": 2,
        "units_1": 8,
        "units_2": 8,
        "activation": "relu",
        "batch_size": 128,
    }
    parse_config({**CONFIG, **now, "try_first": [moved]}, "now", "now")


def test_a_deeper_space_takes_what_it_lacks_from_the_default() -> None:
    old = {"learning_rate": 0.5, "hidden_layers": 1, "units_1": 16, "activation": "tanh"}
    config = parse_config({**CONFIG, "hidden_layers": {"low": 2, "high": 3}}, "now", "now")
    moved = into_space(old, config, SHAPE)
    assert (moved["hidden_layers"], moved["units_1"]) == (2, 16)
    assert "units_2" not in moved


@pytest.mark.proof
def test_the_present_space_can_be_given_by_a_config(study: OpenStudy) -> None:
    now = {**CONFIG, "learning_rate": {"low": 0.01, "high": 0.05}, "study": "ignored"}
    Path("now.yaml").write_text(json.dumps(now))
    config = begin(study, "same.csv", config=Path("now.yaml")).config
    assert {one["learning_rate"] for one in config.try_first} == {0.05}
    assert config.storage == STORAGE


def test_first_limits_the_number_of_old_configurations(study: OpenStudy) -> None:
    wider = ["iterations={low: 100, high: 400}"]  # the default is not the old 120
    assert begin(study, "same.csv", settings=wider, first=0).config.try_first == ()
    assert len(begin(study, "same.csv", settings=wider, first=1).config.try_first) == 1


def test_data_of_another_kind_are_rejected_in_one_line_before_the_search(
    study: OpenStudy,
) -> None:
    customers(3).rename(columns={"calls": "talks"}).to_csv("renamed.csv", index=False)
    customers(3).replace("no", "never").to_csv("relabelled.csv", index=False)
    customers(3).drop(columns="left").to_csv("headless.csv", index=False)
    shutil.copy("old.csv", "moved.csv")
    for data, message in {
        "renamed.csv": r"the new data lack 'calls' .did you mean talks.., which .* have talks, mon",
        "relabelled.csv": r"their classes are never, yes, those of the champion .* are no, yes",
        "headless.csv": r"left",
        "moved.csv": r"these are the data that study churn was run on",
        "nowhere.csv": r"nowhere\.csv",
    }.items():
        with pytest.raises(UserError, match=message) as raised:
            run_retuning(study, data)
        assert "\n" not in str(raised.value)
    assert not Path("records/churn-2").exists()


def test_a_column_that_the_config_names_is_missed_with_what_can_be_done(study: OpenStudy) -> None:
    study.attributes["config"]["data"]["columns"] = {"calls": "number"}
    customers(3).rename(columns={"calls": "Calls"}).to_csv("renamed.csv", index=False)
    lack = r"lack 'calls' \(did you mean Calls\?\), which the study needs; they have Calls, months"
    done = "rename the column, .* for a study without it: .*new renamed.csv --target left$"
    with pytest.raises(UserError, match=f"{lack}, left: {done}"):
        begin(study, "renamed.csv")
    customers(3).drop(columns="left").to_csv("unknown.csv", index=False)
    with pytest.raises(UserError, match="lack 'left', .* true values of the target, 'left', so"):
        begin(study, "unknown.csv")


def test_a_study_on_a_named_set_needs_a_data_set_as_new_data(study: OpenStudy) -> None:
    frame = pd.read_csv("same.csv")
    assert set(frame["left"]) == {"no", "yes"}
    moons = {**CONFIG, "study": "moons", "data": {"name": "moons", "examples": 200}}
    from dnnsearch.study.search import search

    search(parse_config(moons, "moons.yaml", "moons"), seconds=None, observer=Quiet())
    old = open_study("moons", STORAGE)
    with pytest.raises(
        UserError, match="study moons is on moons, so --data must be a data set such as"
    ):
        begin(old, "same.csv")
    assert begin(old, "{name: moons, examples: 300}").prepared.shape.train == 180


def test_the_interval_of_a_decay_combines_both_intervals() -> None:
    then = {"value": 0.9, "low": 0.85, "high": 0.93}
    now = {"value": 0.8, "low": 0.76, "high": 0.84}
    fall = decay(then, now, maximize=True)
    assert fall.low == pytest.approx(0.1 - (0.05**2 + 0.04**2) ** 0.5)
    assert fall.high == pytest.approx(0.1 + (0.03**2 + 0.04**2) ** 0.5)
    assert decay(now, then, maximize=False) == Interval(fall.low, fall.high)


def test_the_command_prints_its_result_alone_on_standard_output(
    study: OpenStudy, tracked: Preloaded, tmp_path: Path
) -> None:
    few = ("--trials=2", "--top=1", "--replicates=2", "--workers=1")
    printed = tracked.run(
        Path.cwd(),
        *("retune", "churn", "--data", "same.csv", *few),
        errors=tmp_path / "errors",
        planted=PINNED,
    )
    assert printed.startswith("study churn-2: the best configuration")
    assert "\nold against new champion, on the new data; test_" in printed
    errors = (tmp_path / "errors").read_text()
    assert "trial 0" in errors
    assert "networks trained" not in errors


@pytest.mark.proof
def test_from_python_the_champion_is_replaced_and_kept(study: OpenStudy) -> None:
    few = {"top": 2, "replicates": 4}
    drifted = dnnsearch.retune("churn", "drifted.csv", **few)
    assert drifted.replace
    assert drifted.study == "churn-2"
    assert drifted.difference[0] > 0
    assert drifted.text.splitlines()[-1].startswith("verdict: REPLACE")
    kept = dnnsearch.retune("churn", "same.csv", name="again", set={"trials": 3}, **few)
    assert not kept.replace
    assert len(dnnsearch.show("again")) == 3
    assert dnnsearch.verify("again").identical


def test_an_impossible_retuning_is_one_line_from_the_shell_and_from_python(
    command: Command, study: OpenStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dnnsearch.cli.retune.pin", lambda numerics: None)
    code, output, errors = command("retune", "churn", "--data", "nowhere.csv")
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert "retuning churn: data: there is no file nowhere.csv" in errors
    with pytest.raises(dnnsearch.UserError, match="these are the data that study churn was run on"):
        dnnsearch.retune("churn", "old.csv")
    assert not Path("records/churn-2").exists()
