"""Covers dnnsearch from Python: the commands as functions, run in processes of their own."""

import builtins
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import yaml

import dnnsearch
from dnnsearch.cli.app import app
from dnnsearch.runtime.package_version import package_version
from tests.conftest import TINY


def test_importing_the_package_loads_none_of_it() -> None:
    code = """
import sys, dnnsearch
print([name for name in sys.modules if name.startswith("dnnsearch.")], "numpy" in sys.modules)
"""
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert output.stdout == "[] False\n"


def test_the_version_is_that_of_the_distribution() -> None:
    assert dnnsearch.__version__ == package_version() == metadata.version("dnnsearch")
    assert "__version__" in dir(dnnsearch)


def test_every_command_is_a_function_of_the_same_name() -> None:
    names = {c.name or c.callback.__name__ for c in app.registered_commands if c.callback}
    names -= {"try", "import"}  # words of Python's own: they are `try_config` and `import_`
    names.remove("config")  # dnnsearch.config is a room; `search` takes the same names
    assert names <= {*dnnsearch.__all__, "list"}
    assert all(callable(getattr(dnnsearch, name)) for name in dnnsearch.__all__)
    assert {*dnnsearch.__all__, "list"} <= set(dir(dnnsearch))


@pytest.mark.usefixtures("forked_calls")
def test_the_older_names_still_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert dnnsearch.list is dnnsearch.studies
    older = dnnsearch.new("iris", name="older", set={"seed": 7}, quiet=True)
    newer = dnnsearch.new("iris", name="newer", overrides={"seed": 7}, quiet=True)
    assert "\nseed: 7" in older.read_text()
    assert "\nseed: 7" in newer.read_text()
    with pytest.raises(TypeError, match="overrides and set are one argument"):
        dnnsearch.search("tiny.yaml", overrides={"seed": 1}, set={"seed": 1})


def test_importing_everything_leaves_the_builtins_alone() -> None:
    assert set(dnnsearch.__all__) & set(dir(builtins)) == set()


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'serach'"):
        _ = dnnsearch.serach


@pytest.mark.usefixtures("forked_calls")
def test_a_search_from_a_mapping_is_the_same_study_as_from_a_file(
    tiny: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # Without the planted failure trial 3 is another one, so the studies agree up to there.
    config = {**yaml.safe_load(TINY), "study": "again", "tracking": "none"}
    study = dnnsearch.search(config, trials=3, workers=1)
    assert study.fingerprint() == dnnsearch.fingerprint("tiny", 3)
    assert "study again, 3 trials" in capfd.readouterr().out
    assert dnnsearch.studies()["study"].tolist() == ["again", "tiny"]


@pytest.mark.usefixtures("forked_calls")
def test_what_the_command_refuses_is_a_user_error(tiny: Path) -> None:
    with pytest.raises(dnnsearch.UserError, match=r"tiny\.yaml: trials: must be a whole number"):
        dnnsearch.search("tiny.yaml", trials=0)
    with pytest.raises(dnnsearch.UserError, match="config: study: must be given"):
        dnnsearch.search(yaml.safe_load(TINY))
    with pytest.raises(
        dnnsearch.UserError, match="study tiny exists with another definition: seed"
    ):
        dnnsearch.search("tiny.yaml", overrides={"seed": 1}, quiet=True)
    only = r"another definition: split\.seed \(was 0, is 1\); resume it with the old definition"
    with pytest.raises(dnnsearch.UserError, match=only):  # not the digests that follow from it
        dnnsearch.search("tiny.yaml", overrides={"split.seed": 1}, quiet=True)


def test_a_password_is_not_among_the_arguments_of_a_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    storage = "postgresql://ann:secret@server/studies"
    started: list[list[str]] = []

    def start(arguments: list[str], *, env: dict[str, str], **_: object) -> None:
        started.append(arguments)
        assert env["DNNSEARCH_STORAGE"] == storage
        raise dnnsearch.UserError("not today")

    monkeypatch.setattr(subprocess, "Popen", start)
    names = ("promote", "publish", "report", "rerun", "rm", "verify")
    for call in (*(getattr(dnnsearch, name) for name in names), retune):
        with pytest.raises(dnnsearch.UserError, match="not today"):
            call("digits", storage=storage)
    assert [arguments[4] for arguments in started] == [*names, "retune"]
    assert "secret" not in str(started)


def retune(study: str, storage: str) -> dnnsearch.Retuned:
    return dnnsearch.retune(study, "new.csv", storage=storage)


@pytest.mark.usefixtures("forked_calls")
def test_a_rerun_gives_its_verdict(tiny: Path) -> None:
    Path("mlflow.db").unlink()
    verdict = dnnsearch.rerun("tiny/3")
    assert verdict.identical
    assert verdict.text.startswith("tiny/3 identical\n")
    with pytest.raises(dnnsearch.UserError, match="study tiny has 5 trials and no trial 9"):
        dnnsearch.rerun("tiny/9")


@pytest.mark.usefixtures("forked_calls")
def test_rm_removes_and_clean_cleans(tiny: Path) -> None:
    Path("mlflow.db").unlink()
    assert dnnsearch.rm("tiny").startswith("removed study tiny: 5 trials")
    assert dnnsearch.studies().empty
    assert dnnsearch.clean().startswith("removed ")


def test_load_knows_studies_and_trials(tiny: Path) -> None:
    assert isinstance(dnnsearch.load("tiny"), dnnsearch.Study)
    assert dnnsearch.load("tiny/2").number == 2
    with pytest.raises(dnnsearch.UserError, match="study tiny has no trial 9"):
        dnnsearch.load("tiny/9")
    with pytest.raises(dnnsearch.UserError, match="a trial is STUDY/NUMBER"):
        dnnsearch.load("tiny/x")
