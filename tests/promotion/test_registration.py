"""The champion's file and MLflow's alias name the same model, even if MLflow fails in between."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dnnsearch.deployment.champion import champion_path
from dnnsearch.deployment.trial_model import model
from dnnsearch.errors import UserError
from dnnsearch.models import model_file
from dnnsearch.promotion.registration import Registered, register_champion
from dnnsearch.study.stored_study import IDENTITY, open_study
from dnnsearch.study.test_set_history import history
from dnnsearch.tracking import registry


def uri() -> str:
    """Return a database in the working folder; a process keeps one engine for each address."""
    return f"sqlite:///{Path.cwd()}/mlflow.db"


def away(*_: Any) -> None:
    raise UserError("MLflow is away")


class Promoted:
    """A study's trial as a promoted model; `better` decides whether it beats its rival."""

    def __init__(self, number: int, identity: str | None = None) -> None:
        self.study = open_study("tiny", "sqlite:///optuna.db")
        self.study.attributes["config"]["tracking"] = uri()
        if identity:  # another study's, of the same name
            self.study.attributes[IDENTITY] = identity
        network = model(self.study, self.study.record(number))
        self.content = model_file.encode(network)
        self.evaluation: Any = SimpleNamespace(
            refitted=SimpleNamespace(
                candidate=SimpleNamespace(trial=number),
                record=SimpleNamespace(spec=SimpleNamespace(maximize=True)),
            ),
            name="0" * 64,
            test="test",
            model=network,
            scored=SimpleNamespace(figures={k: {"value": 0.9} for k in ("ensemble", "single")}),
            beats=lambda rival, maximize: self.better,
        )
        self.better = False

    def register(self) -> Registered:
        opened = history(self.study)
        return register_champion(self.study, self.evaluation, self.content, True, opened, print)


def test_no_file_becomes_the_champion_if_mlflow_sets_no_alias(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Promoted(2)
    with monkeypatch.context() as patch:
        patch.setattr(registry, "set_champion", away)
        refused = one.register()
    assert not refused.is_champion
    assert refused.why.startswith("MLflow lacks the alias (MLflow is away); the file is kept; ")
    assert not champion_path(one.study).exists()
    assert registry.champion_version(uri(), "tiny") is None
    again = one.register()
    assert (again.is_champion, again.version) == (True, refused.version)
    assert champion_path(one.study).read_bytes() == one.content
    assert registry.content_of(uri(), again.version) == one.content


def test_the_alias_of_another_study_of_that_name_is_taken_by_a_better_model_only(
    tiny: Path,
) -> None:
    first = Promoted(2).register()
    other = Promoted(0, identity="f" * 32)
    kept = other.register()
    assert kept.is_champion and champion_path(other.study).read_bytes() == other.content
    assert f"in MLflow {first.version}, of another study of this name, stays champion" in kept.why
    assert registry.champion_version(uri(), "tiny").uri == first.version
    other.better = True
    taken = other.register()
    assert taken.why == "it is the champion already"
    assert registry.champion_version(uri(), "tiny").uri == taken.version == kept.version
