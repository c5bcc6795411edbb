"""The openings of test sets in MLflow: tags of the studies' runs, one for each test set.

So the machines that share an MLflow know of each other's openings. Deleted runs count: what was
opened stays opened. A registered version of before, whose study has no such tag, is an opening too.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from dnnsearch.data.row_sketch import RowSketch
from dnnsearch.tracking import fields
from dnnsearch.tracking.client import MlflowClient, Run, connect, mlflow_errors
from dnnsearch.tracking.parent_run import experiment_ids
from dnnsearch.tracking.runs import search

PREFIX = "dnnsearch.test_set."  # of a tag; the id of the test set follows
TEST_SET_TAG = "dnnsearch.test"  # of a version: the id of the test set of its scores
OPENINGS_TAG = "dnnsearch.test_openings"  # of a version: how often its test rows were opened
OPENING_TAG = "dnnsearch.test_opening"  # of a version: which of them its scores are of
# With these a tag stays below the limit of MLflow.
MAX_ENTRIES, MAX_KEYS, MODEL_DIGITS = 20, 400, 16
STORED = ("when", "at", "trial", "retuned")


def tags(openings: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, str]:
    """Return the tags of a study's run; `openings` has the log's entries by the id of the test set.

    Of many entries the first are kept, and of the sketch of many rows a smaller one.
    """
    return {f"{PREFIX}{test}": _tag(entries) for test, entries in openings.items()}


def _tag(entries: Sequence[Mapping[str, Any]]) -> str:
    listed = [
        {name: entry[name] for name in STORED if entry.get(name)}
        | {"trial": entry["trial"], "model": entry["model"][:MODEL_DIGITS]}
        for entry in entries[:MAX_ENTRIES]
    ]
    rows = next((entry["rows"] for entry in entries if entry.get("rows")), None)
    small = RowSketch.from_document(rows).document(MAX_KEYS) if rows else None
    return json.dumps({"openings": listed, "rows": small}, separators=(",", ":"))


def openings(uri: str) -> list[dict[str, Any]]:
    """Return all openings that MLflow at `uri` knows, as entries of a log with their study.

    Those `of_version` are of before. Raise UserError if MLflow is away.
    """
    with mlflow_errors(uri):
        client = connect(uri)
        found = [entry for run in _studies(client) for entry in _of_run(run)]
        tagged = {(entry["identity"], entry["test"]) for entry in found}
        old = [one for one in _of_versions(client) if (one["identity"], one["test"]) not in tagged]
        return found + old


def _studies(client: MlflowClient) -> Iterator[Run]:
    experiments = experiment_ids(client)
    if experiments:
        yield from search(client, experiments, **{fields.KIND: "study"})


def _of_run(run: Run) -> Iterator[dict[str, Any]]:
    tags = run.data.tags
    study = tags.get(fields.STUDY, "")
    of = {"study": study, "identity": tags.get(fields.IDENTITY, study), "note": "in MLflow"}
    for name, value in tags.items():
        if name.startswith(PREFIX):
            with suppress(ValueError, KeyError, TypeError):  # a person has edited the tag
                document = json.loads(value)
                common = {**of, "test": name.removeprefix(PREFIX), "rows": document["rows"]}
                yield from [{**common, **entry} for entry in document["openings"]]


def _of_versions(client: MlflowClient) -> Iterator[dict[str, Any]]:
    token: str | None = None
    while True:
        found = client.search_model_versions(page_token=token)
        for version in found:
            if test := version.tags.get(TEST_SET_TAG):
                yield _of_version(version, test)
        token = found.token
        if not token:
            return


def _of_version(version: Any, test: str) -> dict[str, Any]:
    tags, seconds = version.tags, version.creation_timestamp / 1000
    study = tags.get(fields.STUDY, version.name)
    trial = tags.get(fields.TRIAL, "")
    return {
        "study": study,
        "identity": tags.get(fields.IDENTITY, study),
        "note": "in MLflow",
        "test": test,
        "when": datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M:%S"),
        "at": seconds,
        "trial": int(trial) if trial.isdigit() else -1,
        "model": tags.get(fields.MODEL, "")[:MODEL_DIGITS],
        "of_version": True,
    }
