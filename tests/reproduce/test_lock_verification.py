"""A study's lock file is verified from its config and data alone, and every edit is named."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import dnnsearch
from dnnsearch.reproduce.lock_file import LockFile, read_lock
from dnnsearch.study.computing_code import CODE
from dnnsearch.study.stored_study import open_study
from tests.support.edited_code import EDITED, EditedCode
from tests.support.preloaded import Preloaded

VERIFY = ("verify", "tiny.studylock", "--workers=1", "--quiet")


@pytest.fixture
def clone(program: Preloaded, tiny: Path, tmp_path: Path) -> Path:
    """Return a folder with what git keeps of the study: the config and the lock."""
    said = program.run(tiny, "lock", "tiny")
    assert said == "tiny.studylock: 5 trials; to verify it: dnnsearch verify tiny.studylock\n"
    return copied(tiny, tmp_path / "clone")


def copied(tiny: Path, folder: Path) -> Path:
    folder.mkdir()
    for name in ("tiny.yaml", "tiny.studylock"):
        shutil.copy(tiny / name, folder)
    return folder


def rewrite(clone: Path, change: Callable[[LockFile], LockFile]) -> None:
    """Edit the lock as a forger does, who also writes its last line anew."""
    path = clone / "tiny.studylock"
    path.write_text(change(read_lock(path)).encode())


def test_a_lock_is_verified_with_its_config_alone(program: Preloaded, clone: Path) -> None:
    lock = read_lock(clone / "tiny.studylock")
    said = program.run(clone, *VERIFY)
    assert said == (
        "tiny identical: 5 trials, as tiny.studylock has them, given 1 failed in the lock\n"
        "  no champion in it, so nothing is said of a test figure\n"
        f"fingerprint {lock.fingerprint}\n"
    )
    assert sorted(path.name for path in clone.iterdir()) == ["tiny.studylock", "tiny.yaml"]


def test_an_edited_lock_is_different(program: Preloaded, clone: Path) -> None:
    path = clone / "tiny.studylock"
    text = path.read_text()
    better = re.sub(r"(?m)^(trial 2 finished) [0-9.]+", r"\1 0.999", text)
    assert better != text
    path.write_text(better)
    said = program.run(clone, *VERIFY, code=1)
    assert said.startswith("tiny.studylock different: the lock was edited: its last line is not ")


def with_trial(lock: LockFile, number: int, old: str, new: str) -> LockFile:
    return replace(lock, trial={**lock.trial, number: re.sub(old, new, lock.trial[number])})


def with_definition(lock: LockFile, **changed: Any) -> LockFile:
    return replace(lock, definition={**lock.definition, **changed})


def test_a_lock_that_lacks_trials_is_different(program: Preloaded, clone: Path) -> None:
    """Its first trials are a study of their own, so nothing but their number tells."""
    whole = read_lock(clone / "tiny.studylock")
    for number in (0, 4):
        kept = {n: line for n, line in whole.trial.items() if n != number}
        (clone / "tiny.studylock").write_text(replace(whole, trial=kept).encode())
        said = program.run(clone, *VERIFY, code=1)
        assert said.startswith(
            f"tiny.studylock different: the lock was edited: trial {number} of 5 is not in it"
        )
    two = {n: whole.trial[n] for n in (0, 1)}
    shorter = replace(whole, trial=two, fingerprint=dnnsearch.fingerprint("tiny", 2), trials=None)
    (clone / "tiny.studylock").write_text(shorter.encode())
    said = program.run(clone, *VERIFY, code=1)
    assert "tiny different: the lock has 2 trials, and tiny.yaml asks for 5; if these are" in said
    (clone / "tiny.studylock").write_text(replace(shorter, trials=2).encode())
    assert "tiny identical: 2 trials of the 5 in tiny.yaml" in program.run(clone, *VERIFY)


FORGED: dict[str, tuple[Callable[[LockFile], LockFile], str]] = {
    "figure": (
        lambda lock: with_trial(lock, 2, r"0\.\d+", "0.999"),
        "trial 2: the lock has finished 0.999 ",
    ),
    "end": (
        lambda lock: with_trial(lock, 1, "diverged", "finished"),
        "trial 1: the lock has finished - ",
    ),
    "result": (
        lambda lock: with_trial(lock, 4, r"\w{16}$", "0" * 16),
        "trial 4: the lock has finished 0.8333 ",
    ),
    "fingerprint": (
        lambda lock: replace(lock, fingerprint="0" * 64),
        f"the lock has the fingerprint {'0' * 64}, and run again it is ",
    ),
    "data": (
        lambda lock: with_definition(lock, data_digest="0" * 64),
        "tiny.yaml or its data, against the lock: data_digest (was 0000",
    ),
    "space": (
        lambda lock: with_definition(lock, momentum=0.8),
        "tiny.yaml or its data, against the lock: momentum (was 0.8, is 0.9)",
    ),
    "failure": (
        lambda lock: with_trial(lock, 0, "^.*$", "failed - 0123456789abcdef"),
        "trial 0: the lock has failed - 0123456789abcdef, and run again ",
    ),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_line_is_named(program: Preloaded, clone: Path, what: str) -> None:
    change, words = FORGED[what]
    rewrite(clone, change)
    said = program.run(clone, *VERIFY, code=1)
    assert said.startswith("tiny different: ")
    assert words.replace("0.8333 ", "0.8") in said


def test_a_changed_config_is_named(program: Preloaded, clone: Path) -> None:
    config = clone / "tiny.yaml"
    config.write_text(config.read_text().replace("noise: 0.2,", "noise: 0.3,"))
    said = program.run(clone, *VERIFY, code=1)
    assert said.startswith("tiny different: tiny.yaml or its data, against the lock: ")
    config.unlink()
    assert "tiny.yaml: there is no such file" in program.run(clone, *VERIFY, code=2)


def test_an_edited_update_rule_is_named(clone: Path, tmp_path: Path) -> None:
    edited = EditedCode(tmp_path / "edited")
    edited.change_the_update_rule()
    first, since = edited.run(clone, *VERIFY, code=1).splitlines()
    assert re.match(
        r"tiny different: trial \d: the lock has \w+ .*, and run again \(.*\) it is ", first
    )
    assert since == (
        f"  since the lock was written: code: dnnsearch/{EDITED} is not what computed it"
    )


def test_other_versions_are_named_whatever_the_verdict(program: Preloaded, clone: Path) -> None:
    versions = read_lock(clone / "tiny.studylock").definition["versions"]
    rewrite(clone, lambda lock: with_definition(lock, versions={**versions, "numpy": "9.9"}))
    said = program.run(clone, *VERIFY)
    assert "\n  the same in spite of: versions.numpy (was 9.9, is " in said


def test_the_verdict_goes_to_the_page_of_a_ci(program: Preloaded, clone: Path) -> None:
    page = clone / "summary.md"
    page.write_text("before\n")
    said = program.run(clone, *VERIFY, GITHUB_STEP_SUMMARY=str(page))
    heading = "### `dnnsearch verify tiny.studylock`: identical"
    assert page.read_text() == f"before\n{heading}\n\n```text\n{said}```\n\n"
    refused = program.run(clone, *VERIFY, "--summary=no/such.md", code=2)
    assert "error: --summary no/such.md cannot be written: No such file or directory" in refused


def test_a_lock_has_the_trials_that_were_tried_again(
    program: Preloaded, tiny: Path, tmp_path: Path
) -> None:
    search = ("search", "tiny.yaml", "--retry-failed", "--set=tracking=none", "--workers=1")
    program.run(tiny, *search, "--quiet")
    program.run(tiny, "lock", "tiny")
    clone = copied(tiny, tmp_path / "clone")
    assert list(read_lock(clone / "tiny.studylock").retry) == [5]
    assert program.run(clone, *VERIFY).startswith("tiny identical: 6 trials, ")


def test_a_study_of_before_has_a_lock_without_code(program: Preloaded, tiny: Path) -> None:
    open_study("tiny", "sqlite:///optuna.db").rows.set_attribute(CODE, [])
    program.run(tiny, "lock", "tiny")
    assert read_lock(tiny / "tiny.studylock").module == {}
    assert "in spite of" not in program.run(tiny, *VERIFY)


def test_a_lock_needs_the_config_that_leads_to_the_study(program: Preloaded, tiny: Path) -> None:
    config = tiny / "tiny.yaml"
    config.write_text(config.read_text().replace("momentum: 0.9", "momentum: 0.8"))
    said = program.run(tiny, "lock", "tiny", code=2)
    assert said.startswith(
        "error: tiny.yaml does not lead to study tiny: momentum (was 0.9, is 0.8)"
    )
    config.rename(tiny / "other.yaml")
    said = program.run(tiny, "lock", "tiny", code=2)
    assert "neither tiny.yaml nor configs/tiny.yaml is here: name the file with --config" in said
    assert not list(tiny.glob("*.studylock"))
