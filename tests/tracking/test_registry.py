"""Models in a real MLflow database: logged, registered, made champion, loaded by plain MLflow."""

import dataclasses
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnsearch.errors import UserError
from dnnsearch.models import model_file
from dnnsearch.tracking import fields, registry
from dnnsearch.tracking.client import connect
from dnnsearch.tracking.study_removal import remove_study
from dnnsearch.tracking.tracker import Tracker
from tests.support.models import members, people


@pytest.fixture
def uri(folder: Path) -> str:
    return f"sqlite:///{folder}/mlflow.db"  # MLflow keeps one engine for each uri of a process


def test_a_model_is_registered_once_under_its_studys_name_with_tags_back_to_its_trial(
    uri: str, info, make_view
) -> None:
    Tracker(uri, info).publish(make_view(0, "finished"))
    content = model_file.encode(members())
    first = registry.register(uri, info, content, 0, tags={"score": "0.9"})
    again = registry.register(uri, info, content, 0, tags={"score": "0.8"})
    other = registry.register(uri, info, model_file.encode(members(2)), 0)
    assert (first.uri, again.uri, other.uri) == (
        "models:/moons/1",
        "models:/moons/1",
        "models:/moons/2",
    )
    assert (first.tags["score"], again.tags["score"]) == ("0.9", "0.8")
    assert (first.trial, first.digest) == (0, model_file.digest(content))
    client = connect(uri)
    run = client.get_run(client.get_model_version("moons", "1").run_id)
    assert run.data.tags[fields.TRIAL] == "0"
    logged = client.search_logged_models([run.info.experiment_id])
    assert {model.tags[fields.TRIAL] for model in logged} == {"0"}
    assert len(logged) == 2


def test_the_champion_is_the_version_set_last(uri: str, info) -> None:
    assert registry.champion_version(uri, info.name) is None
    versions = [registry.register(uri, info, model_file.encode(members(r)), 3) for r in (1, 2)]
    assert registry.champion_version(uri, info.name) is None
    for version in versions:
        registry.set_champion(uri, version)
        assert registry.champion_version(uri, info.name) == version
    assert connect(uri).get_registered_model("moons").aliases == {"champion": 2}


def test_every_uri_gives_the_file_and_a_missing_model_is_one_line(uri: str, info) -> None:
    content = model_file.encode(members())
    version = registry.register(uri, info, content, 3)
    registry.set_champion(uri, version)
    model_id = connect(uri).get_model_version("moons", "1").source.removeprefix("models:/")
    for name in ("moons/1", "moons@champion", "moons/latest", "moons/None", model_id):
        assert registry.content_of(uri, f"models:/{name}") == content
    missing = ("moons/7", "moons@best", "moons/production", "suns/1", "suns/latest", "m-0", "a/b/c")
    for name in (*missing, "moons", "moons@", "@best", ""):
        with pytest.raises(UserError, match=f"there is no model models:/{name} at {uri}"):
            registry.content_of(uri, f"models:/{name}")


LOAD = """
import sys, mlflow, pandas
mlflow.set_tracking_uri("sqlite:///mlflow.db")
model = mlflow.pyfunc.load_model("models:/moons@champion")
assert model.metadata.signature.inputs.input_names() == ["zone", "age", "income", "city"]
model.predict(pandas.read_csv("people.csv")).to_csv("answers.csv", index=False)
print([name for name in sys.modules if "pickle" in name and "cloudpickle" in name])
"""


def test_plain_mlflow_loads_a_model_without_pickle(uri: str, info) -> None:
    registry.set_champion(uri, registry.register(uri, info, model_file.encode(members()), 3))
    rows = people(20, seed=4)
    rows.to_csv("people.csv", index=False)
    environment = {**os.environ, "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"}
    subprocess.run([sys.executable, "-W", "ignore", "-c", LOAD], env=environment, check=True)
    expected = pd.DataFrame(members().answers(rows))
    pd.testing.assert_frame_equal(pd.read_csv("answers.csv"), expected, check_exact=True)


def test_a_logged_model_has_no_pickle_and_no_rows_unless_given(uri: str, info) -> None:
    registry.register(uri, info, model_file.encode(members()), 3)
    registry.register(uri, info, model_file.encode(members(1)), 3, example=people(2))
    files = [p for p in Path("mlruns").rglob("*") if p.is_file() and "models" in p.parts]
    names = {re.sub(r".*/artifacts/", "", str(path)) for path in files}
    described = {"MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt"}
    examples = {"input_example.json", "serving_input_example.json"}
    assert names == {"data/model.dnn"} | described | examples
    assert sum(path.name == "input_example.json" for path in files) == 1
    text = [path.read_bytes() for path in files]
    assert not any(b"cloudpickle" in content or content[:1] == b"\x80" for content in text)


def test_an_upload_that_was_cut_off_is_made_again(uri: str, info, monkeypatch) -> None:
    content = model_file.encode(members())

    def fail(*arguments):
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(registry, "write_folder", fail)
        with pytest.raises(UserError, match="disk is full"):
            registry.register(uri, info, content, 3)
    version = registry.register(uri, info, content, 3)
    assert registry.content_of(uri, version.uri) == content
    assert np.array_equal([version.number], [1])


def test_removing_a_study_removes_its_models_and_no_others(uri: str, info) -> None:
    other = dataclasses.replace(info, identity="another")
    for one in (info, other):
        registry.register(uri, one, model_file.encode(members()), 3)
    remove_study(uri, info.experiment, info.name, info.identity)
    client = connect(uri)
    assert [v.version for v in client.search_model_versions("name = 'moons'")] == [2]
    remove_study(uri, other.experiment, other.name, other.identity)
    assert client.search_registered_models() == []
    assert client.search_logged_models(["1"]) == []


@pytest.mark.parametrize("is_first", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(
    "theirs", [{"tags": {"owner": "me"}}, {"description": "mine"}, {}], ids=["tag", "text", "bare"]
)
def test_removing_a_study_leaves_a_registered_model_of_the_user(
    uri: str, info, theirs: dict, is_first: bool
) -> None:
    """A user created it before the study was promoted, or has described it since."""
    client = connect(uri)
    if is_first:
        client.create_registered_model(info.name, **theirs)
    registry.register(uri, info, model_file.encode(members()), 3)
    if not is_first:
        for key, value in theirs.get("tags", {}).items():
            client.set_registered_model_tag(info.name, key, value)
        if "description" in theirs:
            client.update_registered_model(info.name, theirs["description"])
    assert remove_study(uri, info.experiment, info.name, info.identity).versions == 1
    assert client.search_model_versions(f"name = '{info.name}'") == []
    left = [entry.name for entry in client.search_registered_models()]
    assert left == ([info.name] if is_first or theirs else [])
