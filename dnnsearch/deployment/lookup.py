"""Find the model that MODEL means on the command line.

MODEL is a study, a trial, a models:/ URI, or a model file.
"""

from pathlib import Path

from dnnsearch.deployment.champion import Report, find_champion, no_champion
from dnnsearch.deployment.trial_model import model
from dnnsearch.errors import UserError
from dnnsearch.models.ensemble import Model
from dnnsearch.models.model_file import ENDING, decode, read
from dnnsearch.study.output_check import check_output, files_of
from dnnsearch.study.stored_study import as_trial, open_study
from dnnsearch.tracking import check_uri, has_store, tracking_uri
from dnnsearch.urls import sqlite_path


def find(name: str, storage: str, report: Report, tracking: str | None = None) -> Model:
    """Return the model that `name` means; raise UserError if there is none.

    The name of a study means its champion (see `find_champion`). models:/ URIs are
    looked up in the MLflow at `tracking`, by default MLflow's own default.
    """
    if name.startswith("models:/"):
        return _registered(tracking_uri(tracking), name)
    path = Path(name)
    if path.is_file():
        return read(path)
    if trial := as_trial(name):
        study = open_study(trial[0], storage)
        return model(study, study.record(trial[1]))
    if "/" in name or name.endswith(ENDING):
        raise UserError(
            f"there is no file {name}; MODEL is STUDY, STUDY/NUMBER, models:/... or a file"
        )
    study = open_study(name, storage)
    found = find_champion(study, report)
    if found is None:
        raise no_champion(study)
    return found.model


def check_out(out: Path, model: Model, name: str, data: Path | None, storage: str) -> None:
    """Raise UserError if the answers would replace a file that they, or the model's study, need.

    `name` is what the model was found by, and `data` the file of the table, if it is in one.
    """
    table = {} if data is None else {data: "the table to predict"}
    check_output(out, {**table, Path(name): "the model"})
    if out.exists() and (study := model.provenance.get("study")):
        try:
            origin = open_study(str(study), storage)
        except UserError:  # a registered model, or a file of a model, may come from elsewhere
            return
        check_output(out, files_of(origin))


def _registered(uri: str, name: str) -> Model:
    check_uri(uri)
    path = sqlite_path(uri)
    if path is not None and not has_store(uri):  # MLflow would create the file
        raise UserError(
            f"there is no model {name}: no {path.name} is in {path.absolute().parent}; go to the "
            "folder of the study, or name its MLflow with --tracking URI"
        )
    from dnnsearch.tracking import registry  # imports MLflow, which takes seconds

    return decode(registry.content_of(uri, name), name)
