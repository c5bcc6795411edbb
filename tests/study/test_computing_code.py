"""The code that computes a study: what counts as it, and that other code is not taken for it."""

import ast
import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dnnsearch.study import computing_code, identity_file
from dnnsearch.study.computing_code import (
    CODE,
    PACKAGE,
    changed_files,
    code_digest,
    known_digests,
    module_digests,
    other_code,
)
from dnnsearch.study.stored_study import OpenStudy, open_study
from dnnsearch.study.syntax_digest import syntax_digest
from tests.support.edited_code import EDITED, EditedCode
from tests.support.preloaded import Preloaded

SEARCH = ("search", "tiny.yaml", "--workers=1", "--quiet", "--set=tracking=none")
DIFFERS = f"dnnsearch/{EDITED}"
NOT_COMPUTING = {"errors", "runtime", "storage", "urls", "validators"}  # what run_trial imports


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Preloaded]:
    """The program of a copy of the package with another update rule."""
    copy = EditedCode(tmp_path_factory.mktemp("edited"))
    copy.change_the_update_rule()
    server = Preloaded(root=copy.folder)
    yield server
    server.close()


def study() -> OpenStudy:
    return open_study("tiny", "sqlite:///optuna.db")


def forget_code() -> None:
    study().rows.set_attribute(CODE, [])


# --- which modules


def imported(path: Path) -> Iterator[str]:
    """Yield the names that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
            yield str(node.module)


def file_of(module: str) -> Path | None:
    path = PACKAGE.parent.joinpath(*module.split("."))
    files = (path / "__init__.py", path.with_suffix(".py"))
    return next((file for file in files if file.exists()), None)


def closure(module: str) -> set[str]:
    """Return the files of the package that a module imports, and those that they import."""
    found: set[Path] = set()
    wanted = [file_of(module)]
    while wanted:
        path = wanted.pop()
        if path and path not in found:
            found.add(path)
            wanted += [file_of(name) for name in imported(path) if name.startswith("dnnsearch.")]
    return {path.relative_to(PACKAGE).as_posix() for path in found}


def test_all_that_run_trial_imports_is_covered() -> None:
    others = {name.removesuffix(".py").split("/")[0] for name in NOT_COMPUTING}
    reached = closure("dnnsearch.trials.run")
    assert {"nn/layers.py", EDITED} <= reached
    uncovered = reached - module_digests().keys()
    assert {name.removesuffix(".py").split("/")[0] for name in uncovered} <= others


def test_a_module_that_is_added_to_the_computing_rooms_is_covered(tmp_path: Path) -> None:
    copy = EditedCode(tmp_path).folder / "dnnsearch"
    for name in ("nn/new.py", "trials/rules/new.py", "data/new.py"):
        (copy / name).parent.mkdir(exist_ok=True)
        (copy / name).write_text("x = 1\n")
        assert name in module_digests.__wrapped__(copy)


def test_what_only_stores_or_shows_is_not_covered() -> None:
    found = module_digests()
    for name in ("trials/record.py", "study/ledger.py", "cli/search.py", "data/files/read.py"):
        assert (PACKAGE / name).exists()
        assert name not in found


def test_the_digests_in_the_package_are_those_of_the_files() -> None:
    known = known_digests()
    contents = [(PACKAGE / name).read_bytes() for name in module_digests()]
    found = {hashlib.sha256(content).hexdigest(): content for content in contents}
    assert len(known.keys() & found.keys()) > len(found) / 2  # `make accept-code` writes all
    for key in known.keys() & found.keys():
        assert known[key] == syntax_digest(found[key].decode()), "run `make accept-code`"


def test_an_edited_file_is_digested_anew(tmp_path: Path) -> None:
    copy = EditedCode(tmp_path)
    copy.append(EDITED, "\nUNUSED = 1\n")
    digests = module_digests.__wrapped__(copy.folder / "dnnsearch")
    source = (copy.folder / "dnnsearch" / EDITED).read_text()
    assert digests[EDITED] == syntax_digest(source) != module_digests()[EDITED]


# --- a study goes on under the code that computed it


def test_an_edited_update_rule_is_named_and_stops_the_search_unless_it_is_accepted(
    tiny: Path, edited: Preloaded
) -> None:
    said = edited.run(tiny, *SEARCH, "--trials=6", code=2)
    assert said.startswith(f"error: study tiny was computed by other code: {DIFFERS}; restore it")
    assert said.count("\n") == 1
    assert edited.run(tiny, *SEARCH, "--dry-run", code=2) == said
    assert "  trials  0 (" in edited.run(tiny, *SEARCH, "--dry-run", "--accept-code")
    assert len(study().trials()) == 5
    assert len(study().attributes[CODE]) == 1
    edited.run(tiny, *SEARCH, "--trials=6", "--accept-code")
    (first, began), (sixth, went_on) = study().attributes[CODE]
    assert (first, sixth, began) == (0, 5, module_digests())
    assert changed_files(began, went_on) == [DIFFERS]
    edited.run(tiny, *SEARCH, "--trials=6")  # once is enough


@pytest.mark.proof
def test_a_promotion_trains_under_other_code_only_if_that_is_accepted(
    tiny: Path, edited: Preloaded
) -> None:
    promote = ("promote", "tiny", "--top=1", "--replicates=2", "--quiet")
    said = edited.run(tiny, *promote, code=2)
    assert said.startswith(f"error: study tiny was computed by other code: {DIFFERS}; restore it")
    assert not list(tiny.glob("records/tiny/promotion/*"))
    edited.run(tiny, *promote, "--accept-code")
    assert [first for first, _ in study().attributes[CODE]] == [0, 5]


def test_a_study_goes_on_when_comments_have_changed(tiny: Path, tmp_path: Path) -> None:
    copy = EditedCode(tmp_path / "edited")
    copy.append(EDITED, "\n\n# a comment\n")
    copy.run(tiny, *SEARCH, "--trials=6")
    assert len(study().attributes[CODE]) == 1


def test_a_study_of_before_goes_on_and_its_new_trials_have_a_code(
    program: Preloaded, tiny: Path
) -> None:
    forget_code()
    program.run(tiny, *SEARCH, "--trials=6")
    assert study().attributes[CODE] == [[5, module_digests()]]


def test_the_code_is_known_when_the_storage_is_lost(
    tiny: Path, program: Preloaded, edited: Preloaded
) -> None:
    known = identity_file.read(study())
    assert known is not None
    assert list(known.code) == study().attributes[CODE]
    (tiny / "optuna.db").unlink()
    said = edited.run(tiny, *SEARCH, code=2)
    assert f"was computed by other code: {DIFFERS}" in said
    program.run(tiny, *SEARCH)
    assert study().attributes[CODE] == list(known.code)


# --- what verify and rerun say


def test_verify_and_rerun_name_the_file_that_was_edited(tiny: Path, edited: Preloaded) -> None:
    said = edited.run(tiny, "verify", "tiny", "--workers=1", "--quiet", code=1)
    first, since, _ = said.splitlines()
    assert first.startswith("tiny different: trial 0: curve ")
    assert first.endswith(f" (code: {DIFFERS} is not what computed it)")
    assert since == f"  since the study began: code: {DIFFERS} is not what computed it"
    again = edited.run(tiny, "rerun", "tiny/2", code=1)
    assert f"(code: {DIFFERS} is not what computed it)" in again


def test_an_edit_that_moves_no_bit_is_identical_and_named(tiny: Path, tmp_path: Path) -> None:
    copy = EditedCode(tmp_path / "edited")
    copy.append(EDITED, "\nUNUSED = 1\n")
    said = copy.run(tiny, "verify", "tiny", "--workers=1", "--quiet")
    assert f"\n  the same in spite of: code: {DIFFERS} is not what computed it\n" in said


# --- code that is known to compute equal bits


@pytest.fixture
def package(edited: Preloaded) -> Iterator[Path]:
    """The edited package, whose list of accepted code is as before at the end."""
    package = edited.root / "dnnsearch"
    before = (package / computing_code.ACCEPTED).read_text()
    yield package
    (package / computing_code.ACCEPTED).write_text(before)


def accept(package: Path, *digests: str) -> None:
    document = {"1": {"0.0.0": list(digests)}}
    (package / computing_code.ACCEPTED).write_text(json.dumps(document))


def test_a_release_that_is_on_the_list_goes_on_with_studies_of_one_that_is(
    tiny: Path, edited: Preloaded, package: Path
) -> None:
    now = code_digest(module_digests.__wrapped__(package))
    accept(package, now)  # but not the code that computed the study
    edited.run(tiny, *SEARCH, "--trials=6", code=2)
    accept(package, now, code_digest(module_digests()))
    edited.run(tiny, *SEARCH, "--trials=6")
    assert len(study().attributes[CODE]) == 1
    said = edited.run(tiny, "verify", "tiny", "--workers=1", "--quiet", code=1)
    assert DIFFERS not in said  # it is said to compute the same


def test_only_codes_of_one_arithmetic_are_accepted_for_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    then, now = {"nn/layers.py": "a"}, {"nn/layers.py": "b"}
    both = frozenset({code_digest(then), code_digest(now)})
    assert changed_files(then, now) == ["dnnsearch/nn/layers.py"]
    monkeypatch.setattr(computing_code, "accepted", lambda: both)
    assert changed_files(then, now) == []
    monkeypatch.setattr(computing_code, "accepted", lambda: frozenset({code_digest(now)}))
    assert changed_files(then, now) == ["dnnsearch/nn/layers.py"]


def test_without_source_files_nothing_is_compared(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE / "trials", tmp_path / "trials", ignore=lambda *_: ["run.py"])
    nothing: dict[str, Any] = {}
    assert module_digests.__wrapped__(tmp_path / "no such package") == {}
    assert changed_files(module_digests(), nothing) == []
    assert other_code(nothing) == ""
