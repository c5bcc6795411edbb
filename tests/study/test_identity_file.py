"""The file beside a study's records: what it says, and when it is written or left alone."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dnnsearch.config.config import Config
from dnnsearch.errors import UserError
from dnnsearch.study import identity_file
from dnnsearch.study.identity_file import StudyIdentity
from dnnsearch.study.retries import retry_params
from dnnsearch.study.stored_study import RETRIES, OpenStudy, open_study

STORAGE = "sqlite:///optuna.db"


@pytest.fixture
def study(tiny: Path) -> OpenStudy:
    return open_study("tiny", STORAGE)


def found(study: OpenStudy, config: Config | None = None) -> StudyIdentity | None:
    return identity_file.find(config or study.config, study.definition)


def test_a_search_has_written_it(study: OpenStudy) -> None:
    known = found(study)
    assert known == identity_file.read(study)
    assert known is not None
    assert known.identity == study.attributes["id"]
    other = {**study.definition, "seed": 1}
    assert identity_file.find(study.config, other) is None


def test_a_file_with_another_identity_is_left_alone(study: OpenStudy) -> None:
    """Two storages of earlier versions may share the folder, each with an identity of its own."""
    known = identity_file.read(study)
    assert known is not None
    others = replace(known, identity="f" * 32).encode()
    identity_file.path(study).write_bytes(others)
    identity_file.keep(study)
    identity_file.remove(study)
    assert identity_file.path(study).read_bytes() == others


def test_a_damaged_file_is_written_again_while_the_storage_is_there(study: OpenStudy) -> None:
    whole = identity_file.path(study).read_bytes()
    for content in (whole[:-9], b"[" * 100_000, b"\xff", b"null"):
        identity_file.path(study).write_bytes(content)
        with pytest.raises(UserError, match="is damaged"):
            found(study)
        identity_file.keep(study)
        assert identity_file.path(study).read_bytes() == whole


def test_every_byte_of_it_is_checked(study: OpenStudy) -> None:
    document = json.loads(identity_file.path(study).read_bytes())
    for key in document:
        value = "0" * 32 if isinstance(document[key], str) else {"9": 1}
        identity_file.path(study).write_text(json.dumps(document | {key: value}))
        with pytest.raises(UserError, match="is damaged"):
            found(study)


def test_what_cannot_be_read_is_one_line_and_what_cannot_be_written_is_left(
    study: OpenStudy,
) -> None:
    identity_file.path(study).unlink()
    identity_file.path(study).mkdir()
    with pytest.raises(UserError, match="cannot be read: Is a directory"):
        found(study)
    identity_file.keep(study)
    assert identity_file.path(study).is_dir()


def test_planned_retries_stay_when_a_storage_knows_fewer(study: OpenStudy) -> None:
    study.rows.set_attribute(RETRIES, {"5": 3})
    identity_file.keep(study)
    params = study.trials()[3].params
    study.rows.set_attribute(RETRIES, {})
    identity_file.keep(study)
    known = found(study)
    assert known is not None
    assert (known.retries, known.params) == ({"5": 3}, {"5": params})


def test_a_retry_whose_parameters_are_nowhere_is_one_line(study: OpenStudy) -> None:
    study.rows.set_attribute(RETRIES, {"9": 8})
    with pytest.raises(UserError, match="retries a failed trial as trial 9, but neither"):
        retry_params(study)
