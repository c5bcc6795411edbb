"""The configs that come with the package: listed, printed, and searched from an empty folder."""

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.support.paths import ROOT
from tests.support.preloaded import Preloaded

DIGITS = (ROOT / "configs" / "digits.yaml").read_text(encoding="utf-8")


def test_they_are_listed_with_what_they_ask(command: Command) -> None:
    code, said, _ = command("config")
    assert code == 0
    assert len(said.splitlines()) == len(list((ROOT / "configs").glob("*.yaml")))
    assert "\ndigits         Handwritten digits, 8x8 pixels, 1,797 images, ten classes: " in said


def test_one_is_printed_as_it_is(command: Command) -> None:
    assert command("config", "digits") == (0, DIGITS, "")


def test_an_unknown_one_is_an_error_with_the_names(command: Command) -> None:
    code, _, errors = command("config", "digit")
    assert code == 2
    assert (
        "'digit' (did you mean digits?); known: breast_cancer, digits, exact_digits, iris" in errors
    )


def test_a_search_by_name_works_in_an_empty_folder(
    program: Preloaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))
    search = ("search", "moons", "--trials=2", "--set=tracking=none", "--workers=1")
    said = program.run(tmp_path, *search, "--set=iterations=20")
    assert "config moons: the one that comes with dnnsearch\n" in said
    assert "study moons, 2 trials: 2 finished" in said
    (tmp_path / "moons.yaml").write_text(DIGITS)
    refused = program.run(tmp_path, *search, code=2)
    assert "config moons: moons.yaml, not the one that comes with dnnsearch\n" in refused
    assert "study moons exists with another definition: " in refused
