"""MODEL may be a study, a trial, a models:/ URI or a file; anything else is one clear error."""

from pathlib import Path

import numpy as np
import pytest

from dnnsearch.deployment.champion import champion_path, save_champion
from dnnsearch.deployment.lookup import find
from dnnsearch.deployment.trial_model import model
from dnnsearch.errors import UserError
from dnnsearch.models import model_file
from dnnsearch.promotion.retuning.retune_study import incumbent
from dnnsearch.study.stored_study import open_study
from dnnsearch.study.trial_views import study_info

STORAGE = "sqlite:///optuna.db"
X = np.random.default_rng(0).normal(size=(7, 2))


def outputs_of(name: str) -> list[float]:
    return find(name, STORAGE, print).outputs(X)[:, 0].tolist()


def test_a_trial_a_file_and_a_champion_are_found(tiny: Path) -> None:
    study = open_study("tiny", STORAGE)
    trial = model(study, study.record(2))
    assert trial.provenance.items() >= {"study": "tiny", "trial": 2}.items()
    expected = trial.outputs(X)[:, 0].tolist()
    assert outputs_of("tiny/2") == expected
    with pytest.raises(UserError, match=r"tiny has no champion yet: `dnnsearch promote tiny`"):
        find("tiny", STORAGE, print)
    save_champion(study, model_file.encode(trial))
    model_file.write(Path("some.dnn"), trial)
    assert outputs_of("tiny") == outputs_of("some.dnn") == expected
    kept = champion_path(study)
    kept.write_bytes(kept.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"champion-.*.dnn cannot be used as a model: .* SHA-256"):
        find("tiny", STORAGE, print)


def test_a_champion_that_is_only_in_mlflow_is_found(tiny: Path) -> None:
    from dnnsearch.tracking import registry

    study, uri = open_study("tiny", STORAGE), f"sqlite:///{tiny}/mlflow.db"
    study.attributes["config"]["tracking"] = uri
    content = model_file.encode(model(study, study.record(2)))
    registry.set_champion(uri, registry.register(uri, study_info(study), content, 2))
    found = find("models:/tiny@champion", STORAGE, print, uri)
    assert found.outputs(X)[:, 0].tolist() == outputs_of("tiny/2")
    old = incumbent(study, print)  # `retune` also takes it, not the best trial
    assert old.name == "the champion of tiny (trial 2)"
    assert old.model.outputs(X)[:, 0].tolist() == outputs_of("tiny/2")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("tiny/3", "trial 3 of study tiny failed: it has no network"),
        ("tiny/77", "study tiny has no trial 77"),
        ("nobody", "nobody"),
        ("models/churn.dnn", "there is no file models/churn.dnn"),
        ("tiny.yaml", "tiny.yaml cannot be used as a model: it does not begin"),
    ],
)
def test_a_model_that_does_not_exist_is_one_line(tiny: Path, name: str, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        find(name, STORAGE, print)


def test_a_registered_model_is_not_looked_up_in_a_file_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(UserError, match=f"no mlflow.db is in {tmp_path}; go to the folder"):
        find("models:/tiny@champion", STORAGE, print)
    assert not [*tmp_path.iterdir()]
