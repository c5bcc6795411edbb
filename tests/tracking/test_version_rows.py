"""The champion as MLflow's tables have it, always beside what MLflow itself answers."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from dnnsearch.models import model_file
from dnnsearch.tracking import registry, version_rows
from dnnsearch.tracking.client import MlflowClient, connect
from dnnsearch.tracking.version import Version
from tests.support.models import members


@pytest.fixture
def uri(folder: Path) -> str:
    return f"sqlite:///{folder}/mlflow.db"


def champion(uri: str, study: str) -> Version | None:
    """Return what both readers say."""
    read = version_rows.champion_version(Path("mlflow.db"), study)
    assert read == registry.champion_version(uri, study)
    return read


def test_it_is_the_version_with_the_alias_of_the_model_with_this_name(uri: str, info) -> None:
    connect(uri).search_experiments()
    assert champion(uri, info.name) is None
    versions = [registry.register(uri, info, model_file.encode(members(r)), 3) for r in (1, 2)]
    assert champion(uri, info.name) is None
    for version in versions:
        registry.set_champion(uri, version)
        assert champion(uri, info.name) == version
    assert champion(uri, "suns") is None


@pytest.mark.parametrize(
    "remove",
    [
        lambda client: client.delete_registered_model_alias("moons", "champion"),
        lambda client: client.delete_model_version("moons", "1"),
        lambda client: client.delete_registered_model("moons"),
    ],
)
def test_what_a_person_takes_away_in_mlflow_is_away(
    uri: str, info, remove: Callable[[MlflowClient], None]
) -> None:
    registry.set_champion(uri, registry.register(uri, info, model_file.encode(members()), 3))
    assert champion(uri, info.name) is not None
    remove(connect(uri))
    assert champion(uri, info.name) is None


def test_a_version_that_another_program_registered_has_no_digest(uri: str) -> None:
    client = connect(uri)
    client.create_registered_model("a-b-c")
    client.create_model_version("a-b-c", source="/nowhere")
    client.set_registered_model_alias("a-b-c", "champion", "1")
    assert champion(uri, "a:b@c") == Version("a-b-c", 1, "", -1, {})


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE registered_model_aliases RENAME COLUMN alias TO label",
        "DROP TABLE model_version_tags",
    ],
)
def test_tables_of_another_release_are_left_to_mlflow(uri: str, info, change: str) -> None:
    registry.register(uri, info, model_file.encode(members()), 3)
    with closing(sqlite3.connect("mlflow.db")) as opened:
        opened.execute("PRAGMA legacy_alter_table = ON")
        opened.execute(change)
    with pytest.raises(version_rows.UnknownTables):
        version_rows.champion_version(Path("mlflow.db"), info.name)
