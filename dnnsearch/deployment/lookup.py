"""What MODEL may be on the command line: a study, a trial, a models:/ URI, or a model file."""

import re
from pathlib import Path

from dnnsearch.deployment.champion import Report, champion, no_champion
from dnnsearch.deployment.trial_model import model
from dnnsearch.errors import UserError
from dnnsearch.models.ensemble import Model
from dnnsearch.models.model_file import ENDING, decode, read
from dnnsearch.study.stored_study import open_study
from dnnsearch.tracking import check_uri, tracking_uri


def find(name: str, storage: str, tell: Report, tracking: str | None = None) -> Model:
    """The model of that name; raises UserError, in one line, where there is none.

    A study's name is its champion, see there also for `tell`. `tracking` is where models:/ URIs are
    looked up, if not at MLflow's own place.
    """
    if name.startswith("models:/"):
        return _registered(tracking_uri(tracking), name)
    path = Path(name)
    if path.is_file():
        return read(path)
    trial = re.fullmatch(r"(.+)/([0-9]{1,9})", name)
    if trial:
        study = open_study(trial[1], storage)
        return model(study, study.record(int(trial[2])))
    if "/" in name or name.endswith(ENDING):
        raise UserError(
            f"there is no file {name}; MODEL is STUDY, STUDY/NUMBER, models:/... or a file"
        )
    study = open_study(name, storage)
    found = champion(study, tell)
    if found is None:
        raise no_champion(study)
    return found.model


def _registered(uri: str, name: str) -> Model:
    check_uri(uri)
    from dnnsearch.tracking import registry  # MLflow takes its seconds

    return decode(registry.content_of(uri, name), name)
