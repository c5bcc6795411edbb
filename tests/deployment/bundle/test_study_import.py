"""A study as one file: exported, verified, imported, and refused if it was changed."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dnnsearch
from dnnsearch.deployment.bundle.archive import decode, encode
from dnnsearch.deployment.bundle.study_export import export
from dnnsearch.deployment.bundle.study_import import Places, import_study
from dnnsearch.errors import UserError
from dnnsearch.study.stored_study import open_study
from tests.deployment.bundle.test_archive import mutate
from tests.support.preloaded import Preloaded

Document = dict[str, Any]
PLACES = Places("sqlite:///optuna.db", "records", "none")


@pytest.fixture
def exported(archived: Path, tiny: Path) -> Path:
    """The file of the study `tiny`, in its folder."""
    shutil.copy(archived, tiny)
    return tiny / archived.name


def test_a_study_is_verified_and_imported_in_an_empty_folder(
    tracked: Preloaded,
    exported: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fingerprint = dnnsearch.fingerprint("tiny")
    identity = open_study("tiny", PLACES.storage).attributes["id"]
    here = tmp_path_factory.mktemp("here")
    shutil.copy(exported, here)
    monkeypatch.chdir(here)
    elsewhere = {"DNNSEARCH_CACHE": str(here / "cache"), "TZ": "Asia/Kathmandu", "LC_ALL": "C"}
    said = tracked.run(here, "verify", "tiny.dnnstudy", "--quiet", **elsewhere)
    assert "tiny identical: 5 trials, given 1 recorded failure" in said
    assert {path.name for path in here.iterdir()} <= {"tiny.dnnstudy", "cache"}
    said = tracked.run(here, "import", "tiny.dnnstudy", **elsewhere)
    assert f"study tiny imported: 5 trials, {fingerprint}" in said
    assert "lacked 5 of 5 trials, and lacks none now" in said
    assert "  train all of it again:  dnnsearch verify tiny\n" in said
    assert re.search(r"  predict for new rows:   dnnsearch predict tiny/\d ROWS.csv\n", said)
    assert dnnsearch.fingerprint("tiny") == fingerprint
    assert open_study("tiny", PLACES.storage).attributes["id"] == identity
    tracked.run(here, "export", "tiny", "again.dnnstudy")
    assert (here / "again.dnnstudy").read_bytes() == exported.read_bytes()
    said = tracked.run(here, "import", "tiny.dnnstudy", code=2)
    assert said.startswith("error: there is a study tiny in sqlite:///optuna.db already")


def test_the_file_says_nothing_of_the_machine_that_wrote_it(archived: Path, tiny: Path) -> None:
    failed = open_study("tiny", PLACES.storage).record(3)
    assert "File " in failed.document["traceback"]  # so there is something to leave out
    whole = archived.read_bytes()
    assert b"<h1>Study tiny</h1>" in whole
    for text in (str(archived.parent), "Traceback", "mlflow.db", "optuna.db"):
        assert text.encode() not in whole


def test_it_says_under_which_versions_it_was_computed(archived: Path) -> None:
    document = json.loads(decode(archived.read_bytes(), "x")["study.json"])
    (made,) = (one for one in document["computed"] if "versions" in one)
    assert made["versions"]["numpy"] == np.__version__
    assert made["numerics"]["blas"]
    assert made["trials"] == [0, 1, 2, 4]  # 3 has failed


def test_the_report_is_made_once_for_each_state_of_a_study(tiny: Path) -> None:
    pages = iter(["first", "second", "third"])
    study = open_study("tiny", PLACES.storage)

    def report() -> bytes:
        return decode(export(study, False, lambda: next(pages)), "x")["report.html"]

    first = report()
    assert first.startswith(b"first\n<!-- of ")
    assert report() == first
    (tiny / "records" / "tiny" / "report.html").write_bytes(b"another")
    assert report().startswith(b"second")
    study.rows.set_attribute("profile", {})
    assert decode(export(open_study("tiny", PLACES.storage), False, lambda: next(pages)), "x")[
        "report.html"
    ].startswith(b"third")


def of(document: Document, change: Callable[[Document], object]) -> Document:
    change(document)
    return document


def set_value(*path: str | int, to: object) -> Callable[[Document], object]:
    def change(document: Any) -> None:
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = to

    return change


TAMPERED = {
    "a better value": (set_value("trials", 0, "values", to=[0.999]), "row is not that of"),
    "other params": (set_value("trials", 0, "params", "activation", to="tanh"), "trial 0"),
    "another seed": (set_value("config", "seed", to=7), "does not lead to its definition: seed"),
    "a worker of the sender": (set_value("config", "workers", to="tcp://h:1"), "of a machine"),
    "a file of here": (set_value("config", "data", to={"file": "/etc/passwd"}), "without folders"),
    "other versions": (
        set_value("computed", 0, "versions", "numpy", to="1.0"),
        "versions are not those of its records",
    ),
    "another figure": (set_value("fingerprint", to="0" * 64), "fingerprint is not that"),
    "no identity": (set_value("attributes", "id", to="../x"), "has no identity"),
    "another name": (set_value("study", to="../x"), "study"),
    "a trial less": (lambda document: document["trials"].pop(), "fingerprint"),
    "no trials": (set_value("trials", to=None), "does not have the parts of a study"),
    "a wrong state": (set_value("trials", 0, "state", to="BEST"), "parts of a study"),
}


@pytest.mark.parametrize("kind", TAMPERED)
def test_a_document_that_was_changed_with_its_manifest_is_refused(
    kind: str, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, expected = TAMPERED[kind]
    members = decode(exported.read_bytes(), "x")
    document = of(json.loads(members["study.json"]), change)
    members["study.json"] = json.dumps(document).encode()
    again = decode(encode(members), "x.dnnstudy")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(UserError, match=expected) as refused:
        import_study(again, "x.dnnstudy", PLACES)
    assert "\n" not in str(refused.value)
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("times", [8, pytest.param(500, marks=pytest.mark.proof)])
def test_members_that_were_mutated_with_their_manifest_change_no_result(
    times: int, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members, rng = decode(exported.read_bytes(), "x"), np.random.default_rng(1)
    wanted = dnnsearch.fingerprint("tiny")
    records = [name for name in members if name.endswith(".npz")]
    folder = tmp_path / "empty"
    for _ in range(times):
        folder.mkdir()
        monkeypatch.chdir(folder)
        name = records[int(rng.integers(len(records)))]
        changed = {**members, name: mutate(members[name], rng)}
        try:
            study = import_study(changed, "x.dnnstudy", PLACES)
        except UserError as refused:
            assert "\n" not in str(refused)
            assert list(folder.iterdir()) == []
        else:  # a byte that no digest covers, such as the time of a part
            assert study.fingerprint() == wanted
        shutil.rmtree(folder)
