"""The config of a new study on new data, whose first trials are the best of the old study.

The config is the old study's, or another one. The new study is an ordinary study: its config has
everything that it started with.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dnnsearch.config import yaml_file
from dnnsearch.config.config import Config, load_config, parse_config
from dnnsearch.config.search_space import default_params, into_space
from dnnsearch.data.files.source import data_name, is_file
from dnnsearch.errors import UserError
from dnnsearch.promotion.retuning.missing_columns import check_new_file
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.storage.optuna_storage import Rows, study_names
from dnnsearch.study.definition import Definition, resolve_definition
from dnnsearch.study.leaderboard.ranking import leaderboard
from dnnsearch.study.stored_study import DEFINITION, OpenStudy
from dnnsearch.validators import show

OLD_TEST_SET_KEYS = ("test_file", "test_labels")


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
    """Return the definition of the new study, its data prepared.

    `data` is a file, or YAML for a data set with a name; `config` replaces the old study's config;
    `settings` are `key.path=value`; `name` defaults to STUDY-2 or the next free number; the `first`
    best configurations of the old study run first. Raise UserError if the data are the old ones or
    cannot be used with the config.
    """
    base = study.config if config is None else load_config(config)
    document = {**base.document(), "data": _data(study, data)}
    document |= {"storage": study.config.storage, "tracking": study.config.tracking}
    document, _ = yaml_file.override(document, settings)
    config_of_old = _parsed(study, document, name or study.name)
    try:
        definition = resolve_definition(config_of_old, store)
    except UserError:
        check_new_file(config_of_old.data)
        raise
    if definition.prepared.data_digest == study.definition["data_digest"]:
        given = f"--data {data}: these are the data that study {study.name} was run on"
        raise UserError(f"{given}; pass newer rows with the same columns")
    new_name = name or _free_name(study, definition)
    guesses = _best(study, definition, first)
    guesses += [dict(one) for one in definition.config.try_first if dict(one) not in guesses]
    return resolve_definition(_parsed(study, {**document, "try_first": guesses}, new_name), store)


def _parsed(study: OpenStudy, document: dict[str, Any], name: str) -> Config:
    return parse_config({**document, "study": name}, f"retuning {study.name}", name)


def _data(study: OpenStudy, data: str) -> dict[str, Any]:
    """Return the new `data` section: the old one with another file, or another named data set."""
    old = study.config.data
    if is_file(old) and "file" in old:
        kept = {key: value for key, value in old.items() if key not in OLD_TEST_SET_KEYS}
        return {**kept, "file": data}
    named = yaml_file.parse(data, "--data")
    if not isinstance(named, Mapping):
        raise UserError(
            f"study {study.name} is on {data_name(old)}, so --data must be a data set such as "
            f"'{{name: moons, seed: 7}}', but got {show(data)}"
        )
    return dict(named)


def _free_name(study: OpenStudy, definition: Definition) -> str:
    """Return STUDY-2 or the next name that is free or has a study on the same data, to resume."""
    taken, number = study_names(study.rows.storage), 2
    while (name := f"{study.name}-{number}") in taken:
        other = OpenStudy(name, Rows(study.rows.storage, name)).attributes.get(DEFINITION, {})
        if other.get("data_digest") == definition.prepared.data_digest:
            break
        number += 1
    return name


def _best(study: OpenStudy, definition: Definition, count: int) -> list[dict[str, Any]]:
    """Return the best `count` configurations, each once, moved into the new search space."""
    default = default_params(definition.config, definition.prepared.shape)  # trial 0 has it
    guesses: list[dict[str, Any]] = []
    for row in leaderboard(study).ranked:
        if len(guesses) == count:
            break
        guess = dict(into_space(row.params, definition.config, definition.prepared.shape))
        if guess and guess not in [*guesses, default]:
            guesses.append(guess)
    return guesses
