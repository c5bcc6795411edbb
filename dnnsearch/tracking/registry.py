"""Models in MLflow: logged for their trial, registered under the name of their study.

A model is logged once, even if it is sent several times: it is found again by its digest. MLflow
stores a folder with the model file and no pickle, which `mlflow.pyfunc.load_model` opens.
"""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnnsearch.errors import UserError
from dnnsearch.models.model_file import digest
from dnnsearch.tracking import fields
from dnnsearch.tracking.client import (
    Metric,
    MlflowClient,
    MlflowException,
    connect,
    mlflow_errors,
)
from dnnsearch.tracking.model_folder import FILE, write_folder
from dnnsearch.tracking.publisher_messages import NO_FILES, Files
from dnnsearch.tracking.runs import is_active
from dnnsearch.tracking.study_info import StudyInfo
from dnnsearch.tracking.tracker import Tracker
from dnnsearch.tracking.version import CHAMPION, Version, registered_name
from dnnsearch.urls import sqlite_path

if TYPE_CHECKING:
    import pandas as pd

OWN_ENTRY = {fields.KIND: "model"}  # the tag of a registered model that we created
DESCRIPTION_TAG = "dnnsearch.description"  # of a version or a registered model: what we wrote
NOT_FOUND_CODES = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")  # of MLflow's errors


def register(
    uri: str,
    info: StudyInfo,
    content: bytes,
    trial: int,
    *,
    tags: Mapping[str, str] | None = None,
    metrics: Mapping[str, float] | None = None,
    description: str = "",
    example: "pd.DataFrame | None" = None,
    files: Files = NO_FILES,
) -> Version:
    """Log the model file and register it under the study's name, unless that was done before.

    `content` is a model file from `model_file.encode`, `trial` the number of the trial with the
    same configuration. `tags` are further tags of the version, `metrics` are those of the logged
    model, and `description` is for people; one that a person has written is kept.
    `files` has further artifacts of trials, by number and name.
    `example` are raw rows, which every user of this MLflow can see. Raise UserError if MLflow at
    `uri` is away or refuses.
    """
    own = {
        fields.KIND: "model",
        fields.STUDY: info.name,
        fields.IDENTITY: info.identity,
        fields.TRIAL: str(trial),
        fields.MODEL: digest(content),
    }
    with mlflow_errors(uri):
        tracker = Tracker(uri, info)
        client, name = tracker.client, registered_name(info.name)
        found = _versions(client, name, own)
        if not found:
            logged = _logged(tracker, content, own, example)
            _ensure_named(client, name)
            source, run = f"models:/{logged.model_id}", logged.source_run_id
            with _tracking_uri_env(uri):
                client.create_model_version(name, source, run, own, model_id=logged.model_id)
            found = _versions(client, name, own)
        tracker.attach(files)
        for key, value in (tags or {}).items():
            client.set_model_version_tag(name, found[0].version, key, value)
        _log_metrics(tracker, str(found[0].source).removeprefix("models:/"), metrics or {})
        _describe(client, found[0], description)
        return _version_of(client.get_model_version(name, found[0].version))


def _log_metrics(tracker: Tracker, model_id: str, metrics: Mapping[str, float]) -> None:
    """Log the metrics of a logged model, which the page of its version shows, unless it has them.

    MLflow keeps them with a run, too: that of the study.
    """
    there = tracker.client.get_logged_model(model_id).metrics or []
    if metrics and not there:
        now = time.time_ns() // 1_000_000
        own = [Metric(name, value, now, 0, model_id=model_id) for name, value in metrics.items()]
        tracker.client.log_batch(tracker.parent.info.run_id, own, synchronous=True)


def _describe(client: MlflowClient, version: Any, description: str) -> None:
    """Set the description; a tag has the last one of ours, by which a person's is known."""
    ours = version.tags.get(DESCRIPTION_TAG, "")
    if description and (version.description or "") in ("", ours):
        client.update_model_version(version.name, version.version, description)
        client.set_model_version_tag(version.name, version.version, DESCRIPTION_TAG, description)


@contextmanager
def _tracking_uri_env(uri: str) -> Iterator[None]:
    """Set $MLFLOW_TRACKING_URI for a while: MLflow resolves `models:/` by it, not by its client."""
    before = os.environ.get("MLFLOW_TRACKING_URI")
    os.environ["MLFLOW_TRACKING_URI"] = uri
    try:
        yield
    finally:
        os.environ.pop("MLFLOW_TRACKING_URI")
        os.environ.update({} if before is None else {"MLFLOW_TRACKING_URI": before})


def _version_of(version: Any) -> Version:
    """Convert MLflow's ModelVersion."""
    return Version.of(version.name, int(version.version), dict(version.tags))


def _versions(client: MlflowClient, name: str, own: Mapping[str, str]) -> list[Any]:
    """Return the versions with the same study and content as the tags `own`, oldest first."""
    keys = (fields.MODEL, fields.IDENTITY)
    found = client.search_model_versions(f"name = '{name}'")
    same = [v for v in found if all(v.tags.get(key, "") == own[key] for key in keys)]
    return sorted(same, key=lambda version: int(version.version))


def _ensure_named(client: MlflowClient, name: str) -> None:
    """Create the registered model unless it is there; the tag tells ours from a user's."""
    try:
        client.create_registered_model(name, tags=OWN_ENTRY)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _logged(
    tracker: Tracker, content: bytes, own: Mapping[str, str], example: "pd.DataFrame | None"
) -> Any:
    """Return the logged model; log it if there is none, or only an incomplete one."""
    client = tracker.client
    wanted = f"tags.`{fields.MODEL}` = '{own[fields.MODEL]}'"
    for there in client.search_logged_models([tracker.experiment], wanted):
        if (
            str(there.status) == "READY"
            and there.tags.get(fields.IDENTITY, "") == own[fields.IDENTITY]
        ):
            return there
    trial = tracker.children.get(int(own[fields.TRIAL]))
    run = trial.run if trial is not None and is_active(trial.run) else tracker.parent
    logged = client.create_logged_model(
        tracker.experiment,
        name=CHAMPION,
        source_run_id=run.info.run_id,
        tags=dict(own),
        params=run.data.params,
        model_type="dnnsearch",
    )
    with tempfile.TemporaryDirectory(prefix="dnnsearch-") as folder:
        about = {"run_id": run.info.run_id, "model_id": logged.model_id}
        write_folder(Path(folder, "model"), content, example, about)
        client.log_model_artifacts(logged.model_id, str(Path(folder, "model")))
    return client.finalize_logged_model(logged.model_id, "READY")


def champion_version(uri: str, study: str) -> Version | None:
    """Return the version with the alias `champion` under the study's name; None if there is none.

    It may belong to another study of that name: compare its `identity`. Raise UserError if MLflow
    is away.
    """
    with mlflow_errors(uri):
        client = connect(uri)
        try:
            return _version_of(client.get_model_version_by_alias(registered_name(study), CHAMPION))
        except MlflowException as error:
            if error.error_code in NOT_FOUND_CODES:
                return None
            raise


def set_champion(uri: str, version: Version, description: str = "") -> None:
    """Move the alias `champion` to this version, and describe it and the registered model.

    A description that a person has written is kept. Raise UserError if MLflow is away or refuses.
    """
    with mlflow_errors(uri):
        client = connect(uri)
        client.set_registered_model_alias(version.model, CHAMPION, str(version.number))
        _describe(client, client.get_model_version(version.model, str(version.number)), description)
        entry = client.get_registered_model(version.model)
        ours = entry.tags.get(DESCRIPTION_TAG, "")
        if description and (entry.description or "") in ("", ours):
            client.update_registered_model(version.model, description)
            client.set_registered_model_tag(version.model, DESCRIPTION_TAG, description)


def remove(client: MlflowClient, study: str, identity: str) -> int:
    """Delete the study's versions and logged models; return the number of versions.

    Versions of other studies of that name stay. The registered model is deleted if none is left
    and if it is ours.
    """
    name = registered_name(study)
    there = client.search_model_versions(f"name = '{name}'")
    same = (study, identity)
    own = [v for v in there if (v.tags.get(fields.STUDY), v.tags.get(fields.IDENTITY, "")) == same]
    for version in own:
        model_id = str(version.source).removeprefix("models:/")
        client.delete_model_version(name, version.version)
        with suppress(MlflowException):  # the user has deleted it
            client.delete_logged_model(model_id)
    if own and len(own) == len(there) and _is_own_entry(client, name):
        client.delete_registered_model(name)
    return len(own)


def _is_own_entry(client: MlflowClient, name: str) -> bool:
    """Return whether we created the registered model, and no user has described or tagged it.

    One that an older version of dnnsearch created has no tag; it cannot be told from a user's.
    """
    entry = client.get_registered_model(name)
    tags = dict(entry.tags)
    ours = tags.pop(DESCRIPTION_TAG, "")
    return tags == OWN_ENTRY and (entry.description or "") in ("", ours)


def content_of(uri: str, model_uri: str) -> bytes:
    """Return the model file of a models:/ URI.

    Raise UserError if there is no such model, if it is not a model of dnnsearch, or if MLflow is
    away.
    """
    from mlflow.artifacts import download_artifacts

    with mlflow_errors(uri):
        location = _location(connect(uri), model_uri, uri)
        with tempfile.TemporaryDirectory(prefix="dnnsearch-") as folder:
            try:
                path = download_artifacts(
                    artifact_uri=f"{location}/data/{FILE}", dst_path=folder, tracking_uri=uri
                )
            except (MlflowException, OSError) as error:
                raise UserError(f"{model_uri} at {uri} is not a model of dnnsearch") from error
            return Path(path).read_bytes()


def _location(client: MlflowClient, model_uri: str, uri: str) -> str:
    """Return the address of the files of a models:/ URI."""
    name, slash, suffix = model_uri.removeprefix("models:/").strip("/").rpartition("/")
    model, at, alias = suffix.rpartition("@")
    try:
        if slash:
            version: str | None = _version(client, name, suffix)
        elif at:
            name, version = model, str(client.get_model_version_by_alias(model, alias).version)
        else:
            return str(client.get_logged_model(suffix).artifact_location)
        if version is not None:
            return str(client.get_model_version_download_uri(name, version))
    except MlflowException as error:
        if error.error_code not in NOT_FOUND_CODES:
            raise
    path = sqlite_path(uri)
    place = f" ({path.absolute()})" if path and not path.is_absolute() else ""
    raise UserError(f"there is no model {model_uri} at {uri}{place}")


def _version(client: MlflowClient, name: str, suffix: str) -> str | None:
    """Return the version of `models:/NAME/SUFFIX`: a number, `latest` or a stage; None if none."""
    if suffix.isdecimal():
        return suffix
    newest = client.get_registered_model(name).latest_versions  # one of each stage
    wanted = suffix.lower()
    found = [int(v.version) for v in newest if wanted in ("latest", v.current_stage.lower())]
    return str(max(found)) if found else None
