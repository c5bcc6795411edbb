"""`dnnsearch retune` as a person runs it, from the shell and from Python."""

from pathlib import Path

import pytest

import dnnsearch
from dnnsearch.study.reading import OpenStudy
from tests.cli.conftest import Command
from tests.retuning.conftest import promoted, study  # noqa: F401

pytestmark = pytest.mark.usefixtures("study")


@pytest.mark.proof
def test_from_python_the_champion_is_replaced_and_kept(
    study: OpenStudy,  # noqa: F811
) -> None:
    few = {"top": 2, "replicates": 4}
    drifted = dnnsearch.retune("churn", "drifted.csv", **few)
    assert drifted.replace
    assert drifted.study == "churn-2"
    assert drifted.difference[0] > 0
    assert drifted.text.splitlines()[-1].startswith("verdict: REPLACE")
    kept = dnnsearch.retune("churn", "same.csv", name="again", set={"trials": 3}, **few)
    assert not kept.replace
    assert len(dnnsearch.show("again")) == 3
    assert dnnsearch.verify("again").identical


def test_what_cannot_be_retuned_is_one_line_from_the_shell_and_from_python(
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dnnsearch.cli.retuning.pin", lambda numerics: None)
    code, output, errors = command("retune", "churn", "--data", "nowhere.csv")
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert "retuning churn: data: there is no file nowhere.csv" in errors
    with pytest.raises(dnnsearch.UserError, match="these are the data that study churn was run on"):
        dnnsearch.retune("churn", "old.csv")
    assert not Path("records/churn-2").exists()
