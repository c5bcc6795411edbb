"""What older versions have stored goes on: each study of tests/stored is shown, extended, verified.

The archives are never made again: a study that no longer gives the answers of its version has lost
its reader, or a bit has moved. `tests/support/make_stored_studies.py` makes one for a new version.
"""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest
import yaml

from dnnsearch.deployment.lookup import find
from dnnsearch.runtime import numerics
from dnnsearch.tracking.scoring_server import CheckedServer
from tests.support import stored_studies as stored
from tests.support.preloaded import Preloaded
from tests.support.scoring import Server, ask_app

VERSIONS = sorted(path.name.removesuffix(".json") for path in stored.STORED.glob("*.json"))
EXPECTED = {version: stored.expected(version) for version in VERSIONS}
STUDIES = [(version, study) for version in VERSIONS for study in EXPECTED[version]["studies"]]
CONFIGS = [(version, name) for version in VERSIONS for name in EXPECTED[version]["configs"]]
CHAMPIONS = [
    (version, study)
    for version, study in STUDIES
    if study in EXPECTED[version]["studies"][study]["predictions"]
]
# `make test` extends those with champions, one of classes and one of numbers, and one with a rare
# class; `make proof` extends all.
EXTENDED = [
    pytest.param(*one, marks=[] if one in CHAMPIONS or one[1] == "rare" else pytest.mark.proof)
    for one in STUDIES
]
MORE = 2
ROUNDING = 1e-5  # of float32 networks under other kernels
SHIPPED = Path(__file__).parents[1] / "configs"
LOAD = """
import sys, mlflow, pandas
mlflow.set_tracking_uri("sqlite:///mlflow.db")
model = mlflow.pyfunc.load_model(f"models:/{sys.argv[1]}@champion")
model.predict(pandas.read_csv(f"rows/{sys.argv[1]}.csv")).to_csv("answers.csv", index=False)
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for each version, to be copied."""
    folders = tmp_path_factory.mktemp("unpacked")
    for version in VERSIONS:
        stored.unpack(version, folders / version)
    return folders


@pytest.fixture
def folder(version: str, unpacked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The studies that `version` has made, in another folder than then, with an empty cache."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("DNNSEARCH_STORAGE", raising=False)
    copy = tmp_path / "copy"
    shutil.copytree(unpacked / version, copy)
    stored.relocate(copy)
    monkeypatch.setenv("DNNSEARCH_CACHE", str(copy / "cache"))
    return copy


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def predicted(version: str, study: str) -> pd.DataFrame:
    """Return what the champion of that version predicted, without the rows' own columns."""
    text = EXPECTED[version]["studies"][study]["predictions"][study]
    found = pd.read_csv(io.StringIO(text))
    return found.loc[:, "prediction":]


@pytest.mark.parametrize("version", VERSIONS)
def test_all_studies_of_before_are_listed_with_their_best_trials(
    version: str, tracked: Preloaded, folder: Path
) -> None:
    assert stored.best_trials(tracked, folder) == EXPECTED[version]["best"]


@pytest.mark.parametrize(("version", "study"), STUDIES)
def test_a_study_of_before_is_read_and_predicts_as_then(
    version: str, study: str, tracked: Preloaded, folder: Path
) -> None:
    then = EXPECTED[version]["studies"][study]
    now = stored.answers(tracked, folder, study, list(then["predictions"]))
    for key in ("fingerprint", "definition", "predictions"):
        assert now[key] == then[key], key
    for old, new in zip(table(then["table"]), table(now["table"]), strict=True):
        assert {key: new.get(key) for key in old} == old  # there may be more columns


@pytest.mark.parametrize(("version", "study"), EXTENDED)
def test_a_study_of_before_is_extended_and_verified(
    version: str, study: str, tracked: Preloaded, folder: Path
) -> None:
    then = EXPECTED[version]["studies"][study]
    had = len(table(then["table"]))
    wanted = str(had + MORE)
    config = f"configs/{study}.yaml"
    tracked.run(folder, "search", config, "--trials", wanted, "--workers=1", "--quiet")
    assert stored.fingerprint(tracked, folder, study, had) == then["fingerprint"]
    assert stored.definition(folder, study) == then["definition"]
    assert stored.missing_keys(folder, study, had) == set()
    said = tracked.run(folder, "verify", study, "--workers=1", "--quiet")
    assert said.startswith(f"{study} identical")
    assert f" {wanted} trials" in said


@pytest.mark.parametrize(("version", "study"), CHAMPIONS)
def test_a_trial_of_before_is_rerun_and_agrees_with_mlflow(
    version: str, study: str, tracked: Preloaded, folder: Path
) -> None:
    said = tracked.run(folder, "rerun", f"{study}/0")
    assert said.startswith(f"{study}/0 identical")
    assert "MLflow's run" in said


@pytest.mark.parametrize("version", VERSIONS)
def test_the_module_that_a_stored_model_names_loads_it(version: str, unpacked: Path) -> None:
    found = list(unpacked.joinpath(version).rglob("MLmodel"))
    assert found
    for path in found:
        flavor = yaml.safe_load(path.read_text())["flavors"]["python_function"]
        loader = import_module(flavor["loader_module"])
        assert loader._load_pyfunc(str(path.parent / flavor["data"])).predict


@pytest.mark.proof
@pytest.mark.parametrize(("version", "study"), CHAMPIONS[:1])
def test_mlflow_alone_loads_a_champion_of_before(version: str, study: str, folder: Path) -> None:
    """Its folder names the module of this package that loads it."""
    # Other kernels than those of the study differ in the last bits of a prediction.
    environment = numerics.pinned("portable", dict(os.environ))
    environment["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
    command = [sys.executable, "-W", "ignore", "-c", LOAD, study]
    subprocess.run(command, cwd=folder, env=environment, check=True)
    now = pd.read_csv(folder / "answers.csv")
    pd.testing.assert_frame_equal(now, predicted(version, study), check_exact=True)


@pytest.mark.parametrize(("version", "study"), CHAMPIONS)
def test_the_application_that_serves_answers_as_then(
    version: str, study: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    model = find(study, "sqlite:///optuna.db", print)
    rows = Path("rows", f"{study}.csv").read_bytes()
    status, said = ask_app(CheckedServer(model, 10**6), [rows], "text/csv")
    assert status == 200, said
    now = pd.DataFrame(json.loads(said)["predictions"])
    # this process's BLAS is not pinned, as that of `serve` is
    pd.testing.assert_frame_equal(now, predicted(version, study), rtol=ROUNDING)


@pytest.mark.proof
@pytest.mark.parametrize(("version", "study"), CHAMPIONS[-1:])
def test_a_champion_of_before_is_served(version: str, study: str, folder: Path) -> None:
    server = Server(folder, study)
    try:
        status, said = server.ask((folder / "rows" / f"{study}.csv").read_bytes(), "text/csv")
    finally:
        server.kill()
    assert status == 200
    pd.testing.assert_frame_equal(pd.DataFrame(said), predicted(version, study), check_exact=True)


@pytest.mark.parametrize(("version", "name"), CONFIGS)
def test_a_config_of_before_comes_to_the_same_study(
    version: str, name: str, program: Preloaded, unpacked: Path, tmp_path: Path
) -> None:
    config = unpacked / version / "shipped" / f"{name}.yaml"
    now = stored.shortened(program, tmp_path / "short", config)
    assert now == EXPECTED[version]["configs"][name]


@pytest.mark.parametrize("name", EXPECTED[VERSIONS[-1]]["configs"])
def test_a_config_of_this_repository_comes_to_the_same_study_as_before(
    name: str, program: Preloaded, tmp_path: Path
) -> None:
    """If a config is changed on purpose, leave it out here, and say so in the changelog."""
    now = stored.shortened(program, tmp_path / "short", SHIPPED / f"{name}.yaml")
    assert now == EXPECTED[VERSIONS[-1]]["configs"][name]
