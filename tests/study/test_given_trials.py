"""Configurations of the user's own in a study that has begun: by real commands, also killed ones.

The study `tiny` has five trials, of which trial 3 failed.
"""

import json
import shutil
import signal
from pathlib import Path

import pytest

import dnnsearch
from dnnsearch.config.config import parse_config
from dnnsearch.errors import UserError
from dnnsearch.storage.study_lock import study_lock
from dnnsearch.study.given_trials import read_settings
from dnnsearch.study.stored_study import GIVEN, OpenStudy, open_study
from tests.support.preloaded import Preloaded

STORAGE = "sqlite:///optuna.db"
SEARCH = ("search", "tiny.yaml", "--set=tracking=none", "--workers=1", "--quiet")
TRY = ("try", "tiny", "--set=learning_rate=0.5", "--set=units=[6]", "--quiet")
STORED = "dnnsearch.storage.optuna_storage:Rows.set_attribute:after:2"  # the given, the config
ASKED = "dnnsearch.storage.optuna_storage:Rows.ask:after:1"
AFTER_TELL = "dnnsearch.storage.optuna_storage:Rows.tell:after:1"


@pytest.fixture
def folder(program: Preloaded, tiny: Path) -> Path:
    """The study's folder; it is no longer tracked."""
    (tiny / "mlflow.db").unlink()
    program.run(tiny, *SEARCH)
    return tiny


@pytest.fixture
def study(folder: Path) -> OpenStudy:
    """The study; nobody may copy or remove its database while this process has it open."""
    return open_study("tiny", STORAGE)


def last_line(said: str) -> str:
    return said.splitlines()[-1].removeprefix("fingerprint ")


def test_a_given_configuration_is_the_next_trial_and_the_study_verifies(
    program: Preloaded, folder: Path, study: OpenStudy
) -> None:
    before, default = study.fingerprint(), study.trials()[0].params
    *shown, result = program.run(folder, *TRY[:-1]).partition("trial 5 of study")[::2]
    assert "[6/6, best" in shown[0] and "/5," not in shown[0]
    said = f"trial 5 of study{result}".splitlines()
    assert said[2] == "study tiny has 6 trials now, 1 trial given by the user"
    assert said[0].startswith("trial 5 of study tiny: ") and "learning rate 0.5" in said[0]
    given = study.trials()[5]
    assert given.params["learning_rate"] == 0.5 and given.params["units_1"] == 6
    assert given.params["activation"] == default["activation"]  # what is left out
    assert study.fingerprint(5) == before
    verified = program.run(folder, "verify", "tiny", "--workers=1", "--quiet")
    verdict = "6 trials, given 1 recorded failure, 1 trial given by the user"
    assert verified.startswith(f"tiny identical: {verdict}\n")
    printed = program.run(folder, "fingerprint", "tiny").splitlines()
    assert printed == ["1 trial given by the user", study.fingerprint()]
    assert program.run(folder, "fingerprint", "tiny", "--trials=5").split() == [before]


def test_later_trials_are_the_same_for_any_workers_whatever_was_killed(
    program: Preloaded, folder: Path
) -> None:
    killed = folder.with_name("killed")
    shutil.copytree(folder, killed)
    for point, command in ((STORED, TRY), (ASKED, TRY), (AFTER_TELL, SEARCH)):
        failpoint = f"{point}:{folder}/killed-{point.replace(':', '-')}"
        started = program.start(killed, *command, failpoint=failpoint)
        assert started.wait() == -signal.SIGKILL, started.said
    program.run(folder, *TRY, "--workers=1")
    longer = [*SEARCH, "--trials=9"]
    calm = last_line(program.run(folder, *longer))
    assert last_line(program.run(killed, *longer, "--workers=2")) == calm
    study = open_study("tiny", STORAGE)
    assert list(study.given) == [5] and study.fingerprint() == calm and len(study.trials()) == 9


def test_a_new_storage_takes_the_given_trials_from_beside_the_records(
    program: Preloaded, folder: Path
) -> None:
    before = last_line(program.run(folder, *TRY))
    (kept,) = (folder / "records" / "tiny").glob("study-*.json")
    given = json.loads(kept.read_text())[GIVEN]
    assert list(given) == ["5"] and given["5"]["learning_rate"] == 0.5
    for file in folder.glob("optuna.db*"):
        file.unlink()
    assert last_line(program.run(folder, *SEARCH)) == before
    assert open_study("tiny", STORAGE).given == {5: given["5"]}


def test_an_unfinished_study_gets_this_trial_and_no_other(
    program: Preloaded, folder: Path, study: OpenStudy
) -> None:
    short = (*SEARCH, "--study=short", "--trials=12")
    stopped = program.start(folder, *short, failpoint=f"{AFTER_TELL[:-1]}5:{folder}/stopped")
    assert stopped.wait() == -signal.SIGKILL, stopped.said
    began = len(open_study("short", STORAGE).trials())
    assert began < 11
    assert program.run(folder, "try", "short", *TRY[2:]).startswith(f"trial {began} of study short")
    assert len(open_study("short", STORAGE).trials()) == began + 1
    program.run(folder, *short)
    assert len(open_study("short", STORAGE).trials()) == 12


def test_while_a_search_runs_it_says_who_holds_the_study(
    program: Preloaded, folder: Path, study: OpenStudy
) -> None:
    with study_lock(STORAGE, "tiny"):
        said = program.run(folder, *TRY, code=2)
    assert "study tiny is in use by another process" in said
    assert study.given == {}


@pytest.mark.parametrize(
    ("setting", "rule"),
    [
        ("learning_rate=0.001", "learning_rate must lie in the space, but got 0.001"),
        ("momentum=0.5", "momentum must lie in the space, but got 0.5"),
        ("speed=3", "'speed' is unknown"),
        ("learning_rate", "must be key=value"),
    ],
)
def test_what_lies_outside_of_the_space_is_one_line_and_changes_nothing(
    study: OpenStudy, setting: str, rule: str
) -> None:
    with pytest.raises(UserError) as error:
        read_settings(study.config, [setting])
    assert "--set" in str(error.value) and rule in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("space", "given", "wanted"),
    [
        ({"width": [8, 16]}, "width=16", {"width": 16}),
        ({"units": [[8, 4], [16]]}, "units=[8, 4]", {"units": "8-4"}),
        (
            {"descent": ["adamw"], "learning_rate": {"adamw": [0.01, 0.1]}},
            "learning_rate=0.1",
            {"learning_rate_adamw": 0.1},
        ),
    ],
)
def test_every_kind_of_space_takes_a_given_configuration(
    study: OpenStudy, space: dict, given: str, wanted: dict
) -> None:
    document = {k: v for k, v in study.config.document().items() if k not in ("units", "try_first")}
    base = {} if "units" in space or "width" in space else {"units": 4}
    document |= {"hidden_layers": [1, 2]} if "units" not in space else {}
    document.pop("hidden_layers" if "units" in space else "none", None)
    config = parse_config({**document, **base, **space}, "here", "tiny")
    assert read_settings(config, [given]).items() >= wanted.items()


def test_a_lock_has_the_given_trials(program: Preloaded, folder: Path) -> None:
    program.run(folder, *TRY)
    program.run(folder, "lock", "tiny", "--config=tiny.yaml")
    verified = program.run(folder, "verify", "tiny.studylock", "--workers=1", "--quiet")
    assert "6 trials, as tiny.studylock has them" in verified
    assert "1 trial given by the user" in verified


@pytest.mark.usefixtures("forked_calls")
@pytest.mark.proof
def test_python_has_it_too(study: OpenStudy) -> None:
    trial = dnnsearch.try_config("tiny", {"learning_rate": 0.5, "units": [6]}, quiet=True)
    assert (trial.number, trial.hyperparameters["units_1"]) == (5, 6)
    with pytest.raises(UserError, match="must lie in the space"):
        dnnsearch.try_config("tiny", {"learning_rate": 0.001})
