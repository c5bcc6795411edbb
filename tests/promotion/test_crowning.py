"""The champion's file and MLflow's alias name the same model, also where MLflow fails between."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dnnsearch import modelfile
from dnnsearch.champion import path
from dnnsearch.errors import UserError
from dnnsearch.model import model
from dnnsearch.promotion.crowning import Crowned, crown
from dnnsearch.study.reading import open_study
from dnnsearch.tracking import registry


def away(*_: Any) -> None:
    raise UserError("MLflow is away")


def test_no_file_becomes_the_champion_where_mlflow_gives_no_alias(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, uri = open_study("tiny", "sqlite:///optuna.db"), f"sqlite:///{tiny}/mlflow.db"
    study.attributes["config"]["tracking"] = uri
    network = model(study, study.record(2))
    content = modelfile.encode(network)
    refitted = SimpleNamespace(candidate=SimpleNamespace(trial=2))
    look: Any = SimpleNamespace(refitted=refitted, test="test", model=network)

    def crowned() -> Crowned:
        figures = {kind: {"value": 0.9} for kind in ("ensemble", "single")}
        return crown(study, look, content, True, figures, print)

    with monkeypatch.context() as patch:
        patch.setattr(registry, "crown", away)
        refused = crowned()
    assert not refused.is_champion
    assert refused.why == "no alias, the same command tries again: MLflow is away"
    assert not path(study).exists()
    assert registry.champion(uri, "tiny") is None
    again = crowned()
    assert (again.is_champion, again.version) == (True, refused.version)
    assert path(study).read_bytes() == registry.content_of(uri, again.version) == content
