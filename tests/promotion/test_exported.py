"""A promoted study of a file as one file: with its data, without them, and what is asked for."""

import shutil
from pathlib import Path

import pytest

import dnnsearch
from tests.support.preloaded import Preloaded


@pytest.mark.usefixtures("promoted")
def test_a_promoted_study_verifies_with_its_champion_on_enclosed_and_on_given_data(
    program: Preloaded,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = program.run(folder, "export", "clean", "--quiet")
    assert said.startswith("clean.dnnstudy: 6 trials, without the rows of the data")
    said = program.run(folder, "export", "clean", "whole.dnnstudy", "--with-data", "-q")
    assert said.startswith("whole.dnnstudy: 6 trials, with all rows of clean.csv")
    rows = (folder / "clean.csv").read_bytes()
    assert rows in (folder / "whole.dnnstudy").read_bytes()
    assert rows not in (folder / "clean.dnnstudy").read_bytes()
    here = tmp_path / "here"
    here.mkdir()
    for name in ("clean.dnnstudy", "whole.dnnstudy", "clean.csv"):
        shutil.copy(folder / name, here / f"my-{name}")
    cache = {"DNNSEARCH_CACHE": str(here / "cache")}
    monkeypatch.chdir(here)
    monkeypatch.setenv("DNNSEARCH_CACHE", cache["DNNSEARCH_CACHE"])
    said = program.run(here, "verify", "my-whole.dnnstudy", "--quiet", **cache)
    assert "clean identical: 6 trials" in said
    assert f"champion {champion(program, folder)}" in said
    given = ("verify", "my-clean.dnnstudy", "--data=my-clean.csv", "--quiet")
    assert "clean identical: 6 trials" in program.run(here, *given, **cache)
    shutil.copy(folder / "noise.csv", here / "other.csv")
    other = ("verify", "my-clean.dnnstudy", "--data=other.csv", "--quiet")
    (said,) = program.run(here, *other, code=1, **cache).splitlines()
    assert said.startswith("clean different: other.csv is not the file that it was made of: ")
    said = program.run(here, "verify", "my-clean.dnnstudy", "--quiet", code=2, **cache)
    assert said.count("\n") == 1
    assert (
        "its data are not enclosed, and clean.csv is not here: give them with --data FILE" in said
    )
    said = program.run(here, "import", "my-whole.dnnstudy", "--tracking=none", **cache)
    assert "dnnsearch predict clean ROWS.csv\n" in said
    assert (here / "clean-data" / "file.csv").read_bytes() == rows
    answers = dnnsearch.predict("clean", "my-clean.csv")
    assert len(answers) == rows.count(b"\n") - 1


def champion(program: Preloaded, folder: Path) -> str:
    """Return the fingerprint of the champion of `clean`."""
    first, _ = program.run(folder, "fingerprint", "clean").splitlines()
    return first.removeprefix("champion ")


def test_changed_data_are_not_enclosed(program: Preloaded, folder: Path) -> None:
    (folder / "clean.csv").write_text("age,left\n1,yes\n")
    said = program.run(folder, "export", "clean", "--with-data", code=2)
    assert said.startswith("error: clean.csv cannot be enclosed: it has changed since")
    assert not (folder / "clean.dnnstudy").exists()
