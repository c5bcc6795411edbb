"""Records, preparations and champions that were changed or exchanged are refused."""

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import dnnsearch
from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import pack, unpack
from dnnsearch.study.stored_study import open_study
from tests.faults.conftest import fingerprint
from tests.support.csv_tables import customers
from tests.support.preloaded import Preloaded

STORAGE = "sqlite:///optuna.db"
CONFIG = """
study: churn
data: {file: churn.csv, target: left}
split: {dev: 0.25, test: 0.25}
trials: 5
parallelism: 2
objective: dev_accuracy
learning_rate: {low: 0.05, high: 0.5, log: true}
iterations: 60
curve_every: 30
hidden_layers: [0, 1]
units: [4, 8]
activation: tanh
momentum: 0.9
batch_size: 32
tracking: none
"""
ONE = ("--workers=1", "--quiet")
PROMOTE = ("promote", "churn", "--top=2", "--replicates=2", "--workers=1")


@pytest.fixture(scope="module")
def promoted(program: Preloaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study on a file, promoted, and later data."""
    folder = tmp_path_factory.mktemp("promoted")
    customers(0).to_csv(folder / "churn.csv", index=False)
    customers(1).to_csv(folder / "later.csv", index=False)
    (folder / "churn.yaml").write_text(CONFIG)
    cache = str(folder / "cache")
    said = program.run(folder, "search", "churn.yaml", *ONE, DNNSEARCH_CACHE=cache)
    program.run(folder, *PROMOTE, DNNSEARCH_CACHE=cache)
    (folder / "said.txt").write_text(said)
    return folder


@pytest.fixture
def churn(promoted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder, to be changed at will; it is the working folder."""
    folder = tmp_path / "copy"
    shutil.copytree(promoted, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DNNSEARCH_CACHE", str(folder / "cache"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("DNNSEARCH_STORAGE", raising=False)
    return folder


def file(folder: Path, pattern: str) -> Path:
    """Return the one file among the records that has this name."""
    (path,) = folder.glob(f"records/churn/{pattern}")
    return path


def exchange(folder: Path) -> None:
    """Give each of the trials the record of the next one, under its own file name."""
    paths = [file(folder, f"{number:05d}-*.npz") for number in range(5)]
    contents = [path.read_bytes() for path in paths]
    for path, content in zip(paths, [*contents[1:], contents[0]], strict=True):
        path.write_bytes(content)


def refused(said: str) -> str:
    """Return the one line that says that a command could not be done."""
    line = said.splitlines()[-1]
    assert line.startswith("error: "), said
    assert "Traceback" not in said
    return line


READERS: list[tuple[str, ...]] = [
    ("rerun", "churn/3"),
    ("verify", "churn", "--workers=1", "--quiet"),
    ("fingerprint", "churn"),
    ("show", "churn"),
    ("best", "churn"),
    ("report", "churn"),
    ("predict", "churn/3", "later.csv", "--out", "answers.csv"),
    PROMOTE,
    ("retune", "churn", "--data", "later.csv", "--trials=3", "--workers=1"),
]


@pytest.mark.parametrize("command", READERS, ids=lambda command: command[0])
def test_a_record_that_holds_another_trial_is_named_by_every_command(
    program: Preloaded, churn: Path, command: tuple[str, ...]
) -> None:
    file(churn, "champion-*").unlink()  # a retuning then asks the best trial
    exchange(churn)
    line = refused(program.run(churn, *command, code=2))
    assert "the record records/churn/0000" in line
    assert "is damaged: it holds trial " in line
    assert "the same search" in line


def test_a_record_that_holds_another_trial_is_refused_in_python(churn: Path) -> None:
    rows = pd.read_csv("later.csv")
    before = dnnsearch.load("churn/3").predict(rows)
    trial = dnnsearch.load("churn/3")
    exchange(churn)
    assert len(before) == len(rows)
    with pytest.raises(UserError, match="it holds trial 4, not trial 3"):
        trial.predict(rows)
    with pytest.raises(UserError, match="it holds trial 4, not trial 3"):
        _ = trial.parameters


def change_parameters(path: Path) -> None:
    document, arrays = unpack(path.read_bytes())
    arrays["parameters"] = arrays["parameters"] * 2
    path.write_bytes(pack(document, arrays))


def test_changed_parameters_of_a_record_are_refused_and_named(
    program: Preloaded, churn: Path
) -> None:
    change_parameters(file(churn, "00003-*.npz"))
    for command in (READERS[6], READERS[2], READERS[5]):
        line = refused(program.run(churn, *command, code=2))
        assert "is damaged: it was changed after it was written: parameters" in line
    for command in READERS[:2]:  # they compare, and say what differs
        said = program.run(churn, *command, code=1)
        assert "the record was changed after it was written: parameters" in said


def test_the_same_search_sets_a_foreign_record_aside_and_trains_the_trial_again(
    program: Preloaded, churn: Path
) -> None:
    first = fingerprint((churn / "said.txt").read_text())
    mine, other = file(churn, "00003-*.npz"), file(churn, "00002-*.npz")
    content = mine.read_bytes()
    mine.write_bytes(other.read_bytes())
    said = program.run(churn, "search", "churn.yaml", "--workers=1")
    (line,) = [line for line in said.splitlines() if "set aside" in line]
    assert f"{mine.relative_to(churn)} is damaged: it holds trial 2, not trial 3" in line
    assert "damaged-00003-" in line
    assert "trial 3 is trained again" in line
    assert fingerprint(said) == first
    again = file(churn, "00003-*.npz").read_bytes()
    assert unpack(again)[0]["digest"] == unpack(content)[0]["digest"]
    assert file(churn, "damaged-00003-*").read_bytes() == other.read_bytes()


def put_folder(path: Path) -> None:
    path.mkdir()
    (path / "somebody's").write_text("own")


IRREGULAR: dict[str, Callable[[Path], object]] = {
    "folder": put_folder,
    "link": lambda path: path.symlink_to("nowhere"),
    "pipe": os.mkfifo,
}


@pytest.mark.parametrize("kind", IRREGULAR)
def test_a_record_that_is_no_file_is_one_line_and_the_same_search_mends_it(
    program: Preloaded, churn: Path, kind: str
) -> None:
    first = fingerprint((churn / "said.txt").read_text())
    path = file(churn, "00000-*.npz")
    path.unlink()
    IRREGULAR[kind](path)
    for command in READERS:
        if command[1] == "churn":
            line = refused(program.run(churn, *command, code=2))
            assert f"the record {path.relative_to(churn)} is damaged: it is a {kind}" in line
    assert fingerprint(program.run(churn, "search", "churn.yaml", *ONE)) == first
    assert path.is_file()


def test_somebody_elses_files_beside_the_records_are_no_records(
    program: Preloaded, churn: Path
) -> None:
    first = fingerprint((churn / "said.txt").read_text())
    folder = churn / "records" / "churn"
    np.savez(folder / "00003.npz", x=np.arange(3))
    np.savez(folder / "00003-mine.npz", x=np.arange(3))
    (folder / "1.npz").mkdir()
    assert program.run(churn, "fingerprint", "churn").splitlines()[-1] == first
    assert fingerprint(program.run(churn, "search", "churn.yaml", *ONE)) == first
    program.run(churn, "rm", "churn", "--yes")
    left = {path.name for path in folder.glob("[0-9]*.npz")}
    assert left == {"00003-mine.npz", "00003.npz", "1.npz"}


def of_a_zip_without_a_spec(path: Path) -> None:
    path.write_bytes(pack({"spec": {"number": "3"}, "digests": [], "digest": 1}, {}))


def test_a_record_without_its_parts_is_one_line(program: Preloaded, churn: Path) -> None:
    path = file(churn, "00000-*.npz")
    of_a_zip_without_a_spec(path)
    line = refused(program.run(churn, "fingerprint", "churn", code=2))
    assert f"{path.relative_to(churn)} is damaged: it is not a whole record" in line


def change_preparation(path: Path) -> None:
    """Double the scales that were fitted, as a careless or a hostile hand could."""
    document, arrays = unpack(path.read_bytes())
    arrays["scale"] = arrays["scale"] * 2
    path.write_bytes(pack(document, arrays))


def test_the_preparation_of_a_study_is_named_by_its_content(churn: Path) -> None:
    path = file(churn, "preparation-*")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.stem.endswith(f"-{sha256[:16]}")
    assert open_study("churn", STORAGE).attributes["preparation"] == sha256


def test_a_changed_preparation_is_refused_and_the_same_search_writes_it_anew(
    program: Preloaded, churn: Path
) -> None:
    path, predict = file(churn, "preparation-*"), READERS[6]
    program.run(churn, *predict)
    answers = (churn / "answers.csv").read_text()
    change_preparation(path)
    line = refused(program.run(churn, *predict, code=2))
    assert f"{path.relative_to(churn)} is damaged" in line
    assert "run the same search again" in line
    with pytest.raises(UserError, match="is damaged"):
        dnnsearch.load("churn/3").predict(pd.read_csv("later.csv"))
    program.run(churn, "search", "churn.yaml", *ONE)
    program.run(churn, *predict)
    assert (churn / "answers.csv").read_text() == answers


def as_of_before(folder: Path) -> Path:
    """Make the study one that has no digest of its preparation; return the file's new path."""
    rows = open_study("churn", STORAGE).rows
    rows.set_attribute("preparation", "")
    path = file(folder, "preparation-*")
    return path.rename(path.with_name(f"{path.name[: len('preparation-') + 16]}.npz"))


@pytest.mark.parametrize("change", ["key", "data", "fitted"])
def test_a_preparation_of_before_is_checked_by_what_can_be_computed(
    program: Preloaded, churn: Path, change: str
) -> None:
    path, predict = as_of_before(churn), READERS[6]
    program.run(churn, *predict)
    document, arrays = unpack(path.read_bytes())
    if change == "fitted":
        arrays["scale"] = arrays["scale"] * 2
    else:
        document["key" if change == "key" else "data_digest"] = "0" * 64
    path.write_bytes(pack(document, arrays))
    line = refused(program.run(churn, *predict, code=2))
    assert f"{path.relative_to(churn)} is damaged" in line
    program.run(churn, "search", "churn.yaml", *ONE)
    program.run(churn, *predict)


def test_a_model_in_the_place_of_the_champion_is_refused(program: Preloaded, churn: Path) -> None:
    from dnnsearch.deployment.trial_model import model
    from dnnsearch.models import model_file

    study, path = open_study("churn", STORAGE), file(churn, "champion-*")
    predict = ("predict", "churn", *READERS[6][2:])
    program.run(churn, *predict)
    kept = path.read_bytes()
    for attribute in ("champion", ""):  # that of a study of before is checked by its provenance
        if not attribute:
            study.rows.set_attribute("champion", [])
            program.run(churn, *predict)
        network = model(study, study.record(0))
        origin = {**network.provenance, "study": "other", "record": "0" * 64}
        model_file.write(path, replace(network, provenance=origin))
        line = refused(program.run(churn, *predict, code=2))
        assert f"{path.relative_to(churn)} is not the champion of study churn" in line
        assert "promote churn" in line
        with pytest.raises(UserError, match="is not the champion of study churn"):
            dnnsearch.predict("churn", pd.read_csv("later.csv"))
        path.write_bytes(kept)
    path.write_bytes(kept[:-1])
    line = refused(program.run(churn, *predict, code=2))
    assert "cannot be used as a model" in line
    assert "promote churn" in line
