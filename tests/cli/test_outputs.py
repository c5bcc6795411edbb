"""No command writes over a file that it, or a study of it, reads; an earlier output it may."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dnnsearch import UserError, predict
from tests.support.csv_tables import customers
from tests.support.preloaded import Preloaded

CONFIG = """
data: {file: ../table.csv, test_file: ../test.csv, target: left}
trials: 1
parallelism: 1
workers: 1
learning_rate: 0.1
iterations: 10
hidden_layers: 1
units: 4
activation: relu
momentum: 0.9
batch_size: 32
tracking: none
"""
SPELLED: dict[str, Callable[[Path, Path], None]] = {
    "symlink": lambda link, file: link.symlink_to(file),
    "hard link": lambda link, file: link.hardlink_to(file),
}


@pytest.fixture(scope="module")
def searched_own(tracked: Preloaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two tables, a third one, and the study `own` of them in `work`."""
    folder = tmp_path_factory.mktemp("outputs") / "made"
    (folder / "work").mkdir(parents=True)
    for seed, name in enumerate(("table", "test", "new")):
        customers(seed).to_csv(folder / f"{name}.csv", index=False)
    (folder / "work" / "own.yaml").write_text(CONFIG)
    tracked.run(folder / "work", "search", "own.yaml", DNNSEARCH_CACHE=str(folder / "cache"))
    return folder


@pytest.fixture
def own(searched_own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder, whose `work` is the working folder."""
    shutil.copytree(searched_own, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy" / "work")
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "copy" / "cache"))
    return tmp_path / "copy"


def contents(folder: Path) -> dict[Path, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in files if "optuna.db" not in path.name}


def refused(program: Preloaded, own: Path, *arguments: str) -> str:
    before = contents(own)
    said = program.run(own / "work", *arguments, code=2)
    assert said.count("\n") == 1, said
    assert contents(own) == before
    return said


@pytest.mark.parametrize(
    ("out", "what"),
    [
        ("../new.csv", "the table to predict"),
        ("../work/../new.csv", "the table to predict"),
        ("../table.csv", "read by study own (data.file)"),
        ("../test.csv", "read by study own (data.test_file)"),
    ],
)
@pytest.mark.parametrize("model", ["own/0", "some.dnn"])
def test_predict_does_not_write_over_what_it_reads(
    program: Preloaded, own: Path, model: str, out: str, what: str
) -> None:
    write_model(own)
    said = refused(program, own, "predict", model, "../new.csv", "--out", out)
    assert said == f"error: {out} is {what} and would be overwritten: choose another file\n"
    with pytest.raises(UserError, match=re.escape(f"is {what} and would")):
        predict(model, "../new.csv", out=out)


def write_model(own: Path) -> None:
    from dnnsearch.deployment.lookup import find
    from dnnsearch.models import model_file

    model_file.write(own / "work" / "some.dnn", find("own/0", "sqlite:///optuna.db", print))


@pytest.mark.parametrize("way", SPELLED)
@pytest.mark.parametrize(
    ("command", "out"),
    [
        (["predict", "own/0", "../new.csv", "--out"], "answers.csv"),
        (["report", "own", "--out"], "page.html"),
        (["show", "own", "--csv"], "trials.csv"),
        (["show", "own", "--csv", "trials.csv", "--json"], "trials.json"),
        (["export", "own"], "own.dnnstudy"),
        (["lock", "own"], "own.studylock"),
    ],
)
def test_no_link_to_the_data_of_a_study_is_written_over(
    program: Preloaded, own: Path, command: list[str], out: str, way: str
) -> None:
    SPELLED[way](own / "work" / out, own / "table.csv")
    name = [] if command == ["lock", "own"] else [out]
    assert f"{out} is read by study own (data.file) and would be" in refused(
        program, own, *command, *name
    )


def test_neither_records_nor_the_config_of_a_lock_are_written_over(
    program: Preloaded, own: Path
) -> None:
    record = next((own / "work" / "records" / "own").glob("0*.npz")).relative_to(own / "work")
    said = refused(program, own, "report", "own", "--out", str(record))
    assert f"{record} is among the records of study own and would be" in said
    Path("own.yaml").rename("own.studylock")
    said = refused(program, own, "lock", "own", "--config", "own.studylock")
    assert "own.studylock is the config and would be" in said


def test_two_outputs_are_two_files(program: Preloaded, own: Path) -> None:
    said = refused(program, own, "show", "own", "--csv", "trials", "--json", "trials")
    assert said == "error: --csv and --json must be two files, but both are trials\n"


def test_an_earlier_output_is_replaced(program: Preloaded, own: Path) -> None:
    for _ in range(2):
        for command in (
            ["predict", "own/0", "../new.csv", "--out", "answers.csv"],
            ["show", "own", "--csv", "trials.csv"],
            ["export", "own", "--quiet"],
            ["lock", "own"],
        ):
            program.run(own / "work", *command)
