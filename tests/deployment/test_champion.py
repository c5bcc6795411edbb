"""The champion with several machines, several studies of one name, and MLflow away."""

import subprocess
import sys
from pathlib import Path

import pytest

from dnnsearch.deployment.champion import champion_path, find_champion, save_champion
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


def make_champion_in_mlflow(study: OpenStudy, number: int) -> bytes:
    """Make a trial the champion in MLflow alone, as another machine does."""
    uri, content = study.config.tracking, of_trial(study, number)
    registry.set_champion(uri, registry.register(uri, study_info(study), content, number))
    return content


def refused(text: str) -> None:
    raise AssertionError(text)


def content(study: OpenStudy) -> bytes | None:
    found = find_champion(study, refused)
    return None if found is None else found.content


def test_a_champion_that_another_machine_promoted_is_found(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = tracked(tiny)
    old = of_trial(study, 0)
    save_champion(study, old)
    assert content(study) == old  # no version has the alias
    new = make_champion_in_mlflow(study, 2)
    assert content(study) == new != old
    save_champion(study, new)
    monkeypatch.setattr(registry, "content_of", refused)  # the local copy is the same: no download
    assert content(study) == new


def test_a_champion_that_lies_here_is_found_without_mlflow(tiny: Path) -> None:
    study = tracked(tiny)
    save_champion(study, make_champion_in_mlflow(study, 2))
    code = (
        "import sys; sys.modules['mlflow'] = None\n"
        "from dnnsearch.deployment.lookup import find\n"
        f"print(find('tiny', {STORAGE!r}, sys.exit).provenance['trial'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("2\n", "")


def test_while_mlflow_is_away_the_local_copy_is_used_and_reported(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = tracked(tiny)
    study.attributes["config"]["tracking"] = "http://127.0.0.1:9"  # no server listens there
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(UserError, match=r"127\.0\.0\.1:9"):
        find_champion(study, refused)
    kept = of_trial(study, 0)
    save_champion(study, kept)
    said: list[str] = []
    found = find_champion(study, said.append)
    assert found is not None
    assert found.content == kept
    assert len(said) == 1
    assert "may not be the latest" in said[0]


def test_two_studies_of_one_name_have_different_champions(tiny: Path) -> None:
    mine, other = tracked(tiny), tracked(tiny, "f" * 32)
    assert champion_path(mine) != champion_path(other)
    save_champion(mine, of_trial(mine, 0))
    assert content(other) is None
    theirs = make_champion_in_mlflow(other, 2)  # both share the registered model
    assert content(other) == theirs
    assert content(mine) == of_trial(mine, 0)


def test_removing_a_study_removes_its_champion_and_no_other(tiny: Path) -> None:
    study, other = open_study("tiny", STORAGE), tracked(tiny, "f" * 32)
    save_champion(study, of_trial(study, 0))
    save_champion(other, of_trial(study, 2))
    strange = study.records.folder / f"00000-{'0' * 16}-{'0' * 16}.npz"
    strange.write_bytes(b"another study's record")
    remove_study(study)
    assert not champion_path(study).exists()
    assert champion_path(other).exists()
