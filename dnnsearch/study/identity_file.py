"""The file beside a study's records that says which study they are of.

MLflow knows a study by its identity, which the storage draws at random. The file outlives the
storage: a new storage in which a study with an equal definition is created takes its identity up,
what was planned of its retries, what the user has given, and the code that computed it, so that the
study stays the one that MLflow shows.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dnnsearch.config.config import Config
from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import canonical
from dnnsearch.study.computing_code import CODE
from dnnsearch.study.stored_study import GIVEN, IDENTITY, OpenStudy
from dnnsearch.tracking.remote_records import side_files_of
from dnnsearch.trials.hyperparameter_row import Value
from dnnsearch.trials.record_file import DIGEST_PREFIX
from dnnsearch.trials.record_store import IN_MLFLOW, root

IDENTITY_PATTERN = re.compile(r"[0-9a-f]{32}")
DIGEST = "digest"  # of the rest of the file


@dataclass(frozen=True)
class StudyIdentity:
    """What the file says; `retries` as in `OpenStudy`, `params` of each are Optuna's.

    `code` and `given` are the study's attributes; each is left out of the file if it is empty.
    """

    study: str
    definition: str  # digest
    identity: str
    retries: Mapping[str, int] = field(default_factory=dict)
    params: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    code: Sequence[Any] = ()
    given: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)

    def encode(self) -> bytes:
        """Return the content of the file."""
        document = dict(vars(self))
        for name in (CODE, GIVEN):
            if not document[name]:
                del document[name]
        return json.dumps({**document, DIGEST: _digest(document)}, indent=1).encode()


def definition_digest(definition: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a definition, in hex."""
    return _digest(definition)


def find(config: Config, definition: Mapping[str, Any]) -> StudyIdentity | None:
    """Return what the records say of a study with this definition that the storage lacks.

    With `records: mlflow`, MLflow is asked if nothing lies in the cache. Raise UserError if the
    file is damaged, or if MLflow has to be asked and is away.
    """
    wanted = definition_digest(definition)
    for content, place in _contents(config, file_name(wanted)):
        found = _decode(content, place)
        if found.study == config.study and found.definition == wanted:
            return found
    return None


def keep(study: OpenStudy) -> None:
    """Write the file unless it is there, with the retries that it lacks.

    A file of another storage's study stays: before there was such a file, each had an identity of
    its own. If the disk refuses, the next search writes it.
    """
    there = read(study)
    if there and there.identity != study.attributes[IDENTITY]:
        return
    known = there or StudyIdentity(study.name, _own_digest(study), study.attributes[IDENTITY])
    retries = {str(number): failed for number, failed in study.retries.items()}
    rows = study.trials() if retries else []
    params = {n: rows[failed].params for n, failed in retries.items() if failed < len(rows)}
    wanted = StudyIdentity(
        known.study,
        known.definition,
        known.identity,
        {**retries, **known.retries},
        {**params, **known.params},
        study.attributes.get(CODE, known.code),
        {**{str(number): params for number, params in study.given.items()}, **known.given},
    )
    with suppress(UserError):
        study.records.put_side_file(path(study).name, wanted.encode())


def read(study: OpenStudy) -> StudyIdentity | None:
    """Return what the file of this study's definition says; None if it is missing or damaged."""
    file = path(study)
    try:
        return _decode(_read(file), str(file))
    except UserError:
        return None


def remove(study: OpenStudy) -> None:
    """Remove the file if it is of this study."""
    there = read(study)
    if there and there.identity == study.attributes[IDENTITY]:
        path(study).unlink(missing_ok=True)


def path(study: OpenStudy) -> Path:
    """Return where the file of a study with this definition lies."""
    return study.records.folder / file_name(_own_digest(study))


def file_name(digest: str) -> str:
    """Return the name of the file; `digest` is that of the definition."""
    return f"study-{digest[:DIGEST_PREFIX]}.json"


def _own_digest(study: OpenStudy) -> str:
    return definition_digest(study.definition)


def _contents(config: Config, name: str) -> Iterator[tuple[bytes, str]]:
    """Yield the files of this name that may be the study's, each with its place."""
    folder = quote(config.study, safe="")
    if config.records != IN_MLFLOW:
        found = root(config.records).glob(f"{folder}/{name}")
    else:
        found = root(IN_MLFLOW).glob(f"{folder}-*/{name}")
    for file in sorted(found):
        yield _read(file), str(file)
    if config.records == IN_MLFLOW:
        for content in side_files_of(config.tracking, config.study, name):
            yield content, f"{name} in MLflow"


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from error


def _decode(content: bytes, place: str) -> StudyIdentity:
    """Return what the content says; raises UserError if it is not what was written."""
    try:
        document = json.loads(content)
        digest = document.pop(DIGEST)
        found = StudyIdentity(**document)
        whole = digest == _digest(document) and IDENTITY_PATTERN.fullmatch(found.identity)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        whole = None
    if not whole:
        raise UserError(
            f"{place} is damaged, so it is unknown which study in MLflow the records are of: "
            f"restore the file, or delete it to have them published as a new study"
        )
    return found


def _digest(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(document).encode()).hexdigest()
