"""The list of accepted code: what is added to it, and that a release without its code is seen."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from dnnsearch.runtime.package_version import package_version
from dnnsearch.study.computing_code import ACCEPTED, DIGESTS, code_digest, module_digests
from experiments import accept_code
from tests.support.edited_code import EDITED, EditedCode

BETWEEN = "# Changelog\n\n## [Unreleased]\n\n### Fixed\n\n- A bug.\n\n## [0.1.0] - 2026-01-01\n"
RELEASED = "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-11-29\n\n### Fixed\n\n- A bug.\n"


@pytest.fixture
def copy(tmp_path: Path) -> EditedCode:
    """Return the package in a repository of its own, committed, and then edited."""
    copy = EditedCode(tmp_path)
    (tmp_path / "CHANGELOG.md").write_text(BETWEEN)
    (tmp_path / "dnnsearch" / ACCEPTED).write_text('{"1": {}}')
    git = ("git", "-c", "user.name=A", "-c", "user.email=a@b.c")
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "x", "--no-gpg-sign")):
        subprocess.run([*git, *command], cwd=tmp_path, check=True)
    copy.change_the_update_rule()
    return copy


def digest(folder: Path) -> str:
    return code_digest(module_digests(folder / "dnnsearch"))


def listed(folder: Path) -> dict[str, dict[str, list[str]]]:
    return dict(json.loads((folder / "dnnsearch" / ACCEPTED).read_text()))


def test_the_present_code_and_that_of_the_last_commit_are_added_once(
    copy: EditedCode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = accept_code.committed(tmp_path, tmp_path / "last")
    for _ in range(2):
        accept_code.accept(tmp_path, before)
        accept_code.accept(tmp_path, tmp_path)
    assert listed(tmp_path) == {"1": {package_version(): [digest(before), digest(tmp_path)]}}
    assert digest(before) == digest(accept_code.ROOT) != digest(tmp_path)


def test_code_of_another_arithmetic_is_listed_apart(copy: EditedCode, tmp_path: Path) -> None:
    before = accept_code.committed(tmp_path, tmp_path / "last")
    spec = tmp_path / "dnnsearch" / "trials" / "spec.py"
    spec.write_text(re.sub(r"(?m)^ARITHMETIC = \d+", "ARITHMETIC = 99", spec.read_text()))
    accept_code.accept(tmp_path, before)
    accept_code.accept(tmp_path, tmp_path)
    assert listed(tmp_path).keys() == {accept_code.arithmetic(accept_code.ROOT), "99"}


def test_only_a_release_needs_its_code_on_the_list(copy: EditedCode, tmp_path: Path) -> None:
    assert accept_code.complaint(tmp_path) == ""
    (tmp_path / "CHANGELOG.md").write_text(RELEASED)
    both = f"dnnsearch/{ACCEPTED} and dnnsearch/{DIGESTS}: {accept_code.ADVICE}"
    assert accept_code.complaint(tmp_path).endswith(both)
    accept_code.accept(tmp_path, tmp_path)
    assert accept_code.complaint(tmp_path).endswith(
        f" not in dnnsearch/{DIGESTS}: {accept_code.ADVICE}"
    )
    accept_code.write_digests(tmp_path)
    assert accept_code.complaint(tmp_path) == ""


def test_this_is_no_release_that_lacks_its_code() -> None:
    assert accept_code.complaint(accept_code.ROOT) == ""
    assert accept_code.main(["--check"]) == 0


@pytest.mark.proof
def test_code_that_fails_the_golden_tests_is_not_accepted(
    copy: EditedCode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = accept_code.ROOT
    for name in ("tests", "pyproject.toml"):
        source = root / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    monkeypatch.setattr(accept_code, "ROOT", tmp_path)
    golden = (["tests/test_golden.py", "-k", "golden_digests"],)
    monkeypatch.setattr(accept_code, "CHECKS", golden)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert accept_code.main([]) == 1
    assert listed(tmp_path) == {"1": {}}
    copy.restore(EDITED)
    copy.append(EDITED, "\nUNUSED = 1\n")
    assert accept_code.main([]) == 0
    assert digest(tmp_path) in listed(tmp_path)["1"][package_version()]
    stored = json.loads((tmp_path / "dnnsearch" / DIGESTS).read_text())
    assert stored == accept_code.syntax_digests(tmp_path)
