"""The champion's figure in a lock file: promoted again from config and data, and compared."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from dnnsearch.reproduce.lock_file import read_lock
from tests.support.preloaded import Preloaded

LOCK = "tiny.studylock"
VERIFY = ("verify", LOCK, "--workers=1", "--quiet")
SEARCH = ("search", "tiny.yaml", "--workers=1", "--quiet", "--set=tracking=none")
PROMOTE = ("promote", "tiny", "--top=2", "--replicates=2", "--quiet")


@pytest.fixture
def promoted(program: Preloaded, tiny: Path) -> Path:
    """Return the folder of the study after a promotion without MLflow."""
    program.run(tiny, *SEARCH)
    program.run(tiny, *PROMOTE)
    return tiny


def cloned(program: Preloaded, study: Path, clone: Path) -> Path:
    """Write the lock; return a folder with what git keeps."""
    program.run(study, "lock", "tiny")
    clone.mkdir()
    for name in ("tiny.yaml", LOCK):
        shutil.copy(study / name, clone)
    return clone


def test_the_champion_of_a_lock_is_promoted_again(
    program: Preloaded, promoted: Path, tmp_path: Path
) -> None:
    clone = cloned(program, promoted, tmp_path / "clone")
    champion = read_lock(clone / LOCK).champion
    fingerprints = program.run(promoted, "fingerprint", "tiny").splitlines()
    *_, networks, line, last = program.run(clone, *VERIFY).splitlines()
    trial = champion["trial"]
    assert networks == f"  champion identical: 2 networks of trial {trial} promoted again"
    assert [line, f"{last}"] == [fingerprints[0], f"fingerprint {fingerprints[1]}"]
    assert line == f"champion {champion['fingerprint']}"
    assert sorted(path.name for path in clone.iterdir()) == [LOCK, "tiny.yaml"]


def test_a_forged_figure_is_named(program: Preloaded, promoted: Path, tmp_path: Path) -> None:
    clone = cloned(program, promoted, tmp_path / "clone")
    lock = read_lock(clone / LOCK)
    figures = lock.champion["figures"]
    forged = {**figures, "ensemble": {**figures["ensemble"], "value": 0.9925}}
    (clone / LOCK).write_text(replace(lock, champion={**lock.champion, "figures": forged}).encode())
    first, trials = program.run(clone, *VERIFY, code=1).splitlines()
    assert first.startswith("tiny different: the champion: figures.ensemble.value (was 0.9925, is ")
    assert trials == "  its trials: identical"


def test_a_study_that_went_on_has_the_champion_of_its_first_trials(
    program: Preloaded, promoted: Path, tmp_path: Path
) -> None:
    program.run(promoted, *SEARCH, "--retry-failed")
    program.run(promoted, *SEARCH, "--trials=8")
    clone = cloned(program, promoted, tmp_path / "clone")
    lock = read_lock(clone / LOCK)
    assert list(lock.retry) == [5]
    assert lock.champion["ended"] == 5
    assert len(lock.trial) == 8
    said = program.run(clone, *VERIFY)
    assert said.startswith("tiny identical: 8 trials, ")
    assert "\nchampion " in said


@pytest.mark.proof
def test_a_promotion_after_a_failed_trial_was_tried_again_is_repeated(
    program: Preloaded, tiny: Path, tmp_path: Path
) -> None:
    program.run(tiny, *SEARCH, "--retry-failed")
    program.run(tiny, *PROMOTE, "--replicates=32")
    clone = cloned(program, tiny, tmp_path / "clone")
    assert read_lock(clone / LOCK).champion["ended"] == 6
    assert "\nchampion " in program.run(clone, *VERIFY)


def test_a_study_that_was_never_promoted_has_no_champion_in_its_lock(
    program: Preloaded, tiny: Path, tmp_path: Path
) -> None:
    clone = cloned(program, tiny, tmp_path / "clone")
    assert read_lock(clone / LOCK).champion == {}
