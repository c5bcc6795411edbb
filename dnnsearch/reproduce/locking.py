"""Write what a lock file says of a study; the config must still lead to that study."""

import json
from pathlib import Path
from typing import Any

from dnnsearch.config import config_files
from dnnsearch.config.config import load_config
from dnnsearch.config.yaml_file import as_settings
from dnnsearch.errors import UserError
from dnnsearch.reproduce.lock_file import SUFFIX, LockFile, trial_line
from dnnsearch.storage.array_store import ArrayStore, canonical, default_root
from dnnsearch.study.computing_code import CODE, code_digest
from dnnsearch.study.definition import Definition, differences, resolve_definition
from dnnsearch.study.retries import retry_params
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.record_file import DIGEST_PREFIX


def config_of(study: str, given: Path | None) -> Path:
    """Return the config's file, which a clone will have; raise UserError if there is none here."""
    found = config_files.find_config(given or study)
    if not found.is_file() or found.parent == config_files.BUNDLED:
        raise UserError(
            f"a lock lies beside its config, but neither {study}.yaml nor configs/{study}.yaml is "
            "here: name the file with --config FILE"
        )
    return found


def lock_path(study: OpenStudy, config: Path) -> Path:
    """Return where the lock file of a study lies."""
    if "/" in study.name:
        raise UserError(f"study {study.name} has a name that no file can have")
    return config.with_name(f"{study.name}{SUFFIX}")


def locked(study: OpenStudy, config: Path) -> LockFile:
    """Return what the lock file says, without the champion; call it with pinned numerics.

    Raise UserError if a trial is unfinished, or if the config does not lead to the study.
    """
    rows = study.ended_trials()
    definition = defined_by(config, study.name, len(rows), ArrayStore(default_root()))
    if changed := differences(study.definition, as_stored(definition)):
        raise UserError(
            f"{config} does not lead to study {study.name}: {'; '.join(changed)}; write into it "
            "what the study has, or name another file with --config FILE"
        )
    records = [study.record(row.number) for row in rows]
    history = study.attributes.get(CODE, [])
    modules = history[-1][1] if history else {}
    return LockFile(
        study=study.name,
        config=config.name,
        definition=study.definition,
        code=code_digest(modules) if modules else "",
        module={name: digest[:DIGEST_PREFIX] for name, digest in modules.items()},
        trial={record.spec.number: trial_line(record) for record in records},
        fingerprint=study.fingerprint(),
        retry={n: {"of": study.retries[n], "params": p} for n, p in retry_params(study).items()},
        given=study.given,
        trials=len(records),
    )


def defined_by(config: Path, study: str, trials: int, store: ArrayStore) -> Definition:
    """Return what a config defines as a study of this name and length; prepare its data."""
    settings = as_settings({"study": study, "trials": trials, "tracking": "none"})
    return resolve_definition(load_config(config, settings), store)


def trials_asked(config: Path, study: str) -> int:
    """Return how many trials a config asks for."""
    return load_config(config, as_settings({"study": study, "tracking": "none"})).trials


def as_stored(definition: Definition) -> dict[str, Any]:
    """Return a definition as it is after it was stored: without tuples."""
    return dict(json.loads(canonical(definition.as_dict())))
