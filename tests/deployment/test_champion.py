"""Who the champion is, with several machines, several studies of one name, and MLflow away."""

from pathlib import Path

import pytest

from dnnsearch.deployment.champion import champion, keep, path
from dnnsearch.deployment.removal import remove_study
from dnnsearch.deployment.trial_model import model
from dnnsearch.errors import UserError
from dnnsearch.models import model_file
from dnnsearch.study.stored_study import OpenStudy, open_study
from dnnsearch.study.trial_views import study_info
from dnnsearch.tracking import registry

STORAGE = "sqlite:///optuna.db"


def tracked(folder: Path, identity: str = "") -> OpenStudy:
    study = open_study("tiny", STORAGE)
    study.attributes["config"]["tracking"] = f"sqlite:///{folder}/mlflow.db"
    study.attributes["id"] = identity or study.attributes["id"]
    return study


def of_trial(study: OpenStudy, number: int) -> bytes:
    return model_file.encode(model(study, study.record(number)))


def crowned(study: OpenStudy, number: int) -> bytes:
    """In MLflow alone, as another machine does it."""
    uri, content = study.config.tracking, of_trial(study, number)
    registry.set_champion(uri, registry.register(uri, study_info(study), content, number))
    return content


def refused(text: str) -> None:
    raise AssertionError(text)


def content(study: OpenStudy) -> bytes | None:
    found = champion(study, refused)
    return None if found is None else found.content


def test_what_another_machine_has_promoted_is_the_champion_here_too(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = tracked(tiny)
    old = of_trial(study, 0)
    keep(study, old)
    assert content(study) == old  # nobody has the alias
    new = crowned(study, 2)
    assert content(study) == new != old
    keep(study, new)
    monkeypatch.setattr(registry, "content_of", refused)  # it is not fetched when it is here
    assert content(study) == new


def test_while_mlflow_is_away_the_kept_one_answers_and_it_is_said(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = tracked(tiny)
    study.attributes["config"]["tracking"] = "http://127.0.0.1:9"  # nobody listens
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(UserError, match=r"127\.0\.0\.1:9"):
        champion(study, refused)
    kept = of_trial(study, 0)
    keep(study, kept)
    said: list[str] = []
    found = champion(study, said.append)
    assert found is not None
    assert found.content == kept
    assert len(said) == 1
    assert "may not be the latest" in said[0]


def test_two_studies_of_one_name_have_each_their_own_champion(tiny: Path) -> None:
    mine, other = tracked(tiny), tracked(tiny, "f" * 32)
    assert path(mine) != path(other)
    keep(mine, of_trial(mine, 0))
    assert content(other) is None
    theirs = crowned(other, 2)  # the name in MLflow is one for both
    assert content(other) == theirs
    assert content(mine) == of_trial(mine, 0)


def test_a_champion_goes_with_its_study_and_anothers_stays(tiny: Path) -> None:
    study, other = open_study("tiny", STORAGE), tracked(tiny, "f" * 32)
    keep(study, of_trial(study, 0))
    keep(other, of_trial(study, 2))
    strange = study.records.folder / f"00000-{'0' * 16}-{'0' * 16}.npz"
    strange.write_bytes(b"another study's record")
    remove_study(study)
    assert not path(study).exists()
    assert path(other).exists()
