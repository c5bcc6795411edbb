"""The file that a config's name means: one of the current folder, else one of the package."""

from pathlib import Path

import pytest

from dnnsearch.config.config import load_config
from dnnsearch.config.config_files import BUNDLED, FOLDER, bundled, find_config, origin
from dnnsearch.errors import UserError
from tests.support.paths import ROOT

OTHER = "data: iris\nlearning_rate: 0.1\niterations: 5\nhidden_layers: 0\nunits: 4\n"
OTHER += "activation: relu\nmomentum: 0\nbatch_size: full\n"


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_bundled_configs_are_those_of_the_repository() -> None:
    assert bundled() == sorted(path.stem for path in (ROOT / "configs").glob("*.yaml"))
    assert "digits" in bundled()


def test_a_bundled_config_has_the_same_study_by_name_and_by_file() -> None:
    by_name, by_file = load_config("digits"), load_config(ROOT / "configs" / "digits.yaml")
    assert by_name.document() == by_file.document()
    assert by_name.study == "digits"
    assert origin("digits") == "config digits: the one that comes with dnnsearch"


def test_an_error_of_a_bundled_config_has_its_name_not_the_path_of_the_package() -> None:
    with pytest.raises(UserError, match=r"^config digits: 'learnig_rate' is unknown \(did you"):
        load_config("digits", ["learnig_rate=0.1"])
    assert load_config("digits").place == "config digits"
    assert load_config("digits").file == BUNDLED / "digits.yaml"


@pytest.mark.parametrize("place", ["digits.yaml", "configs/digits.yaml"])
def test_a_file_of_that_name_in_the_folder_wins_and_is_said(place: str) -> None:
    FOLDER.mkdir()
    Path(place).write_text(OTHER)
    assert load_config("digits").data == {"name": "iris"}
    assert origin("digits") == f"config digits: {place}, not the one that comes with dnnsearch"
    assert origin(place) == ""


def test_a_file_without_a_suffix_and_a_folder_of_that_name(tmp_path: Path) -> None:
    Path("digits").mkdir()
    assert find_config("digits") == BUNDLED / "digits.yaml"
    Path("digits").rmdir()
    Path("digits").write_text(OTHER)
    assert find_config("digits") == Path("digits")
    assert origin("digits") == ""


def test_a_config_of_the_users_own_has_a_name_too() -> None:
    FOLDER.mkdir()
    (FOLDER / "churn.yaml").write_text(OTHER)
    assert load_config("churn").study == "churn"
    assert origin("churn") == "config churn: configs/churn.yaml"


@pytest.mark.parametrize("name", ["digit", "no", "configs/digits", "digits.yml", "../digits"])
def test_an_unknown_name_is_one_line_with_the_known_ones(name: str) -> None:
    with pytest.raises(UserError) as refused:
        load_config(name)
    text = str(refused.value)
    assert text.startswith(f"{name}: there is no such file")
    assert "for data of your own, dnnsearch new FILE --target COLUMN makes a config;" in text
    assert text.endswith("that come with dnnsearch: " + ", ".join(bundled()))
    assert ("did you mean digits?" in text) == (name != "no")
