"""The config of a new study on new data: the old one's, or a present one, with the old best first.

The new study is an ordinary one: what it was begun with stands in its config.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dnnsearch.config import yaml_file
from dnnsearch.config.config import Config, load_config, parse_config
from dnnsearch.config.search_space import default_params, into_space
from dnnsearch.data.files.source import data_name, is_file
from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.storage.optuna_storage import Rows, study_names
from dnnsearch.study.definition import Definition, resolve_definition
from dnnsearch.study.leaderboard.ranking import leaderboard
from dnnsearch.study.stored_study import DEFINITION, OpenStudy
from dnnsearch.validators import show

OF_THE_PAST = ("test_file", "test_labels")  # an official test set of the old data


def warm_started_definition(
    study: OpenStudy,
    data: str,
    *,
    config: Path | None = None,
    settings: Sequence[str] = (),
    name: str | None = None,
    first: int = 5,
    store: ArrayStore,
) -> Definition:
    """The new study's definition, its data prepared.

    `config` is the present search space where it has changed. Raises UserError where the data are
    the old ones, or are not of the old kind.
    """
    present = study.config if config is None else load_config(config)
    document = {**present.document(), "data": _data(study, data)}
    document |= {"storage": study.config.storage, "tracking": study.config.tracking}
    document, _ = yaml_file.override(document, settings)
    definition = resolve_definition(_parsed(study, document, name or study.name), store)
    if definition.prepared.data_digest == study.definition["data_digest"]:
        raise UserError(f"--data {data}: these are the data that study {study.name} was run on")
    chosen = name or _free_name(study, definition)
    guesses = _best(study, definition, first)
    guesses += [dict(one) for one in definition.config.try_first if dict(one) not in guesses]
    return resolve_definition(_parsed(study, {**document, "try_first": guesses}, chosen), store)


def _parsed(study: OpenStudy, document: dict[str, Any], name: str) -> Config:
    return parse_config({**document, "study": name}, f"retuning {study.name}", name)


def _data(study: OpenStudy, data: str) -> dict[str, Any]:
    """What the config says of the data: the old form with another file, or another named set."""
    old = study.config.data
    if is_file(old) and "file" in old:
        kept = {key: value for key, value in old.items() if key not in OF_THE_PAST}
        return {**kept, "file": data}
    named = yaml_file.parse(data, "--data")
    if not isinstance(named, Mapping):
        raise UserError(
            f"study {study.name} is on {data_name(old)}, so --data must say which data "
            f"are new, such as '{{name: moons, seed: 7}}', but got {show(data)}"
        )
    return dict(named)


def _free_name(study: OpenStudy, definition: Definition) -> str:
    """STUDY-2, or the next; one that was begun on the same data is gone on with."""
    taken, number = study_names(study.rows.storage), 2
    while (name := f"{study.name}-{number}") in taken:
        begun = OpenStudy(name, Rows(study.rows.storage, name)).attributes.get(DEFINITION, {})
        if begun.get("data_digest") == definition.prepared.data_digest:
            break
        number += 1
    return name


def _best(study: OpenStudy, definition: Definition, count: int) -> list[dict[str, Any]]:
    """The best `count` configurations, each once, moved into the space as it is now."""
    default = default_params(definition.config, definition.prepared.shape)  # is trial 0 anyhow
    found: list[dict[str, Any]] = []
    for row in leaderboard(study).ranked:
        if len(found) == count:
            break
        guess = dict(into_space(row.params, definition.config, definition.prepared.shape))
        if guess and guess not in [*found, default]:
            found.append(guess)
    return found
