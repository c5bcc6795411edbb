"""Failed trials tried again: new trials of the same study, which verifies like any other.

Trial 3 of the five trials of the study `tiny` failed; real commands extend, kill and verify it.
"""

import shutil
import signal
from pathlib import Path

import pytest

import dnnsearch
from dnnsearch.study.stored_study import OpenStudy, open_study
from tests.conftest import ACCIDENT
from tests.support.paths import first_on_path
from tests.support.preloaded import Preloaded

STORAGE = "sqlite:///optuna.db"
SEARCH = ("search", "tiny.yaml", "--set=tracking=none", "--workers=1", "--quiet")
RETRY = (*SEARCH, "--retry-failed")
NOTHING = "no failed trials left to retry"
STORED = (
    "dnnsearch.storage.optuna_storage:Rows.set_attribute:after:2"  # the config, then the retries
)
ASKED = "dnnsearch.storage.optuna_storage:Rows.ask:after:1"
AFTER_TELL = "dnnsearch.storage.optuna_storage:Rows.tell:after:1"


@pytest.fixture
def study(tiny: Path) -> OpenStudy:
    (tiny / "mlflow.db").unlink()
    return open_study("tiny", STORAGE)


def failing(folder: Path, condition: str) -> dict[str, str]:
    """Return environment variables with which the trials that fulfil the condition fail."""
    place = folder / f"failing-{len(list(folder.glob('failing-*')))}"
    place.mkdir()
    (place / "sitecustomize.py").write_text(ACCIDENT.replace("spec.number == 3", condition))
    return {"PYTHONPATH": first_on_path(place)}


def states(study: OpenStudy) -> list[str]:
    return [trial.user_attrs["dnnsearch"]["state"] for trial in study.trials()]


def test_a_failed_trial_is_tried_again_under_a_new_number_and_the_study_verifies(
    program: Preloaded, tiny: Path, study: OpenStudy
) -> None:
    before = study.fingerprint()
    assert "  trials  1 (and 5 that" in program.run(tiny, *RETRY, "--dry-run")
    assert program.run(tiny, *RETRY).startswith("1 failed trial will be tried again\n")
    assert states(study)[3::2] == ["failed", "finished"]
    assert study.retries == {5: 3}
    assert study.trials()[5].params == study.trials()[3].params
    assert study.fingerprint(5) == before
    verified = program.run(tiny, "verify", "tiny", "--workers=1", "--quiet")
    assert verified.startswith("tiny identical: 6 trials, given 1 recorded failure\n")
    assert program.run(tiny, *RETRY).splitlines()[0] == NOTHING
    assert len(study.trials()) == 6


@pytest.mark.usefixtures("forked_calls")
@pytest.mark.proof
def test_python_has_it_too(study: OpenStudy) -> None:
    assert len(dnnsearch.search("tiny.yaml", retry_failed=True, quiet=True).trials) == 6


@pytest.mark.proof
def test_an_extended_study_has_its_retries_where_they_were_whatever_was_killed(
    program: Preloaded, tiny: Path
) -> None:
    calm = tiny.with_name("calm")
    shutil.copytree(tiny, calm)
    for point, command in ((STORED, RETRY), (ASKED, SEARCH), (AFTER_TELL, RETRY)):
        failpoint = f"{point}:{tiny}/killed-{point.replace(':', '-')}"
        search = program.start(tiny, *command, failpoint=failpoint)
        assert search.wait() == -signal.SIGKILL, search.said
    program.run(calm, *RETRY)
    ends = {program.run(folder, *SEARCH, "--trials=8")[-65:] for folder in (tiny, calm)}
    study = open_study("tiny", STORAGE)
    assert ends == {f"{study.fingerprint()}\n"}
    assert study.retries == {5: 3}


@pytest.mark.proof
def test_what_fails_again_is_told_and_is_tried_again_when_it_is_asked_for_again(
    program: Preloaded, tiny: Path
) -> None:
    """Three failures in a row stop a search, but retries of a trial that always fails do not."""
    search = (*SEARCH, "--study=unlucky", "--trials=8")
    program.run(tiny, *search, **failing(tiny, "spec.number in (1, 3, 5)"))
    study = open_study("unlucky", STORAGE)
    all_fail = failing(tiny, "spec.number > 7")
    said = program.run(tiny, *search, "--retry-failed", **all_fail)
    assert said.startswith("3 failed trials will be tried again\n")
    assert states(study)[8:] == ["failed"] * 3
    stopped = program.run(tiny, *search, "--trials=15", code=2, **all_fail)
    assert "3 trials in a row failed from the same cause" in stopped
    program.run(tiny, *search, "--retry-failed")
    assert "failed" not in states(study)[11:]
    assert list(study.retries.values()) == [1, 3, 5, 8, 9, 10]


@pytest.mark.proof
def test_what_was_in_flight_is_finished_whatever_number_of_trials_is_asked_for(
    program: Preloaded, tiny: Path, study: OpenStudy
) -> None:
    search = program.start(tiny, *SEARCH, "--trials=8", failpoint=f"{ASKED}:{tiny}/killed")
    assert search.wait() == -signal.SIGKILL, search.said
    assert program.run(tiny, *SEARCH).startswith("study tiny, 6 trials: ")
    assert study.fingerprint()
